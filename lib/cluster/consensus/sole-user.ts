import type { MemberId } from '../ring/member.js';

/** Who has used a key alone for so long, and so often, has it to itself: to take it over costs a round trip, and to take it back another one. */
const ALONE_MS = 100;
const USES = 3;

/** Whether the clients of one other member alone use a key, as its proposer sees it. */
export class SoleUser {
  /** Undefined: this node's own clients, or nobody yet. */
  private last: MemberId | undefined;
  /** How often it was used since somebody else has. */
  private uses = 0;
  /** When somebody else than the last one has used it. */
  private othersMs = -Infinity;

  /** A change was decided that a client of that member had asked for; undefined: of this one. */
  usedBy(member: MemberId | undefined, nowMs: number): void {
    if (member !== this.last && this.uses > 0) {
      this.othersMs = nowMs;
      this.uses = 0;
    }
    this.uses++;
    this.last = member;
  }

  /** The other member whose clients alone use it; undefined if there is none. */
  at(nowMs: number): MemberId | undefined {
    return this.uses >= USES && nowMs - this.othersMs >= ALONE_MS ? this.last : undefined;
  }
}
