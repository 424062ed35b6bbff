import type { MemberId } from '../ring/member.js';

/** Who has used a key alone for so long has it to itself. */
const ALONE_MS = 100;

/** Whether the clients of one other member alone use a key, as its proposer sees it. */
export class SoleUser {
  /** Undefined: this node's own clients, or nobody yet. */
  private last: MemberId | undefined;
  private isUsed = false;
  /** When somebody else than the last one has used it. */
  private othersMs = -Infinity;

  /** A change was decided that a client of that member had asked for; undefined: of this one. */
  usedBy(member: MemberId | undefined, nowMs: number): void {
    if (this.isUsed && member !== this.last) this.othersMs = nowMs;
    this.isUsed = true;
    this.last = member;
  }

  /** The other member whose clients alone use it; undefined if there is none. */
  at(nowMs: number): MemberId | undefined {
    return nowMs - this.othersMs >= ALONE_MS ? this.last : undefined;
  }
}
