/**
 * Members of a ring that changes again and again, as far as what is acknowledged depends on it: who has which write, and has accepted what in consensus. Rings, moves, sources, quorums, and when a
 * change is at its end are the product's own; here is who hears of what when, and who is there. Nothing is repaired, and nobody keeps hints.
 */

import { expect } from 'chai';
import { SLOT_COUNT } from '../../../lib/base/position.js';
import type { MemberSets } from '../../../lib/cluster/consensus/quorum.js';
import { isMajority } from '../../../lib/cluster/consensus/quorum.js';
import { Level, majorityOf, replicasNeeded } from '../../../lib/cluster/coordination/consistency.js';
import { RingView } from '../../../lib/cluster/coordination/ring-view.js';
import type { MemberId, MemberState } from '../../../lib/cluster/ring/member.js';
import { isOfOwn, movesUnderWay } from '../../../lib/cluster/ring/moves.js';
import type { RingDocument } from '../../../lib/cluster/ring/ring-document.js';
import { encodeRing } from '../../../lib/cluster/ring/ring-document.js';
import { Ring } from '../../../lib/cluster/ring/ring.js';
import {
  aborted,
  finished,
  isChanging,
  whyNotLeave,
  withJoining,
  withLeaving,
} from '../../../lib/cluster/topology/ring-change.js';
import { checkSuccessor } from '../../../lib/cluster/topology/successor.js';
import { ChangeProgress } from '../../../lib/cluster/transfer/change-progress.js';
import type { FillState } from '../../../lib/cluster/transfer/change-progress.js';
import { FillPlan, endOf } from '../../../lib/cluster/transfer/fill-plan.js';
import { Counts } from '../../sim/counts.js';
import { someMember } from '../ring/some-rings.js';

/** Those that are looked at. */
const SLOTS = Array.from({ length: 6 }, (_, i) => Math.floor(((i + 0.5) * SLOT_COUNT) / 6));
const LEVELS = [Level.ONE, Level.QUORUM, Level.QUORUM, Level.ALL];

interface Write {
  readonly slot: number;
  readonly level: number;
  readonly coordinator: Node;
  /** The ring that it was sent by, and who has said that it has it. */
  ring: Ring;
  takers: Set<MemberId>;
  isAcknowledged: boolean;
  /** One of those who had it could not be reached at some time, or is lost. */
  isAtRisk: boolean;
}

class Node {
  readonly id: MemberId;
  isUp = true;
  /** It could not be reached since it has heard of a ring last. */
  wasAway = false;
  /** Its disk is lost. */
  isLost = false;
  /** What it acts by. */
  ring: Ring;
  readonly writes = new Set<Write>();
  /** By slot, the ballot of what it has accepted last; and the slots of which that is to be decided anew. */
  readonly accepted = new Map<number, number>();
  readonly moving = new Set<number>();
  plan = new FillPlan([]);
  progress: ChangeProgress;

  constructor(id: MemberId, ring: Ring) {
    this.id = id;
    this.ring = ring;
    this.progress = new ChangeProgress(ring, []);
  }

  /** It acts by a newer ring: what is not its own is given up, and what it takes over is taken over clean. */
  use(ring: Ring): void {
    this.ring = ring;
    this.wasAway = false;
    const index = ring.indexOf(this.id);
    const isKept = (slot: number): boolean => index !== undefined && ring.holds(index, slot);
    for (const write of this.writes) if (!isKept(write.slot)) this.writes.delete(write);
    for (const slot of this.accepted.keys()) if (!isKept(slot)) this.accepted.delete(slot);
    const all = ring.isChanging ? movesUnderWay(ring) : [];
    this.progress = new ChangeProgress(ring, all);
    this.plan = new FillPlan(all.filter(({ to }) => to === this.id));
    this.open();
  }

  /** It starts, with what it has noted. */
  restart(): void {
    const moves = movesUnderWay(this.ring).filter(({ to }) => to === this.id);
    this.plan = new FillPlan(moves, this.plan.notes);
    this.progress = new ChangeProgress(this.ring, movesUnderWay(this.ring));
    this.open();
  }

  get state(): FillState {
    const { isFilled } = this.plan;
    const isRewritten = this.moving.size === 0;
    return { isFilled, isRewritten, parts: 0, isRetired: true, hasSeenAll: this.progress.hasSeenAll };
  }

  private open(): void {
    this.moving.clear();
    for (const slot of this.accepted.keys()) if (setsOf(this.ring, slot).length > 1) this.moving.add(slot);
  }
}

export class ChangeWorld {
  readonly counts = new Counts();
  private ring: Ring;
  private readonly nodes = new Map<MemberId, Node>();
  private readonly writes: Write[] = [];
  private ballot = 0;
  /** By slot, the ballot of what was decided last. */
  private readonly decided = new Map<number, number>();

  constructor(document: RingDocument) {
    this.ring = new Ring(document);
    for (const { id } of document.members) this.nodes.set(id, new Node(id, this.ring));
  }

  /** Whose disk is lost, and who is a member yet: a number for `takeOut`, or `join`. */
  get lost(): number | undefined {
    const at = this.members.findIndex(({ isLost }) => isLost);
    return at < 0 ? undefined : at;
  }

  // What an operator does.

  /** Somebody joins, in the place of another one, if that is named. */
  join(zone: number, tokens: readonly number[], replaced?: number): void {
    const { document } = this.ring;
    const replaces = replaced === undefined ? undefined : this.member(replaced).id;
    if (isChanging(document)) return;
    if (replaces !== undefined && whyNotLeave(document, replaces) !== undefined) return;
    const { id, address } = someMember(document.nextOrdinal, [1]);
    const taken = new Set(document.members.flatMap((member) => member.tokens));
    const own = [...new Set(tokens)].filter((token) => !taken.has(token)).sort((a, b) => a - b);
    if (own.length === 0) return;
    const candidate = { id, address, zone: `zone${zone}`, tokenCount: own.length };
    if (this.decide(withJoining(document, candidate, replaces, own))) this.nodes.set(id, new Node(id, this.ring));
    this.nodes.get(id)?.use(this.ring);
  }

  takeOut(at: number): void {
    const { document } = this.ring;
    const { id } = this.member(at);
    if (whyNotLeave(document, id) === undefined) this.decide(withLeaving(document, id));
  }

  abort(): void {
    const { document } = this.ring;
    if (!isChanging(document)) return;
    if (this.decide(aborted(document))) this.counts.add('aborted');
  }

  // What becomes of nodes.

  setUp(at: number, isUp: boolean): void {
    const node = this.member(at);
    if (node.isLost) return;
    if (isUp && !node.isUp && node.ring.isChanging) node.restart();
    if (isUp) node.isUp = true;
    else this.leaveAlone(node);
  }

  /** A disk is lost, if all others are there: and nobody's is before that member is out of the ring. */
  lose(at: number): void {
    const node = this.member(at);
    const { members, replicaCount } = this.ring.document;
    if (this.lost !== undefined || replicaCount < 2 || this.ring.indexOf(node.id) === undefined) return;
    if (members.filter(({ state }) => state === 'up').length < 3) return;
    node.isLost = true;
    this.leaveAlone(node);
    this.counts.add('lost');
  }

  learn(at: number): void {
    const node = this.member(at);
    if (node.isUp && node.ring !== this.ring) node.use(this.ring);
  }

  /** A node that is to be filled is given something. */
  pull(at: number): boolean {
    const node = this.member(at);
    const isUp = (id: MemberId): boolean => this.nodes.get(id)?.isUp === true;
    const wanted = node.isUp ? node.plan.wanted(isUp) : [];
    const next = wanted.find(({ source }) => this.nodes.get(source)?.ring === node.ring);
    const source = next && this.nodes.get(next.source);
    if (next === undefined || source === undefined) return false;
    const { move } = next;
    for (const write of source.writes) if (move.start <= write.slot && write.slot <= move.end) node.writes.add(write);
    node.plan.note(move, source.id, endOf(move));
    if (isOfOwn(move)) this.counts.add('given to who stays');
    return true;
  }

  /** A node says how far it is to those of the others that `hears` names, and itself. */
  tell(at: number, hears: (index: number) => boolean): void {
    const node = this.member(at);
    if (!node.isUp) return;
    this.members.forEach((other, index) => {
      if (other === node || (hears(index) && other.isUp && other.ring === node.ring))
        other.progress.note(node.id, other === node ? { ...node.state, hasSeenAll: false } : node.state);
    });
  }

  /** A node proposes the end of the change, if that is due. */
  end(at: number): void {
    const node = this.member(at);
    if (!node.isUp || node.ring !== this.ring || !this.ring.isChanging) return;
    if (node.progress.awaited((id) => this.nodes.get(id)?.isUp === true).size > 0) return;
    const { document } = this.ring;
    const [joins, leaves] = (['joining', 'leaving'] as const).map((one) =>
      document.members.some(({ state }) => state === one),
    );
    const leaver = document.members.find(({ state }) => state === 'leaving');
    const wasLost = leaver !== undefined && this.nodes.get(leaver.id)?.isLost === true;
    const kind = joins && leaves ? 'replaced' : joins ? 'joined' : wasLost ? 'removed' : 'left';
    if (this.decide(finished(document))) {
      this.counts.add(kind);
      if (document.replicaCount === 2 && wasLost) this.counts.add('one of two replicas lost');
    }
  }

  /** Lets some do all that is to be done; rounds of consensus come to nothing, unless `decides`. */
  settle(acts: (index: number) => boolean, decides: boolean): void {
    const active = this.members.flatMap((_, index) => (acts(index) ? [index] : []));
    for (const at of active) this.learn(at);
    for (let round = 0; round < 2; round++) {
      for (const at of active) {
        while (this.pull(at));
        for (const slot of decides ? [...this.member(at).moving] : [])
          this.propose(at, SLOTS.indexOf(slot), acts, acts);
      }
      for (const at of active) this.tell(at, acts);
    }
    for (const at of active) this.end(at);
  }

  // What clients do.

  write(slotAt: number, levelAt: number, at: number, takes: (index: number) => boolean): void {
    const coordinator = this.member(at);
    const { ring } = coordinator;
    if (!coordinator.isUp || ring.indexOf(coordinator.id) === undefined) return;
    const slot = SLOTS[slotAt % SLOTS.length];
    const level = LEVELS[levelAt % LEVELS.length];
    const write = {
      slot,
      level,
      coordinator,
      ring,
      takers: new Set<MemberId>(),
      isAcknowledged: false,
      isAtRisk: false,
    };
    this.writes.push(write);
    this.deliver(write, takes);
  }

  /** Writes that are under way reach more replicas; those of a node that acts by another ring by now are sent anew. */
  deliverMore(takes: (index: number) => boolean): void {
    for (const write of this.writes) {
      const { coordinator } = write;
      if (write.isAcknowledged || !coordinator.isUp) continue;
      if (write.ring !== coordinator.ring) {
        write.ring = coordinator.ring;
        write.takers = new Set();
      }
      this.deliver(write, takes);
    }
  }

  /** A round of consensus about a slot's key; those who hear PREPARE, and ACCEPT. What it learns is what was decided (`check`). */
  propose(at: number, slotAt: number, promises: (index: number) => boolean, accepts: (index: number) => boolean): void {
    const proposer = this.member(at);
    if (!proposer.isUp || proposer.ring.indexOf(proposer.id) === undefined) return;
    const slot = SLOTS[slotAt % SLOTS.length];
    const { ring } = proposer;
    const sets = this.viewOf(proposer).acceptorsOf(slot);
    const hear = (hears: (index: number) => boolean): Node[] =>
      this.members.filter(
        (node, index) => node.isUp && node.ring === ring && hears(index) && sets.flat().includes(node.id),
      );
    const promised = hear(promises);
    if (!isMajority(sets, (id) => promised.some((node) => node.id === id))) return;
    const ballot = ++this.ballot;
    const accepted = hear(accepts);
    for (const node of accepted) node.accepted.set(slot, ballot);
    if (!isMajority(sets, (id) => accepted.some((node) => node.id === id))) return;
    this.decided.set(slot, ballot);
    for (const node of accepted) node.moving.delete(slot);
  }

  // What must be true.

  /**
   * What was acknowledged is with a majority of the replicas, those included that are lost; with more or fewer, if more or fewer have acknowledged it. And whoever asks a majority, by whatever ring he
   * acts, hears of it, and of what was decided.
   */
  check(): void {
    const acknowledged = this.writes.filter(({ isAcknowledged }) => isAcknowledged);
    for (const write of acknowledged) this.checkHolders(write);
    const askers = new Map(this.members.filter(({ isUp }) => isUp).map((node) => [node.ring, node]));
    for (const [ring, asker] of askers) {
      if (ring.indexOf(asker.id) === undefined) continue;
      for (const write of acknowledged) {
        const { slot, level } = write;
        if (level === Level.ONE) continue;
        this.checkAsked(ring, setsOf(ring, slot), ({ writes }) => writes.has(write));
      }
      for (const [slot, ballot] of this.decided) {
        const sets = this.viewOf(asker).acceptorsOf(slot);
        this.checkAsked(ring, sets, ({ accepted }) => (accepted.get(slot) ?? 0) >= ballot);
      }
    }
  }

  private checkHolders(write: Write): void {
    const { slot, level, isAtRisk } = write;
    const replicas = this.ring.replicas(slot);
    const needed = level === Level.ONE && isAtRisk ? 0 : replicasNeeded(level, replicas.length);
    let count = 0;
    for (const index of replicas) if (this.nodes.get(this.ring.members[index].id)?.writes.has(write) === true) count++;
    if (count < needed) throw new Error(`${count} of ${replicas.length} have a write to slot ${slot}, not ${needed}`);
  }

  /** Of those who act by a ring, no majority of each of these sets is without one that knows something. */
  private checkAsked(ring: Ring, sets: MemberSets, knows: (node: Node) => boolean): void {
    const isIgnorant = (id: MemberId): boolean => {
      const node = this.nodes.get(id);
      return node?.isUp === true && node.ring === ring && !knows(node);
    };
    if (isMajority(sets, isIgnorant)) throw new Error(`a majority in epoch ${ring.document.epoch} knows nothing of it`);
  }

  /** Each slot has replicas in as many zones as it can, now and after the change. */
  private checkZones(): void {
    const { ring } = this;
    const zonesOf = (members: readonly number[]): number => new Set(members.map((one) => ring.members[one].zone)).size;
    const placed = (not: MemberState): number =>
      zonesOf(ring.members.flatMap(({ state }, i) => (state === not ? [] : [i])));
    const [now, next] = [placed('joining'), placed('leaving')];
    for (const slot of SLOTS) {
      const [replicas, nextReplicas] = [[...ring.replicas(slot)], [...ring.nextReplicas(slot)]];
      expect(zonesOf(replicas), `zones of slot ${slot}`).to.equal(Math.min(replicas.length, now));
      expect(zonesOf(nextReplicas), `zones of slot ${slot}, next`).to.equal(Math.min(nextReplicas.length, next));
    }
  }

  private deliver(write: Write, takes: (index: number) => boolean): void {
    const { ring, slot, level, takers } = write;
    const sets = setsOf(ring, slot);
    this.members.forEach((node, index) => {
      if (!node.isUp || node.ring !== ring || !takes(index) || !sets.flat().includes(node.id)) return;
      node.writes.add(write);
      write.isAtRisk ||= node.wasAway;
      takers.add(node.id);
    });
    const isEnough = (set: readonly MemberId[]): boolean =>
      set.filter((id) => takers.has(id)).length >= replicasNeeded(level, set.length);
    if (!sets.every(isEnough)) return;
    write.isAcknowledged = true;
    this.counts.add('acknowledged');
  }

  private leaveAlone(node: Node): void {
    node.isUp = false;
    node.wasAway = true;
    for (const write of node.writes) write.isAtRisk = true;
  }

  /** A majority of the voters decides, if it is there. */
  private decide(next: RingDocument): boolean {
    const { document } = this.ring;
    const there = document.voters.filter((id) => this.nodes.get(id)?.isUp === true);
    if (there.length < majorityOf(document.voters.length)) return false;
    this.ring = new Ring(checkSuccessor(document, encodeRing(next)));
    this.checkZones();
    return true;
  }

  private member(at: number): Node {
    const { members } = this;
    return members[at % members.length];
  }

  private viewOf({ ring, id }: Node): RingView {
    return new RingView(ring, id, (other) => this.nodes.get(other)?.isUp === true);
  }

  /** All that anybody may take for members, those included that are none any more, and have not heard of it. */
  private get members(): Node[] {
    const ids = new Set(this.ring.members.map(({ id }) => id));
    return [...this.nodes.values()].filter((node) => ids.has(node.id) || (node.ring !== this.ring && !node.isLost));
  }
}

/** The replicas of a slot, and those that it will have, if these are others. */
function setsOf(ring: Ring, slot: number): MemberId[][] {
  const { current, next } = ring.groups[ring.groupOf(slot)];
  return (current === next ? [current] : [current, next]).map((set) =>
    Array.from(set, (index) => ring.members[index].id),
  );
}
