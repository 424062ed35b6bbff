import type { MemberId } from '../../cluster/ring/member.js';
import { RING_CHANGED } from '../../commands/error-texts.js';
import type { OnReply, RemoteSession } from './remote-session.js';

/** A member answers so that has done nothing: by its ring somebody else acts for the keys. */
export const RING_CHANGED_REPLY = Buffer.from(`-${RING_CHANGED}\r\n`);
/** What a client is told of a change whose reply does not come. */
export const BROKEN = 'TIMEOUT the replica that ran the command is gone: the outcome is unknown';

/** How long a change waits for a member that cannot be reached. */
const ABANDONED_MS = 300;

/** A request that was sent on, and is not answered. */
interface Forward {
  readonly deadlineMs: number;
  readonly session: RemoteSession;
  /** Whom it was sent to. */
  readonly member: MemberId;
  /** A read changes nothing: anybody else might as well do it. So it is with who waits for keys, but what it was sent by is blocked. */
  readonly kind: 'read' | 'change' | 'wait';
  /** Since when that member cannot be reached. */
  avoidedMs: number | undefined;
  /** The reply has come, or is not waited for any more. */
  readonly end: OnReply;
}

export interface ForwardsOptions {
  /** Milliseconds since an arbitrary start. */
  readonly nowMs: () => number;
  /** How long a request may take that does not wait for keys. */
  readonly timeoutMs: () => number;
}

/** Requests that other members run for clients of this one: none of them is waited for without end. */
export class Forwards {
  count = 0;
  private readonly options: ForwardsOptions;
  private readonly open = new Set<Forward>();

  constructor(options: ForwardsOptions) {
    this.options = options;
  }

  /** Whether everything is answered. */
  get isIdle(): boolean {
    for (const { kind } of this.open) if (kind !== 'wait') return false;
    return true;
  }

  /** Asks a member, for some time; if it is a read, for as long as that member can be reached. `then` is called once. */
  ask(session: RemoteSession, member: MemberId, request: Buffer, isRead: boolean, then: OnReply): void {
    const { nowMs, timeoutMs } = this.options;
    this.count++;
    session.ask(request, this.begin(session, member, isRead ? 'read' : 'change', nowMs() + timeoutMs(), then));
  }

  /** A request waits at a member for its keys: for as long as that one can be reached. `then` is called with the reply that ends the wait. */
  wait(session: RemoteSession, member: MemberId, then: OnReply): void {
    session.expect(this.begin(session, member, 'wait', Infinity, then));
  }

  /** Called some times a second: gives up what takes too long. */
  tick(): void {
    const nowMs = this.options.nowMs();
    for (const { deadlineMs, avoidedMs, session } of this.open) {
      const isAbandoned = avoidedMs !== undefined && avoidedMs + ABANDONED_MS < nowMs;
      if (isAbandoned || deadlineMs < nowMs) session.close();
    }
  }

  /**
   * A member can be reached, or not, or does not answer: then what was to be read there is read elsewhere. What changes something may have happened, so it
   * waits, but not for long: it holds up what its client has sent behind it.
   */
  setUp(member: MemberId, isUp: boolean): void {
    for (const forward of this.open) {
      if (forward.member !== member) continue;
      if (isUp) forward.avoidedMs = undefined;
      else if (forward.kind === 'read') forward.end(undefined);
      else if (forward.kind === 'wait') forward.session.close();
      else forward.avoidedMs ??= this.options.nowMs();
    }
  }

  private begin(
    session: RemoteSession,
    member: MemberId,
    kind: Forward['kind'],
    deadlineMs: number,
    then: OnReply,
  ): OnReply {
    const { open } = this;
    const end: OnReply = (reply) => {
      if (open.delete(forward)) then(reply);
    };
    const forward: Forward = { deadlineMs, session, member, kind, avoidedMs: undefined, end };
    open.add(forward);
    return end;
  }
}
