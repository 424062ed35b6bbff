import type {
  LedRange,
  ReadLevel,
  ReplicaKnowledge,
  RingFigures,
  RingInfo,
  RingMember,
} from '../../commands/ring-ports.js';
import type { Consistency } from '../../cluster/coordination/consistency.js';
import { Level, majorityOf, replicasNeeded } from '../../cluster/coordination/consistency.js';
import type { ClockWatch } from '../../cluster/coordination/clock-watch.js';
import type { RingView } from '../../cluster/coordination/ring-view.js';
import type { Digest } from '../../cluster/coordination/state-messages.js';
import type { Member } from '../../cluster/ring/member.js';
import { readLevels } from '../level-words.js';
import type { RingDocument } from '../../cluster/ring/ring-document.js';
import { aborted, isChanging, whyNotLeave, withLeaving } from '../../cluster/topology/ring-change.js';
import type { RingMembership } from './ring-membership.js';
import type { RingPart } from './ring-part.js';

/** The ring as commands see it. */
export class RingPort implements RingInfo {
  private readonly part: RingPart;
  private readonly membership: RingMembership;
  private readonly clockWatch: ClockWatch;

  constructor(part: RingPart, membership: RingMembership, clockWatch: ClockWatch) {
    this.part = part;
    this.membership = membership;
    this.clockWatch = clockWatch;
  }

  get self(): string {
    return this.membership.self;
  }

  get clusterId(): string {
    return this.view.ring.document.clusterId;
  }

  get generation(): number {
    return this.view.ring.document.generation;
  }

  get epoch(): number {
    return this.view.ring.document.epoch;
  }

  get replicaCount(): number {
    return this.view.replicaCount;
  }

  get figures(): RingFigures {
    const { coordinator, refresher, replicator, hints, versioned, antiEntropy } = this.part;
    return {
      forwardedRequests: coordinator.forwards.count,
      refusedRequests: coordinator.refusals.count,
      refreshedKeys: refresher.refreshedCount,
      differingKeys: refresher.differedCount,
      lateRepairs: refresher.lateRepairCount,
      readTimeouts: refresher.timeoutCount,
      writeTimeouts: replicator.timeoutCount,
      restampedWrites: replicator.putAgainCount,
      unacknowledgedBytes: replicator.pendingBytes,
      staleMessages: versioned.staleCount,
      clockAheadMessages: versioned.aheadCount,
      clockErrorMs: Math.round(this.clockWatch.errorMs),
      decidedKeys: this.part.consensus.size,
      decidedBytes: this.part.consensus.usedBytes,
      hints: hints.figures,
      repair: antiEntropy.figures,
      transferredOutBytes: this.part.resize.sentBytes,
      transferredInBytes: this.part.resize.takenBytes,
      givenUpSlots: this.part.slots.leftCount,
      givenUpBytes: this.part.slots.leftBytes,
    };
  }

  get changeWaitsFor(): string[] {
    return [...this.part.resize.waitsFor, ...this.part.rejoining.waitsFor];
  }

  get toBeReplaced(): string | undefined {
    return isChanging(this.view.ring.document) ? undefined : this.membership.toBeReplaced;
  }

  repair(): void {
    this.part.antiEntropy.repair();
  }

  members(): RingMember[] {
    const { members } = this.view.ring;
    const held = new Array<number>(members.length).fill(0);
    const led = new Array<number>(members.length).fill(0);
    for (const { start, end, replicas } of this.view.ring.ranges) {
      for (const member of replicas) held[member] += end - start + 1;
      const leader = this.view.firstLive(start);
      if (leader >= 0) led[leader] += end - start + 1;
    }
    return members.map((member, index) => this.memberOf(member, index, held[index], led[index]));
  }

  ranges(): LedRange[] {
    const ranges: LedRange[] = [];
    for (const { start, end } of this.view.ring.ranges) {
      const leader = this.view.firstLive(start);
      const last = ranges.at(-1);
      if (last?.leader === leader) ranges[ranges.length - 1] = { start: last.start, end, leader };
      else ranges.push({ start, end, leader });
    }
    return ranges;
  }

  health(): { ok: number; degraded: number; lost: number } {
    const health = { ok: 0, degraded: 0, lost: 0 };
    const majority = majorityOf(this.replicaCount);
    for (const { start, end } of this.view.ring.ranges) {
      const live = this.view.liveCount(start);
      const state = live >= majority ? 'ok' : live > 0 ? 'degraded' : 'lost';
      health[state] += end - start + 1;
    }
    return health;
  }

  replicas(slot: number): number[] {
    return [...this.view.ring.replicas(slot)];
  }

  leader(slot: number): number {
    return this.view.firstLive(slot);
  }

  settledUpToMs(slot: number): number {
    return this.part.settledUpToMs(slot);
  }

  digest(key: Buffer): string | undefined {
    const digest = this.part.entries.digest(key);
    return digest && digestText(digest);
  }

  readAt(consistency: string): ReadLevel {
    const quorum: Consistency = { read: Level.QUORUM, write: Level.QUORUM };
    const levels = readLevels(consistency.split(' '), quorum);
    const { read, write } = typeof levels === 'string' ? quorum : levels;
    return {
      needed: replicasNeeded(read, this.replicaCount),
      majority: majorityOf(this.replicaCount),
      isDecided: write === Level.LINEARIZABLE && this.replicaCount > 1,
    };
  }

  async inquire(key: Buffer): Promise<Map<number, ReplicaKnowledge | undefined>> {
    const known = await this.part.inquire(key);
    return new Map(
      [...known].map(([index, summary]) => [index, summary && { ...summary, digest: digestText(summary.digest) }]),
    );
  }

  takeOut(id: string): Promise<string | undefined> {
    const { document } = this.view.ring;
    const reason = whyNotLeave(document, id);
    return reason === undefined ? this.change(withLeaving(document, id)) : Promise.resolve(reason);
  }

  replace(id: string): Promise<string | undefined> {
    return new Promise((resolve) => {
      this.membership.replace(id, resolve);
    });
  }

  abortChange(): Promise<string | undefined> {
    const { document } = this.view.ring;
    if (isChanging(document)) return this.change(aborted(document));
    if (this.toBeReplaced === undefined) return Promise.resolve('the ring is not being changed');
    return new Promise((resolve) => {
      this.membership.replaceNobody(resolve);
    });
  }

  private change(next: RingDocument): Promise<string | undefined> {
    return new Promise((resolve) => {
      this.membership.change(this.view.ring.document, next, resolve);
    });
  }

  private get view(): RingView {
    return this.part.view;
  }

  private memberOf(member: Member, index: number, heldSlots: number, ledSlots: number): RingMember {
    const { id, ordinal, zone, tokens } = member;
    const address = this.membership.addressOf(id);
    const { liveness, link } = this.membership.peer(id);
    return {
      id,
      ordinal,
      zone,
      state: member.absence ?? member.state,
      liveness,
      isUp: this.view.isUp(index),
      isSelf: id === this.self,
      isVoter: this.view.ring.document.voters.includes(id),
      host: address.host,
      port: address.port,
      tlsPort: address.tlsPort,
      busPort: address.busPort,
      tokenCount: tokens.length,
      heldSlots,
      ledSlots,
      filled: this.part.resize.progressOf(id),
      link,
      hintCount: this.part.hints.countFor(id),
    };
  }
}

function digestText({ high, low }: Digest): string {
  return hex(high) + hex(low);
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
