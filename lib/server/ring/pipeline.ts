import { Level } from '../../cluster/coordination/consistency.js';
import type { RingView } from '../../cluster/coordination/ring-view.js';
import { NOBODY } from '../../cluster/coordination/ring-view.js';
import type { Args } from '../../protocol/args.js';
import { encodeArgs } from '../../protocol/request-encoder.js';
import type { Connection } from '../connection.js';
import type { Advances } from './advances.js';
import { Advance } from './advances.js';
import type { Forwards } from './forwards.js';
import type { Linearizer } from './linearizer.js';
import type { Step } from './pipeline-order.js';
import { PipelineOrder } from './pipeline-order.js';
import type { RemoteSession } from './remote-session.js';
import type { RequestRoles, SimpleRequest } from './request-roles.js';
import { mayLookAhead } from './request-roles.js';

export interface PipelineOptions {
  readonly view: () => RingView;
  readonly roles: RequestRoles;
  readonly advances: Advances;
  readonly forwards: Forwards;
  readonly linearizer: Linearizer;
  /** The error that sends a client to a member for a slot; undefined: it is served from here. */
  readonly redirectTo: (slot: number, member: number, usesTls: boolean) => string | undefined;
  /** The session of a client at a member, this node itself included. */
  readonly sessionAt: (connection: Connection, member: number) => RemoteSession;
}

/** Has requests begun ahead that stand behind one that waits: all of each, elsewhere or by consensus, as far as their order allows that (pipeline-order.ts). */
export class Pipeline {
  private readonly options: PipelineOptions;

  constructor(options: PipelineOptions) {
    this.options = options;
  }

  /** A request has begun: so do those that come later. */
  beginAhead(connection: Connection, first: Step): void {
    if (!mayLookAhead(connection)) return;
    const { view, roles } = this.options;
    const order = new PipelineOrder(view().self, first);
    let isOver = false;
    connection.lookAhead((args) => {
      const simple = isOver ? undefined : roles.simple(connection, args);
      if (simple === undefined || !this.mayBegin(connection, simple) || !order.admits(simple)) isOver = true;
      else this.begin(connection, args, simple);
    });
  }

  private begin(connection: Connection, args: Args, request: SimpleRequest): void {
    const { slot, key, member, role } = request;
    const { view, advances, forwards, linearizer, sessionAt } = this.options;
    const advance = new Advance({ step: request });
    advances.add(args, advance);
    if (member === view().self) {
      linearizer.begin(connection, args, key, slot, (ending) => {
        advance.end(ending);
      });
      return;
    }
    const session = sessionAt(connection, member);
    session.adopt(connection.ring.sessionState(connection.reply.resp));
    forwards.ask(session, view().idOf(member), encodeArgs(args), role === 'read', (reply) => {
      advance.end({ reply: reply && Buffer.from(reply) });
    });
  }

  /** Whether a request may be begun ahead, as far as members go. */
  private mayBegin({ ring, usesTls }: Connection, { slot, member }: SimpleRequest): boolean {
    const { view, redirectTo } = this.options;
    if (member === view().self) return view().reaches(slot, Level.QUORUM);
    return member !== NOBODY && !ring.isForwarded && redirectTo(slot, member, usesTls) === undefined;
  }
}
