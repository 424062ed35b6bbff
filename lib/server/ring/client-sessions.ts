import type { RingView } from '../../cluster/coordination/ring-view.js';
import type { MemberId } from '../../cluster/ring/member.js';
import type { ByteStream, StreamHandler, Timers } from '../../host/ports.js';
import type { Connection } from '../connection.js';
import { openLoop } from './loop-stream.js';
import { RemoteSession } from './remote-session.js';
import type { RingLinks } from './ring-links.js';

export interface ClientSessionsOptions {
  readonly view: () => RingView;
  readonly links: Pick<RingLinks, 'openChannel'>;
  readonly timers: Timers;
  /** Serves a stream of requests of this node's own. */
  readonly accept: (stream: ByteStream, from: MemberId) => StreamHandler;
  /** Work of the loop's turn begins. */
  readonly onWork: () => void;
}

/** The sessions of this node's clients at members: one for each member that runs requests of the client, for as long as both are there. */
export class ClientSessions {
  private readonly options: ClientSessionsOptions;

  constructor(options: ClientSessionsOptions) {
    this.options = options;
  }

  /** The session of a client at a member, by its index in the ring; this node itself included. */
  at(connection: Connection, member: number): RemoteSession {
    const { view, links, timers, accept, onWork } = this.options;
    const { sessions } = connection.ring;
    const id = view().idOf(member);
    const known = sessions.get(id);
    if (known !== undefined) return known;
    const open = (handler: StreamHandler): ByteStream =>
      member === view().self
        ? openLoop(timers, (far) => accept(far, id), handler)
        : links.openChannel(id, JSON.stringify({ client: connection.address }), handler);
    const session: RemoteSession = new RemoteSession(
      open,
      () => {
        if (sessions.get(id) === session) sessions.delete(id);
      },
      onWork,
    );
    sessions.set(id, session);
    return session;
  }
}
