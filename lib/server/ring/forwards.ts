import { Rejections } from '../../cluster/bus/rejections.js';
import type { MemberId } from '../../cluster/ring/member.js';
import type { Clock } from '../../host/ports.js';
import type { OnReply, RemoteSession } from './remote-session.js';
import { RING_CHANGED_REPLY } from './ring-changed.js';

/** What a client is told of a change whose reply does not come. */
export const BROKEN = 'TIMEOUT the replica that ran the command is gone, or does not answer: the outcome is unknown';

/** How long a change waits for a member that cannot be reached, and answers nothing else. */
const ABANDONED_MS = 300;
/** Why sessions are closed that a request waits for. */
const LATE = 'no reply in time';
const ABANDONED = 'it cannot be reached';

const LOST = { lost: 'Requests that were sent on have no reply, their outcome is unknown: nothing more comes' };

/** A request that was sent on, and is not answered. */
interface Forward {
  readonly askedMs: number;
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
  readonly clock: Clock;
  /** Milliseconds since an arbitrary start. */
  readonly nowMs: () => number;
  readonly warn: (line: string) => void;
  /** How long a request may take that does not wait for keys, when those before it are answered: they run one behind the other. */
  readonly timeoutMs: () => number;
}

/** Requests that other members run for clients of this one: none of them is waited for without end. The log says why changes are given up. */
export class Forwards {
  count = 0;
  private readonly options: ForwardsOptions;
  private readonly open = new Set<Forward>();
  private readonly lost: Rejections<'lost'>;
  /** When members have last answered something, and when that was over a session. */
  private readonly answeredMs = new Map<MemberId, number>();
  private readonly sessionMs = new WeakMap<RemoteSession, number>();

  constructor(options: ForwardsOptions) {
    this.options = options;
    this.lost = new Rejections(options.clock, LOST, options.warn);
  }

  /** Whether everything is answered. */
  get isIdle(): boolean {
    for (const { kind } of this.open) if (kind !== 'wait') return false;
    return true;
  }

  /** Asks a member, for some time; if it is a read, for as long as that member can be reached. `then` is called once. */
  ask(session: RemoteSession, member: MemberId, request: Buffer, isRead: boolean, then: OnReply): void {
    this.count++;
    session.ask(request, this.begin(session, member, isRead ? 'read' : 'change', then));
  }

  /** A request waits at a member for its keys: for as long as that one can be reached. `then` is called with the reply that ends the wait. */
  wait(session: RemoteSession, member: MemberId, then: OnReply): void {
    session.expect(this.begin(session, member, 'wait', then));
  }

  /** Called some times a second: gives up what takes too long. */
  tick(): void {
    const nowMs = this.options.nowMs();
    const timeoutMs = this.options.timeoutMs();
    for (const { kind, askedMs, avoidedMs, session, member } of this.open) {
      // Who still answers is slow, and neither gone nor cut off.
      const goneMs = nowMs - Math.max(avoidedMs ?? nowMs, this.answeredMs.get(member) ?? -Infinity);
      const takenMs = nowMs - Math.max(askedMs, this.sessionMs.get(session) ?? -Infinity);
      if (goneMs > ABANDONED_MS) session.close(ABANDONED);
      else if (kind !== 'wait' && takenMs > timeoutMs) session.close(LATE);
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
      else if (forward.kind === 'wait') forward.session.close(ABANDONED);
      else forward.avoidedMs ??= this.options.nowMs();
    }
  }

  private begin(session: RemoteSession, member: MemberId, kind: Forward['kind'], then: OnReply): OnReply {
    const { open, lost } = this;
    const { nowMs } = this.options;
    const end: OnReply = (reply) => {
      if (!open.delete(forward)) return;
      if (reply !== undefined && session.isOpen) this.noteAnswer(session, member);
      else if (reply === undefined && kind === 'change' && session.fault !== undefined)
        lost.add('lost', `node ${member} (${session.fault})`);
      if (reply?.equals(RING_CHANGED_REPLY) === true) session.retire();
      then(reply);
    };
    const forward: Forward = { askedMs: nowMs(), session, member, kind, avoidedMs: undefined, end };
    open.add(forward);
    return end;
  }

  private noteAnswer(session: RemoteSession, member: MemberId): void {
    const nowMs = this.options.nowMs();
    this.answeredMs.set(member, nowMs);
    this.sessionMs.set(session, nowMs);
  }
}
