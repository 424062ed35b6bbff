/**
 * What a member that takes over slots has to be given by whom, and what of that it has: pure. Why these sources are enough: topology/ring-change.ts.
 *
 *     a range  ◀── all that it displaces, if they can be reached
 *              ◀── else a majority of those who hold it, or |O| - majority + 1, if those whom it displaces are dead
 */

import { assert } from '../../base/assert.js';
import { SLOT_SPAN } from '../../base/position.js';
import { majorityOf } from '../coordination/consistency.js';
import type { MemberId } from '../ring/member.js';
import type { Move } from '../ring/moves.js';

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

  /** What to ask the members for that can be reached: at most one range each. */
  wanted(isUp: (id: MemberId) => boolean): Wanted[] {
    const asked = new Set<MemberId>();
    const wanted: Wanted[] = [];
    for (const move of this.open) {
      for (const source of this.sourcesOf(move, isUp)) {
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
    if (this.isDone(move)) this.open.delete(move);
  }

  private givenOf(move: Move): Map<MemberId, number> {
    const given = this.given.get(move);
    assert(given !== undefined, 'it is one of the moves');
    return given;
  }

  private isDone(move: Move): boolean {
    const { from, displaced } = move;
    if (displaced.length > 0 && displaced.every((source) => this.hasGiven(move, source))) return true;
    return from.filter((source) => this.hasGiven(move, source)).length >= enoughOf(move);
  }

  private sourcesOf(move: Move, isUp: (id: MemberId) => boolean): MemberId[] {
    const { from, displaced } = move;
    const open = (sources: readonly MemberId[]): MemberId[] => sources.filter((id) => !this.hasGiven(move, id));
    if (displaced.length > 0 && open(displaced).every(isUp)) return open(displaced);
    const missing = enoughOf(move) - from.filter((source) => this.hasGiven(move, source)).length;
    // Who has given something already comes first.
    const able = open(from).filter(isUp);
    return able.sort((a, b) => this.positionOf(move, b) - this.positionOf(move, a)).slice(0, missing);
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
    const best = Math.max(...move.from.map((source) => this.positionOf(move, source)));
    return ((best - begin) / (endOf(move) - begin)) * 0.99;
  }
}

/** The position behind a range. */
export function endOf({ end }: Pick<Move, 'end'>): number {
  return (end + 1) * SLOT_SPAN;
}

/** Whether of those who hold a range so many can be reached that it can be taken over from them. */
export function areEnough(move: Move, isUp: (id: MemberId) => boolean): boolean {
  const { from, displaced } = move;
  return (displaced.length > 0 && displaced.every(isUp)) || from.filter(isUp).length >= enoughOf(move);
}

/**
 * Of so many who hold a range, one has whatever was acknowledged. That is known to be with so many that a majority of them meets it, and not always with a majority: a member that has left, with
 * nobody in its place, was one of those who acknowledged it.
 */
function enoughOf({ from, displaced }: Move): number {
  const majority = majorityOf(from.length);
  return Math.max(from.length - majority + 1, Math.min(majority, from.length - displaced.length));
}

function isOf(given: Given, { start, end, from }: Move): boolean {
  return given.start === start && given.end === end && from.includes(given.source);
}
