/**
 * What an acceptor of CASPaxos does with one key: pure decisions. (Rystsov, "CASPaxos: Replicated State Machines without logs", 2018.)
 *
 *  1. It takes nothing below what it has promised. What it has promised never falls.
 *  2. A ballot is promised once: to whom it was promised, nobody else is, not even the same proposer after a restart, which has forgotten what it proposed. So no
 *     two entries are ever proposed by one ballot.
 *  3. To accept an entry is to promise its ballot, and `next`, which is not below it: the proposer need not ask for that.
 *  4. What it has promised and accepted is durable before it is told (acceptor-log.ts).
 *  5. Below the floor of the key's slot, and at it, it promises and accepts nothing, whatever it has promised of this key: states of other keys were forgotten there (forgetting.ts).
 */

import type { Ballot } from './ballot.js';
import { NO_BALLOT, compareBallots, maxBallot } from './ballot.js';

/** What an acceptor knows of a key. */
export interface AcceptorState {
  readonly promised: Ballot;
  /** NO_BALLOT: nothing yet, the key is what plain writes have made of it. */
  readonly accepted: Ballot;
  /**
   * What was accepted: bytes whose meaning is nobody's business here, each one character, for that takes a fraction of what a buffer does, and there is one for each key.
   */
  readonly entry: string;
}

export const FRESH_STATE: AcceptorState = { promised: NO_BALLOT, accepted: NO_BALLOT, entry: '' };

/** The state after a promise; undefined if it is refused: what was promised before stands. */
export function promise(state: AcceptorState, floor: Ballot, ballot: Ballot): AcceptorState | undefined {
  return compareBallots(ballot, maxBallot(state.promised, floor)) > 0 ? { ...state, promised: ballot } : undefined;
}

/** The state after accepting `entry`; undefined if it is refused. REQUIRES: `next` is not below `ballot`. */
export function accept(
  state: AcceptorState,
  floor: Ballot,
  ballot: Ballot,
  entry: string,
  next: Ballot,
): AcceptorState | undefined {
  const isAbove = compareBallots(ballot, floor) > 0 && compareBallots(ballot, state.promised) >= 0;
  if (isAbove) return { promised: next, accepted: ballot, entry };
  // It comes again, and was answered before: perhaps the answer was lost.
  return compareBallots(ballot, state.accepted) === 0 ? state : undefined;
}

/** Whether nothing but the entry of the ballot `accepted` was ever accepted, as far as this acceptor knows, or nothing at all. */
export function hasAtMost(state: AcceptorState, accepted: Ballot): boolean {
  return [NO_BALLOT, accepted].some((ballot) => compareBallots(state.accepted, ballot) === 0);
}

/** Whether a state may be forgotten, when ballots up to `floor` are refused: it has nothing that may yet come to be decided. */
export function mayForget(state: AcceptorState, accepted: Ballot, floor: Ballot): boolean {
  return hasAtMost(state, accepted) && compareBallots(state.promised, floor) <= 0;
}
