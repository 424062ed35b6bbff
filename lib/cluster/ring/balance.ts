import { SLOT_COUNT } from '../../base/position.js';
import { fairReplicas } from './fair-share.js';
import { PreferenceLists } from './preference-list.js';
import type { TokenCircle } from './token-circle.js';

/**
 * What each member of a circle holds, and how uneven that is, kept up while tokens come and go.
 *
 * A token changes the lists of its own range and of ranges before it, back to where a walk ends before it comes to the token,
 * or comes to another of the same member first: a few ranges, whatever the size of the ring.
 */
export class Balance {
  /** Slots of which each member is the first replica. */
  readonly firsts: Float64Array;
  /** Slots of which each member is a replica, the first or another. */
  readonly replicas: Float64Array;
  /** The sum of the squares of all relative deviations from the fair shares. */
  cost = 0;

  private readonly circle: TokenCircle;
  private readonly lists: PreferenceLists;
  private readonly list: Uint16Array;
  private readonly fairFirsts: number;
  private readonly fairReplicas: readonly number[];
  /** The tokens before the one in question whose lists depend on it. */
  private readonly dependents: number[] = [];

  /** `zones` has the zone of each member. REQUIRES: all of them have tokens on the circle, now and after each change. */
  constructor(circle: TokenCircle, zones: readonly string[], replicaCount: number) {
    this.circle = circle;
    this.lists = new PreferenceLists(circle, zones, replicaCount);
    this.list = new Uint16Array(this.lists.length);
    this.firsts = new Float64Array(zones.length);
    this.replicas = new Float64Array(zones.length);
    this.fairFirsts = SLOT_COUNT / zones.length;
    this.fairReplicas = fairReplicas(zones, replicaCount);
    // With nothing held yet, each member is off by all of its two shares.
    this.cost = 2 * zones.length;
    const start = circle.tokenOf(0);
    let token = start;
    do {
      this.count(token, circle.rangeLength(token), 1);
      token = circle.after(token);
    } while (token !== start);
  }

  add(token: number, member: number): void {
    const { circle } = this;
    this.findDependents(token, member);
    this.countDependents(token, -1);
    circle.add(token, member);
    this.countDependents(token, 1);
  }

  remove(token: number): void {
    const { circle } = this;
    this.findDependents(token, circle.ownerAt(token));
    this.countDependents(token, -1);
    circle.remove(token);
    this.countDependents(token, 1);
  }

  private findDependents(token: number, member: number): void {
    const { circle, lists, list, dependents } = this;
    dependents.length = 0;
    for (let before = circle.before(token); before !== token; before = circle.before(before)) {
      if (circle.ownerAt(before) === member) return;
      if (dependents.length === circle.tokenCount) return;
      if (lists.fill(before, list) <= dependents.length + 1) return;
      dependents.push(before);
    }
  }

  private countDependents(token: number, sign: number): void {
    const { circle, dependents } = this;
    // Without a token there, its range is part of the next one's.
    this.count(circle.tokenOf(token), (token - circle.before(token)) & (SLOT_COUNT - 1), sign);
    for (let i = 0; i < dependents.length; i++) this.count(dependents[i], circle.rangeLength(dependents[i]), sign);
  }

  private count(token: number, slots: number, sign: number): void {
    const { lists, list, firsts, replicas, fairFirsts } = this;
    lists.fill(token, list);
    this.cost += costOfChange(firsts[list[0]], fairFirsts, sign * slots);
    firsts[list[0]] += sign * slots;
    for (let i = 0; i < list.length; i++) {
      const member = list[i];
      this.cost += costOfChange(replicas[member], this.fairReplicas[member], sign * slots);
      replicas[member] += sign * slots;
    }
  }
}

/** How much more ((held - fair) / fair)^2 is after `held` has grown by `change`. */
function costOfChange(held: number, fair: number, change: number): number {
  return (change * (2 * (held - fair) + change)) / (fair * fair);
}
