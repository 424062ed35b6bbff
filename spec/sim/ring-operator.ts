/**
 * Who runs a ring: adds members, takes them out, replaces those whose disks are lost, and changes his mind, while faults go on.
 *
 * What he may do is bounded by what is promised, with three replicas of everything (lib/cluster/topology/ring-change.ts):
 *
 *  1. One disk is lost at a time. What was acknowledged is on two of three replicas: with one of them lost, one is left. So a second one must not go before the first member is out of
 *     the ring, and that change is at its end: only then is it known that whoever took its place has all that two others had, and that what was acknowledged is on two again.
 *     Other changes may be under way when the disk is lost, and the member may be joining or leaving.
 *  2. A disk is lost only while there are three members at least that are up, not leaving: of fewer, two replicas are all there are, and of two voters, none may be lost.
 *  3. Nobody is taken out of a ring of three, but one whose place somebody takes.
 */

import type { MemberId } from '../../lib/cluster/ring/member.js';
import { isChanging } from '../../lib/cluster/topology/ring-change.js';
import { Counts } from './counts.js';
import type { Machine } from './machine.js';
import type { ResizedRing } from './resized-ring.js';
import type { SeededRandom } from './seeded-random.js';
import type { World } from './world.js';

const MEMBERS_LEAST = 3;
/** Between two looks at how far something is. */
const LOOK_MS = 1000;
/** A change has begun after so many looks, or will not soon; it is aborted so long after that, at most. */
const BEGIN_LOOKS = 40;
const BEGIN_LOOK_MS = 50;
const ABORT_MS_MAX = 300;

export interface RingOperatorOptions {
  /** Machines at a time, at most. */
  readonly nodesMax: number;
  /** Between two things that he does, on average. */
  readonly everyMs: number;
  /** Whether disks are lost. */
  readonly losesDisks: boolean;
  /** Starts a machine that is new, or has a new disk. */
  readonly boot: (machine: Machine) => void;
}

export class RingOperator {
  /** What he has done himself. */
  readonly counts = new Counts();
  private readonly world: World;
  private readonly ring: ResizedRing;
  private readonly options: RingOperatorOptions;
  private readonly random: SeededRandom;
  /** Until what was lost last is made good. */
  private restoring: Promise<void> | undefined;

  constructor(world: World, ring: ResizedRing, options: RingOperatorOptions) {
    this.world = world;
    this.random = world.fork();
    this.ring = ring;
    this.options = options;
  }

  /** Resolves when the time is over, and what was lost is made good. */
  async run(untilUs: number): Promise<void> {
    for (;;) {
      await this.world.sleep(this.random.below(2 * this.options.everyMs));
      if (this.world.nowUs >= untilUs) break;
      await this.act();
    }
    await this.restoring;
  }

  private async act(): Promise<void> {
    switch (this.random.below(7)) {
      case 0:
      case 1:
        this.join();
        return;
      case 2:
        return this.leave();
      case 3:
        return this.remove();
      case 4:
        this.lose();
        return;
      default:
        return this.abort();
    }
  }

  private join(): void {
    if (this.ring.machines.length < this.options.nodesMax) this.options.boot(this.ring.add());
  }

  private async leave(): Promise<void> {
    if (this.canSpareOne) await this.ask(['RING', 'LEAVE']);
  }

  private async remove(): Promise<void> {
    const id = this.ring.idOf(this.one(this.ring.machines));
    if (id !== undefined && this.canSpareOne) await this.takeOut(id);
  }

  /** He changes his mind soon after something has begun. */
  private async abort(): Promise<void> {
    const { chronicle } = this.ring;
    if (this.canSpareOne) await this.leave();
    else this.join();
    for (let i = 0; i < BEGIN_LOOKS && !isChanging(chronicle.newest); i++) await this.world.sleep(BEGIN_LOOK_MS);
    await this.world.sleep(this.random.below(ABORT_MS_MAX));
    if (isChanging(chronicle.newest)) await this.ask(['RING', 'ABORT']);
  }

  private lose(): void {
    if (!this.options.losesDisks) return;
    const victim = this.one(this.ring.machines);
    const id = this.ring.idOf(victim);
    const { members } = this.ring.chronicle.newest;
    if (id === undefined || !members.some((member) => member.id === id)) return;
    if (this.restoring !== undefined || this.staying.length < MEMBERS_LEAST) return;
    // By a command (RING REPLACE) each second one.
    const isCommanded = this.counts.of('disks lost') % 2 === 1;
    this.counts.add('disks lost');
    const isTakenOut = this.canSpareOne && this.random.below(2) === 0;
    const comesBack = !isTakenOut && this.random.below(2) === 0 && !isCommanded;
    this.ring.loseDisk(victim, comesBack ? id : undefined);
    if (comesBack) this.options.boot(victim);
    const way = isTakenOut ? 'removed' : isCommanded ? 'commanded' : 'replaced';
    this.restoring = this.restore(id, way).then(() => (this.restoring = undefined));
  }

  /** Has a member that is lost replaced, or taken out, again and again until it is so. */
  private async restore(id: MemberId, way: 'removed' | 'commanded' | 'replaced'): Promise<void> {
    const { ring } = this;
    for (;;) {
      const { newest } = ring.chronicle;
      const member = newest.members.find((one) => one.id === id);
      if (member === undefined && !isChanging(newest)) {
        ring.stopReplacing(id);
        return;
      }
      if (member?.state === 'joining') await this.ask(['RING', 'ABORT']);
      else if (member !== undefined && way === 'removed') await this.takeOut(id);
      else if (member !== undefined && way === 'commanded') await this.replace(id);
      else if (member !== undefined && !ring.isReplaced(id)) this.options.boot(ring.add(id));
      await this.world.sleep(this.random.below(2 * LOOK_MS));
    }
  }

  /** Whoever joins next takes the place of a member; somebody is to join. */
  private async replace(id: MemberId): Promise<void> {
    const { ring } = this;
    if (isChanging(ring.chronicle.newest)) return;
    this.counts.add('replacements asked for');
    await this.ask(['RING', 'REPLACE', id]);
    if (!ring.hasNewcomer) this.options.boot(ring.add());
  }

  private async takeOut(id: MemberId): Promise<void> {
    this.ring.chronicle.noteRemoval(id);
    await this.ask(['RING', 'REMOVE', id, 'FORCE']);
  }

  /** Members that are to stay, as far as is known, and whose disks are there. */
  private get staying(): MemberId[] {
    const { machines, chronicle } = this.ring;
    const there = new Set(machines.map((machine) => this.ring.idOf(machine)));
    return chronicle.newest.members.filter(({ id, state }) => state === 'up' && there.has(id)).map(({ id }) => id);
  }

  private get canSpareOne(): boolean {
    return this.staying.length > MEMBERS_LEAST && !isChanging(this.ring.chronicle.newest);
  }

  /** What one of the nodes answers to that is not looked at: what matters is what becomes of the ring. */
  private async ask(words: readonly string[]): Promise<void> {
    const client = this.ring.client();
    await client.call(...words);
    client.close();
  }

  private one<T>(all: readonly T[]): T {
    return all[this.random.below(all.length)];
  }
}
