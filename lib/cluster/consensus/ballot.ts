/** Who may decide about a key: pairs, totally ordered. A proposer uses each round once, so no two proposals share a ballot. */
export interface Ballot {
  readonly round: number;
  /** The ordinal of the member, which the ring gives once and never again. */
  readonly proposer: number;
}

/** Below all others: nothing was promised, nothing accepted. */
export const NO_BALLOT: Ballot = { round: 0, proposer: 0 };

/** Rounds fit into 32 bits. */
export const ROUND_MAX = 0xffff_ffff;

export function compareBallots(a: Ballot, b: Ballot): number {
  return a.round - b.round || a.proposer - b.proposer;
}

export function maxBallot(a: Ballot, b: Ballot): Ballot {
  return compareBallots(a, b) >= 0 ? a : b;
}

/** The lowest ballot of a proposer that is above `floor`. */
export function ballotAbove(floor: Ballot, proposer: number): Ballot {
  return { round: floor.round + 1, proposer };
}
