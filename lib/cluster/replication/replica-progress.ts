import type { MemberId } from '../ring/member.js';

/** Batches that were lost with a connection: those above `after`, up to `upTo`. */
interface Gap {
  readonly after: number;
  readonly upTo: number;
}

/** Of more gaps, the oldest are forgotten: nobody waits for so long for what was in them. */
const GAPS_MAX = 32;
/** The same of hints. */
const HINTED_MAX = 4096;

/**
 * How much one replica has of what this node has sent it. Batches are numbered from 1 by the node that sends them, and arrive in order, or not at
 * all when the connection breaks: one number says how far it has come, and gaps what it has missed on the way.
 */
export class ReplicaProgress {
  readonly id: MemberId;
  private acknowledged = 0;
  private readonly gaps: Gap[] = [];
  /** Batches for which durable hints count. */
  private readonly hinted = new Set<number>();

  constructor(id: MemberId) {
    this.id = id;
  }

  has(sequence: number): boolean {
    if (sequence > this.acknowledged) return false;
    for (const { after, upTo } of this.gaps) if (sequence > after && sequence <= upTo) return false;
    return true;
  }

  /** Whether it is known of all batches up to this one that were sent to it what became of them. */
  isKnownUpTo(sequence: number): boolean {
    return sequence <= this.acknowledged;
  }

  /** Whether it has a batch, or there is a hint for it that counts. */
  counts(sequence: number): boolean {
    return this.has(sequence) || this.hinted.has(sequence);
  }

  /** There is a durable hint for a batch, and hints count (sloppy-quorum). */
  hint(sequence: number): void {
    const { hinted } = this;
    hinted.add(sequence);
    if (hinted.size <= HINTED_MAX) return;
    for (const oldest of hinted) {
      hinted.delete(oldest);
      return;
    }
  }

  /** It has every batch up to this one that was sent to it, but for the gaps. */
  acknowledge(sequence: number): void {
    if (sequence > this.acknowledged) this.acknowledged = sequence;
  }

  /** What was made up to this batch and is not acknowledged was not sent, or may never arrive. */
  lose(sequence: number): void {
    const { gaps, acknowledged } = this;
    if (sequence <= acknowledged) return;
    const last = gaps.at(-1);
    if (last !== undefined && last.upTo >= acknowledged) gaps[gaps.length - 1] = { after: last.after, upTo: sequence };
    else gaps.push({ after: acknowledged, upTo: sequence });
    this.acknowledged = sequence;
    if (gaps.length > GAPS_MAX) gaps.shift();
  }
}
