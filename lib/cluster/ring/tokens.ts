/**
 * The tokens of a member that joins.
 *
 * Candidates are slots that xxHash (https://xxhash.com, 32 bits) makes of the member's id and an index. Of these the member
 * takes the ones with which all members hold as nearly the same as possible: as many slots as first replica, and as many
 * as any replica. It starts with the first candidates, and exchanges one token after the other for a better one.
 */

import xxhash from 'xxhashjs';

import { assert } from '../../base/assert.js';
import { SLOT_COUNT } from '../../base/position.js';
import { Balance } from './balance.js';
import type { Member, MemberId } from './member.js';
import { NO_OWNER, TokenCircle } from './token-circle.js';

export const TOKENS_DEFAULT = 64;

const CANDIDATES_PER_TOKEN = 8;
const ROUNDS = 2;
/** Shares that are off by 2 % need no exchange any more: so much may each of a member's two shares cost. */
const EVEN_COST = 0.02 ** 2;

export interface Joiner {
  readonly id: MemberId;
  readonly zone: string;
  readonly tokenCount: number;
}

/**
 * The slots of its tokens, ascending. Depends on nothing else than its arguments: all members come to the same result.
 * REQUIRES: so many slots have no token yet.
 */
export function chooseTokens(
  joiner: Joiner,
  members: readonly Pick<Member, 'zone' | 'tokens'>[],
  replicaCount: number,
): number[] {
  const choice = choosingTokens(joiner, members, replicaCount);
  for (;;) {
    const step = choice.next();
    if (step.done === true) return step.value;
  }
}

/** The same in steps of about a millisecond, for those who have other things to do meanwhile. */
export function* choosingTokens(
  joiner: Joiner,
  members: readonly Pick<Member, 'zone' | 'tokens'>[],
  replicaCount: number,
): Generator<undefined, number[]> {
  const circle = new TokenCircle();
  members.forEach(({ tokens }, index) => tokens.forEach((token) => circle.add(token, index)));
  const { tokenCount } = joiner;
  assert(tokenCount > 0 && circle.tokenCount + tokenCount <= SLOT_COUNT, 'there are slots for the tokens');
  const candidates = candidatesOf(joiner, circle);
  const chosen = candidates.slice(0, tokenCount);
  if (members.length > 0) {
    chosen.forEach((token) => circle.add(token, members.length));
    const zones = [...members.map(({ zone }) => zone), joiner.zone];
    yield* improve(chosen, candidates, new Balance(circle, zones, replicaCount), members.length);
  }
  return chosen.sort((a, b) => a - b);
}

/** Free slots, without repetition. */
function candidatesOf({ id, tokenCount }: Joiner, circle: TokenCircle): number[] {
  const count = Math.min(tokenCount * CANDIDATES_PER_TOKEN, SLOT_COUNT - circle.tokenCount);
  const candidates = new Set<number>();
  for (let index = 0; candidates.size < count; index++) {
    const slot = xxhash.h32(`${id}-${index}`, 0).toNumber() & (SLOT_COUNT - 1);
    if (circle.ownerAt(slot) === NO_OWNER) candidates.add(slot);
  }
  return [...candidates];
}

/** Exchanges each of `chosen`, in its place, for the candidate with which the balance costs least. */
function* improve(
  chosen: number[],
  candidates: readonly number[],
  balance: Balance,
  member: number,
): Generator<undefined, void> {
  const taken = new Set(chosen);
  const enough = 2 * balance.firsts.length * EVEN_COST;
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < chosen.length; i++) {
      if (balance.cost <= enough) return;
      let best = chosen[i];
      let bestCost = balance.cost;
      balance.remove(best);
      const costWithout = balance.cost;
      for (const candidate of candidates) {
        if (taken.has(candidate)) continue;
        balance.add(candidate, member);
        if (balance.cost < bestCost) {
          bestCost = balance.cost;
          best = candidate;
        }
        balance.remove(candidate);
        balance.cost = costWithout;
      }
      balance.add(best, member);
      taken.delete(chosen[i]);
      taken.add(best);
      chosen[i] = best;
      yield;
    }
  }
}
