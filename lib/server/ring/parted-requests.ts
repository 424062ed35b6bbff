import { slotOf } from '../../base/position.js';
import type { RingView } from '../../cluster/coordination/ring-view.js';
import { NOBODY } from '../../cluster/coordination/ring-view.js';
import type { RingRole } from '../../commands/ring-role.js';
import type { Args } from '../../protocol/args.js';
import { EMPTY } from '../../protocol/empty-buffer.js';
import type { Connection } from '../connection.js';
import type { Advances } from './advances.js';
import type { Forwards } from './forwards.js';
import { BROKEN } from './forwards.js';
import type { OwnWrites } from './own-writes.js';
import type { Refusals } from './refusals.js';
import { NOBODY_LIVES } from './refusals.js';
import type { RemoteSession } from './remote-session.js';
import { RING_CHANGED_REPLY } from './ring-changed.js';
import type { SplitRequest } from './split-request.js';
import { splitByKey } from './split-request.js';

export interface PartedRequestsOptions {
  readonly view: () => RingView;
  readonly forwards: Forwards;
  readonly refusals: Refusals;
  readonly own: OwnWrites;
  readonly advances: Advances;
  /** The session of a client at a member, this node itself included. */
  readonly sessionAt: (connection: Connection, member: number) => RemoteSession;
  /** Answers a request with an error. */
  readonly fail: (connection: Connection, args: Args, error: string) => void;
}

/** Requests that several members run in parts (split-request.ts): each part over a session of the client's own. */
export class PartedRequests {
  private readonly options: PartedRequestsOptions;

  constructor(options: PartedRequestsOptions) {
    this.options = options;
  }

  /** Has a request run in parts, and answers it with what their replies come to. `isRead`: if a member is lost on the way, or the replies are in vain, everything is done again, unless what stands behind it may have changed something of its `slots`. */
  ask(
    connection: Connection,
    borrowed: Args,
    split: SplitRequest,
    slots: readonly number[],
    isRead: boolean,
    isInVain: (replies: readonly Buffer[]) => boolean = () => false,
  ): void {
    const args = borrowed.clone();
    connection.hold();
    this.begin(connection, split, isRead, (replies) => {
      if (!connection.isClosed) {
        const mustAskAgain = isRead && (replies === undefined || isInVain(replies));
        const mayAskAgain = mustAskAgain && !this.options.advances.mayHaveChangedBehind(connection, slots);
        if (mayAskAgain && connection.ring.mayTryAgain()) {
          connection.releaseWith(args);
          return;
        }
        if (replies === undefined) this.options.fail(connection, args, BROKEN);
        else connection.answer(split.merge(replies));
      }
      connection.release();
    });
  }

  /** Has the parts run, and returns over which sessions. `onEnd` is called once, with the replies; undefined: a member was lost on the way, or has not done what was to be read there. */
  begin(
    connection: Connection,
    { parts }: SplitRequest,
    isRead: boolean,
    onEnd: (replies: readonly Buffer[] | undefined) => void,
  ): RemoteSession[] {
    const { view, forwards, sessionAt } = this.options;
    const replies: Buffer[] = [];
    let remaining = parts.length;
    let isBroken = false;
    return parts.map(({ target, request }, i) => {
      const session = sessionAt(connection, target);
      session.adopt(connection.ring.sessionState(connection.reply.resp));
      forwards.ask(session, view().idOf(target), request, isRead, (reply) => {
        if (reply === undefined || (isRead && reply.equals(RING_CHANGED_REPLY))) isBroken = true;
        else replies[i] = Buffer.from(reply);
        if (--remaining === 0) onEnd(isBroken ? undefined : replies);
      });
      return session;
    });
  }

  /** Asks for each key by itself. */
  askEach(connection: Connection, name: string, role: RingRole, args: Args, keys: readonly number[]): false {
    const view = this.options.view();
    const targetOf = (slot: number): number => (connection.ring.isForwarded ? view.self : view.firstLive(slot));
    const slots = keys.map((i) => slotOf(args.buffer, args.start[i], args.end[i]));
    const members = slots.map(targetOf);
    if (members.includes(NOBODY)) return this.options.refusals.lack(connection, args, NOBODY_LIVES);
    if (this.options.own.hold(connection, args, { slots, members, key: EMPTY, isDecided: true })) return false;
    this.ask(connection, args, splitByKey(name, args, keys, targetOf), slots, role === 'read');
    return false;
  }
}
