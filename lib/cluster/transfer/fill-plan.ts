/**
 * What a member that takes over slots has to be given by whom, and what of that it has: pure. Why these sources are enough: topology/ring-change.ts.
 *
 *     a range  ◀── all that it displaces, if they can be reached
 *              ◀── else a majority of those who hold it, or |O| - majority + 1, if those whom it displaces are dead; itself among them, if it holds it already
 */

import { assert } from '../../base/assert.js';
import { SLOT_SPAN } from '../../base/position.js';
import { majorityOf } from '../coordination/consistency.js';
import type { MemberId } from '../ring/member.js';
import type { Move } from '../ring/moves.js';
import { isOfOwn } from '../ring/moves.js';

/** How far one source has given one range. */
export interface Given {
  readonly start: number;
  readonly end: number;
  readonly source: MemberId;
  /** Everything before this position was merged here; of what is noted on disk: it is durable. */
  readonly position: number;
}

/** What is to be asked for next. */
export interface Wanted {
  readonly move: Move;
  readonly source: MemberId;
  /** Where to go on. */
  readonly from: number;
}

export class FillPlan {
  private readonly moves: readonly Move[];
  /** Those that are not done. */
  private readonly open: Set<Move>;
  /** By range and source: everything before this position was given. */
  private readonly given: ReadonlyMap<Move, Map<MemberId, number>>;

  /** `moves`: of this member, and no other. `given`: what it has noted before. */
  constructor(moves: readonly Move[], given: readonly Given[] = []) {
    this.moves = moves;
    this.open = new Set(moves);
    this.given = new Map(moves.map((move) => [move, new Map<MemberId, number>()]));
    for (const one of given) {
      const move = moves.find((each) => isOf(one, each));
      if (move !== undefined) this.note(move, one.source, one.position);
    }
  }

  get isFilled(): boolean {
    return this.open.size === 0;
  }

  /** How much of it is there, 0 to 1. */
  get progress(): number {
    let all = 0;
    let done = 0;
    for (const move of this.moves) {
      const slots = move.end - move.start + 1;
      all += slots;
      done += slots * this.progressOf(move);
    }
    return all === 0 ? 1 : done / all;
  }

  /** What is noted. */
  get notes(): Given[] {
    return this.moves.flatMap((move) => {
      const { start, end } = move;
      return Array.from(this.givenOf(move), ([source, position]) => ({ start, end, source, position }));
    });
  }

  /** What to ask the members for that can be reached: at most one range each. What can be had of nobody better is done. */
  wanted(isUp: (id: MemberId) => boolean): Wanted[] {
    const asked = new Set<MemberId>();
    const wanted: Wanted[] = [];
    for (const move of this.open) {
      const { sources, count } = this.leftOf(move, isUp);
      if (count <= 0) this.open.delete(move);
      for (const source of sources.slice(0, Math.max(0, count))) {
        if (asked.has(source)) continue;
        asked.add(source);
        wanted.push({ move, source, from: this.positionOf(move, source) });
      }
    }
    return wanted;
  }

  /** A source has given everything of a range before `position`. REQUIRES: the move is one of `moves`, the same object. */
  note(move: Move, source: MemberId, position: number): void {
    this.givenOf(move).set(source, position);
    if (this.leftOf(move, () => true).count <= 0) this.open.delete(move);
  }

  private givenOf(move: Move): Map<MemberId, number> {
    const given = this.given.get(move);
    assert(given !== undefined, 'it is one of the moves');
    return given;
  }

  /** How many more have to give a range, and those who can, the best ones first. */
  private leftOf(move: Move, isUp: (id: MemberId) => boolean): { sources: MemberId[]; count: number } {
    const { displaced } = move;
    const missing = (sources: readonly MemberId[]): MemberId[] => sources.filter((id) => !this.hasGiven(move, id));
    const first = missing(displaced);
    if (displaced.length > 0 && first.every(isUp)) return { sources: first, count: first.length };
    const others = othersOf(move);
    const left = missing(others);
    // Who has given something already comes first.
    const sources = left.filter(isUp).sort((a, b) => this.positionOf(move, b) - this.positionOf(move, a));
    return { sources, count: enoughOf(move) - (others.length - left.length) };
  }

  private hasGiven(move: Move, source: MemberId): boolean {
    return this.positionOf(move, source) >= endOf(move);
  }

  private positionOf(move: Move, source: MemberId): number {
    return this.givenOf(move).get(source) ?? move.start * SLOT_SPAN;
  }

  private progressOf(move: Move): number {
    if (!this.open.has(move)) return 1;
    const begin = move.start * SLOT_SPAN;
    const best = Math.max(...othersOf(move).map((source) => this.positionOf(move, source)));
    return ((best - begin) / (endOf(move) - begin)) * 0.99;
  }
}

/** The position behind a range. */
export function endOf({ end }: Pick<Move, 'end'>): number {
  return (end + 1) * SLOT_SPAN;
}

/** Whether of those who hold a range so many can be reached that it can be taken over from them. */
export function areEnough(move: Move, isUp: (id: MemberId) => boolean): boolean {
  const { displaced } = move;
  return (displaced.length > 0 && displaced.every(isUp)) || othersOf(move).filter(isUp).length >= enoughOf(move);
}

/** Those who can give something. */
function othersOf({ from, to }: Move): MemberId[] {
  return from.filter((id) => id !== to);
}

/**
 * Of so many others who hold a range, with itself if it does, one has whatever was acknowledged. After `ringkv ring recover` that may be with fewer than a majority, but with so many that a majority
 * meets them: where a majority survives, it is asked.
 */
function enoughOf(move: Move): number {
  const { from, displaced } = move;
  const majority = majorityOf(from.length);
  const enough = Math.max(from.length - majority + 1, Math.min(majority, from.length - displaced.length));
  return isOfOwn(move) ? Math.max(1, enough - 1) : enough;
}

function isOf(given: Given, { start, end, from }: Move): boolean {
  return given.start === start && given.end === end && from.includes(given.source);
}
