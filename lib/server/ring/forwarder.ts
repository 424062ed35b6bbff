/**
 * Requests that another member runs for a client of this one, over a session of the client's own.
 *
 *  1. What was sent and did nothing is executed again, a few times: it goes where it belongs by then.
 *  2. What may have happened is not sent again: its outcome is unknown.
 *  3. What the client has put here before is with the other member when it runs the request (own-writes.ts).
 *  4. What comes later in a pipeline is begun ahead (pipeline.ts), and answered when its turn has come.
 *  5. A script that is called by its SHA1, the other member is given before (script-bodies.ts).
 */

import type { RingView } from '../../cluster/coordination/ring-view.js';
import { NOBODY } from '../../cluster/coordination/ring-view.js';
import type { MemberId } from '../../cluster/ring/member.js';
import type { RingRole } from '../../commands/ring-role.js';
import type { Args } from '../../protocol/args.js';
import { encodeArgs } from '../../protocol/request-encoder.js';
import type { Connection } from '../connection.js';
import type { Advance, Advances } from './advances.js';
import type { Forwards } from './forwards.js';
import { BROKEN } from './forwards.js';
import { WAITS_REPLY } from './key-wait.js';
import { OK } from './merged-replies.js';
import type { Pipeline } from './pipeline.js';
import type { Step } from './pipeline-order.js';
import { NOT_DECIDED } from './pipeline-order.js';
import type { Refusals } from './refusals.js';
import { NOBODY_LIVES } from './refusals.js';
import type { OnReply, RemoteSession } from './remote-session.js';
import { RemoteWait } from './remote-wait.js';
import { RING_CHANGED_REPLY } from './ring-changed.js';
import type { ScriptBodies } from './script-bodies.js';

/** A request is executed again at once so many times, then a little later. */
const ATTEMPTS_AT_ONCE = 3;
const BROKEN_REPLY = Buffer.from(`-${BROKEN}\r\n`);

/** What a request may wait for where it runs, beside its reply. */
export type RequestWait = 'reply' | 'keys' | 'watch' | 'exec';

export interface ForwarderOptions {
  readonly view: () => RingView;
  readonly forwards: Forwards;
  readonly pipeline: Pipeline;
  readonly advances: Advances;
  readonly refusals: Refusals;
  readonly bodies: ScriptBodies;
  /** Milliseconds since an arbitrary start. */
  readonly nowMs: () => number;
  /** The session of a client at a member, this node itself included. */
  readonly sessionAt: (connection: Connection, member: number) => RemoteSession;
  /** Answers a request with an error. */
  readonly fail: (connection: Connection, args: Args, error: string) => void;
}

export class Forwarder {
  private readonly options: ForwarderOptions;
  /** Requests that are executed again a little later. */
  private postponed: (() => void)[] = [];

  constructor(options: ForwarderOptions) {
    this.options = options;
  }

  /** What is to be done some time later, once: called some times a second. */
  takePostponed(): readonly (() => void)[] {
    const { postponed } = this;
    this.postponed = [];
    return postponed;
  }

  /** Has another member run a request, whose bytes are `requests`, of which the last one's reply is the reply. `first`: what it is to those behind it. */
  forward(
    connection: Connection,
    member: number,
    borrowed: Args,
    requests: Buffer[],
    role: RingRole,
    wait: RequestWait,
    first: Pick<Step, 'key' | 'isDecided'> = NOT_DECIDED,
  ): boolean {
    const { view, forwards, refusals, pipeline, bodies, sessionAt } = this.options;
    const args = borrowed.clone();
    if (member === NOBODY) return refusals.lack(connection, borrowed, NOBODY_LIVES);
    const step = { slots: [connection.ring.slot], members: [member], ...first };
    if (pipeline.holdBack(connection, borrowed, step)) return false;
    const session = sessionAt(connection, member);
    connection.hold();
    session.adopt(connection.ring.sessionState(connection.reply.resp));
    const id = view().idOf(member);
    const { slot } = connection.ring;
    const answer = bodies.sendAhead(connection, session, args, (reply) => {
      if (wait === 'watch' && reply?.equals(OK) === true) connection.ring.watchAt(slot, session);
      this.answer(connection, args, role, step.slots, reply, wait === 'exec');
    });
    const last = requests.pop() ?? encodeArgs(args);
    for (const request of requests) session.ask(request, ignore);
    if (wait === 'keys') this.askAndWait(connection, session, id, args, last, answer);
    else forwards.ask(session, id, last, role === 'read' && wait === 'reply', answer);
    if (wait === 'reply') pipeline.beginAhead(connection, step);
    return false;
  }

  /** The turn of a request has come that was begun ahead, and has its arguments to itself: it is answered when it has ended. */
  finish(connection: Connection, args: Args, role: RingRole, advance: Advance): false {
    const { pipeline, fail, view } = this.options;
    const end = (): void => {
      if (advance.error === undefined) {
        this.answer(connection, args, role, advance.slots, advance.reply, false);
        return;
      }
      if (!connection.isClosed) fail(connection, args, advance.error);
      connection.release();
    };
    connection.hold();
    if (advance.isOver) {
      end();
      return false;
    }
    advance.then = end;
    pipeline.beginAhead(connection, advance.stepBy(view().ring));
    return false;
  }

  /** Answers a request that somebody else has run, and releases its connection. It is executed again if nothing was done. */
  private answer(
    connection: Connection,
    args: Args,
    role: RingRole,
    slots: readonly number[],
    reply: Buffer | undefined,
    isExec: boolean,
  ): void {
    if (!connection.isClosed) {
      if (this.startsOver(connection, role, slots, reply)) {
        this.startOver(connection, args);
        return;
      }
      if (isExec) connection.endTransaction();
      if (reply !== undefined) connection.answer(reply);
      // Not an error as others are: EXEC would say that nothing was done.
      else if (isExec) connection.answer(BROKEN_REPLY);
      else this.options.fail(connection, args, BROKEN);
    }
    connection.release();
  }

  /** Asks for what may wait for keys there: `answer` is called with the reply to the client; what waits in vain goes on where the keys are then. */
  private askAndWait(
    connection: Connection,
    session: RemoteSession,
    member: MemberId,
    args: Args,
    request: Buffer,
    answer: OnReply,
  ): void {
    const { nowMs, fail, forwards } = this.options;
    const sinceMs = nowMs();
    const postpone = (run: () => void): void => {
      this.postponed.push(run);
    };
    forwards.ask(session, member, request, false, (reply) => {
      if (reply?.equals(WAITS_REPLY) !== true) answer(reply);
      else {
        const wait = new RemoteWait({ connection, args, session, nowMs, sinceMs, postpone, answer, fail });
        forwards.wait(session, member, wait.onEnd);
      }
    });
  }

  /** A request that was sent on, and did nothing, is executed again: at once, or, if that has not helped before, when members may have come and gone. */
  private startOver(connection: Connection, args: Args): void {
    const execute = (): void => {
      connection.releaseWith(args);
    };
    if (connection.ring.attempts <= ATTEMPTS_AT_ONCE) execute();
    else this.postponed.push(execute);
  }

  /** Whether a request that was sent on did nothing, and goes where it belongs by now. */
  private startsOver(
    connection: Connection,
    role: RingRole,
    slots: readonly number[],
    reply: Buffer | undefined,
  ): boolean {
    const didNothing =
      reply === undefined
        ? role === 'read' && !this.options.advances.mayHaveChangedBehind(connection, slots)
        : reply.equals(RING_CHANGED_REPLY);
    return didNothing && connection.ring.mayTryAgain();
  }
}

function ignore(): void {
  // QUEUED, or an error that EXEC repeats.
}
