import type { Consistency } from '../../cluster/coordination/consistency.js';
import { consistencyText } from '../../cluster/coordination/consistency.js';
import type { MemberId } from '../../cluster/ring/member.js';
import type { RemoteSession, SessionState } from './remote-session.js';
import { ReplyMarks } from './reply-marks.js';

/** No key, or keys of several slots. */
export const NO_SLOT = -1;

/** A request goes to so many members, one after the other, while nobody has it. */
const ATTEMPTS_MAX = 16;

/** What a ring of nodes has to know of one of its clients. */
export class RingClient {
  /** The member that it comes by way of, perhaps this one itself; undefined: it has connected here. */
  readonly via: MemberId | undefined;
  /** The slot of the keys of the request that runs; of several ones, `slots`. */
  slot = NO_SLOT;
  slots: readonly number[] | undefined;
  /** The request changes its keys whatever they hold. */
  isBlind = false;
  /** Batches of this node up to this one are, as far as the keys of the request go, with as many replicas as it reads from. */
  refreshedTo = 0;
  /** The request may wait for keys, maybe for ever. */
  mayWait = false;
  /** The request has waited for what it needed: it runs. */
  isCleared = false;
  /** The only key of the request that runs on a draft (linearizer.ts): nothing of it has happened yet. */
  proposedKey: Buffer | undefined;
  /** Of the request that runs on a draft, or has: whether it has asked for another key; and why nothing of it comes to pass, if it was ended. */
  hasStrayed = false;
  draftError: string | undefined;
  /** Consensus does not decide about the request, though it is a script that names one key. */
  isPlain = false;
  /** One of its requests, which it has by way of another member, was refused here, and is sent again: so is all that was sent behind it (remote-session.ts). */
  hasRefused = false;
  /** To how many members the request was sent that did nothing. */
  attempts = 0;
  /** How often it has waited for what the client has put before. */
  waits = 0;
  /** The last batch with something that the client has changed here; 0: none. */
  wroteLast = 0;
  /** What the replies of this turn wait for. */
  marks = new ReplyMarks();
  /** The slot of what the client watches, and at which member, if not here. */
  watchSlot = NO_SLOT;
  watchSession: RemoteSession | undefined;
  /** Some of it is watched elsewhere, where the client's EXEC does not run: keys of another slot, or of this one by who has acted for it before. */
  watchesElsewhere: 'slot' | 'member' | undefined;
  readonly sessions = new Map<MemberId, RemoteSession>();
  /** What CONSISTENCY, or WITH for one request, has chosen. */
  chosen: Consistency;
  once: Consistency | undefined;
  private readonly usual: Consistency;

  constructor(via: MemberId | undefined, consistency: Consistency) {
    this.via = via;
    this.chosen = this.usual = consistency;
  }

  /** It comes by way of another member: what it asks goes no further. */
  get isForwarded(): boolean {
    return this.via !== undefined;
  }

  /** What runs now runs on a draft of that key. */
  beginDraft(key: Buffer): void {
    this.proposedKey = key;
    this.hasStrayed = false;
    this.draftError = undefined;
  }

  endDraft(): void {
    this.proposedKey = undefined;
  }

  /** Back to how a new client is (RESET). */
  reset(): void {
    this.chosen = this.usual;
  }

  get consistency(): Consistency {
    return this.once ?? this.chosen;
  }

  sessionState(resp: 2 | 3): SessionState {
    return { resp, consistency: consistencyText(this.consistency).split(' ') };
  }

  /** The next request begins. */
  beginRequest(): void {
    this.once = undefined;
    this.attempts = 0;
    this.waits = 0;
    this.isPlain = false;
  }

  /** The request has done nothing where it was sent to: whether it may try once more. */
  mayTryAgain(): boolean {
    return ++this.attempts <= ATTEMPTS_MAX;
  }

  /** The marks of this turn; those of the next one begin. */
  takeMarks(): ReplyMarks {
    const { marks } = this;
    this.marks = new ReplyMarks();
    return marks;
  }

  /** Keys of a slot are watched over a session, or here. */
  watchAt(slot: number, session: RemoteSession | undefined): void {
    if (this.watchSlot !== NO_SLOT && this.watchSession !== session)
      this.watchesElsewhere = slot === this.watchSlot ? 'member' : 'slot';
    this.watchSlot = slot;
    this.watchSession = session;
  }

  /** The client watches nothing any more. */
  forgetWatch(): void {
    this.watchSlot = NO_SLOT;
    this.watchSession = undefined;
    this.watchesElsewhere = undefined;
  }

  close(): void {
    for (const session of [...this.sessions.values()]) session.close();
  }
}
