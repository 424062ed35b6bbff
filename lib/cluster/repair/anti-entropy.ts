/**
 * Keeps the replicas of each slot equal, without anybody reading: what was lost on its way to one of them, or by it, is found by comparing sums of digests, and brought there.
 *
 *  1. A round compares what this node holds with each member that has something in common with it: by itself once in `repair-interval`, with those behind it in the ring, so that
 *     no two do so twice; when it is asked to (RING REPAIR), and soon after the start, with all.
 *  2. Whoever is compared with begins a round of his own, if the last one is not recent: so rounds of all fall together, and what is summed up serves several.
 *  3. What damaged tables held is had from all others that hold the same slots and can be reached, if these are enough (restore-sources.ts); then the tables go. That begins at once, and is tried again until it
 *     is done.
 *  4. If nothing has changed since the last time, nothing is read, and two kilobytes are sent for each other member.
 *  5. Nobody compares with a member that was away for too long (topology/absence.ts); nor does such a member, but to offer what it has (`offer`).
 *  6. With it, slots are settled in which keys were deleted (closer.ts), and consensus forgets deleted keys (key-forgetter.ts).
 */

import { AssertionError } from '../../base/assert.js';
import type { RepairFigures } from '../../commands/ring-ports.js';
import { slotOf } from '../../base/position.js';
import { stampMs } from '../../base/stamp.js';
import type { Disk, Random } from '../../host/ports.js';
import type { PayloadBuffer } from '../bus/payload-buffer.js';
import type { PayloadReader } from '../bus/payload-reader.js';
import { majorityOf } from '../coordination/consistency.js';
import type { MemberLinks } from '../coordination/ports.js';
import { MessageKind } from '../message-kind.js';
import type { MemberId } from '../ring/member.js';
import type { Ring } from '../ring/ring.js';
import type { Outflow } from './closer.js';
import { SlotCloser } from './closer.js';
import type { Closing } from './closing.js';
import { CommonSlots } from './common-slots.js';
import { DigestTrees } from './digest-trees.js';
import type { ExchangeFigures } from './exchange.js';
import { Exchange, takeDifference, writeRange } from './exchange.js';
import type { ForgettingConsensus } from './key-forgetter.js';
import { KeyForgetter } from './key-forgetter.js';
import type { DamagedTables, DigestedData, RepairStore } from './ports.js';
import { RepairCalls, RepairFailedError } from './repair-calls.js';
import { Wanted, readNumber } from './repair-messages.js';
import { RepairResponder } from './repair-responder.js';
import { RestoreSources } from './restore-sources.js';
import type { SlotBounds } from './slot-bounds.js';
import { Throttle } from './throttle.js';

/** The first round comes soon after the start: something may have been lost before. */
const FIRST_ROUND_MS_MAX = 60_000;
/** Others, or the disk, are given so long to take what was removed; the rest is met in a later round. */
const REMOVAL_PATIENCE_MS = 10_000;
/** After what could not be restored. */
const RESTORE_REST_MS = 2000;

export interface AntiEntropyOptions {
  readonly disk: Disk;
  /** The data directory. */
  readonly directory: string;
  readonly store: RepairStore;
  readonly bounds: SlotBounds;
  readonly outflow: Outflow;
  /** See SlotCloserOptions. */
  readonly oldStamp: () => number;
  readonly links: MemberLinks;
  readonly self: MemberId;
  /** The ring that this node acts by. */
  readonly ring: () => Ring;
  readonly isUp: (member: MemberId) => boolean;
  /** Whether this node has its data, and may tell of it. */
  readonly isServing: () => boolean;
  readonly random: Random;
  /** Milliseconds since an arbitrary start. */
  readonly nowMs: () => number;
  /** 0: never by itself. */
  readonly intervalMs: () => number;
  /** How long a key that is read is waited for. */
  readonly timeoutMs: () => number;
  /** 0: no limit. */
  readonly bytesPerSecond: () => number;
  /** Whether slots are settled (closer.ts). */
  readonly settlesSlots: () => boolean;
  /** Forgets what is deleted. */
  readonly consensus: ForgettingConsensus;
  /** Work of the loop's turn begins. */
  readonly onWork: () => void;
  /** A line for the server's log. */
  readonly report: (line: string) => void;
}

interface Round {
  /** With all other members, not only with those behind this one. */
  readonly withAll: boolean;
  /** Of what there is now. */
  readonly fresh: boolean;
  readonly damaged: DamagedTables | undefined;
}

export class AntiEntropy {
  private readonly options: AntiEntropyOptions;
  private readonly trees: DigestTrees;
  private readonly throttle: Throttle;
  private readonly calls: RepairCalls;
  private readonly responder: RepairResponder;
  private readonly closer: SlotCloser;
  private readonly forgetter: KeyForgetter;
  private readonly sources: RestoreSources;
  private readonly found: ExchangeFigures = { leavesDiffering: 0, keysDiffering: 0, keysReceived: 0, keysSent: 0 };
  /** What this node has in common with others, in the ring `commonRing`. */
  private readonly common = new Map<MemberId, CommonSlots>();
  private commonRing: Ring | undefined;
  private running: Round | undefined;
  private isWanted = false;
  private isAsked = false;
  private isFirst = true;
  /** When the next round is due; undefined: there are none by themselves. */
  private nextMs: number | undefined;
  private restUntilMs = 0;
  private lastEndMs: number | undefined;
  private rounds = 0;
  private exchanges = 0;
  private failures = 0;
  private lastError = '';
  private lastDivergence = 0;
  private offeredKeys = 0;
  private restoredTables = 0;
  private restoredKeys = 0;
  private isStopped = false;
  /** What was summed up when all was removed that had expired by then. */
  private expired: DigestedData | undefined;
  private ticked: (() => void)[] = [];

  constructor(options: AntiEntropyOptions) {
    const { store, links, nowMs, onWork, bytesPerSecond, random, disk, directory, self, ring } = options;
    this.options = options;
    this.trees = new DigestTrees(store, nowMs);
    this.sources = new RestoreSources(disk, directory, self, ring());
    this.throttle = new Throttle(bytesPerSecond, nowMs);
    this.calls = new RepairCalls({ links, throttle: this.throttle, nowMs, onWork });
    this.closer = new SlotCloser({ ...options, trees: this.trees, calls: this.calls, incarnation: random.uint32() });
    this.forgetter = new KeyForgetter({ ...options, calls: this.calls });
    this.responder = new RepairResponder({
      store,
      links,
      onWork,
      trees: this.trees,
      throttle: this.throttle,
      commonWith: (member) => this.commonWith(member),
      isAbsent: (member) => options.ring().absent.has(member),
      onCompared: (isAsked) => {
        if (!isAsked) this.join();
      },
    });
  }

  get figures(): RepairFigures {
    const { trees, calls, responder, options, found } = this;
    const { bounds } = options;
    return {
      ...found,
      keysSent: found.keysSent + responder.sentKeys,
      state: this.state,
      rounds: this.rounds,
      exchanges: this.exchanges,
      failures: this.failures,
      lastError: this.lastError,
      lastRoundAgoSeconds: this.lastEndMs === undefined ? -1 : Math.floor((options.nowMs() - this.lastEndMs) / 1000),
      lastDivergence: this.lastDivergence,
      treesBuilt: trees.builtCount,
      treesReused: trees.reusedCount,
      treeKeys: trees.keyCount,
      treeReadBytes: trees.readBytes,
      sentBytes: calls.sentBytes + responder.sentBytes,
      receivedBytes: calls.receivedBytes,
      damagedTables: options.store.damaged?.ids.length ?? 0,
      restoredTables: this.restoredTables,
      restoredKeys: this.restoredKeys,
      restoreWaitsFor: this.restoreWaitsFor,
      closings: this.closer.closings,
      settledSlots: this.closer.settledSlots,
      settledUpToMs: bounds.dead.highest === 0 ? 0 : stampMs(bounds.dead.highest),
      offeredKeys: this.offeredKeys,
      deletesDropped: options.store.deletesDropped,
      marksDropped: options.store.marksDropped,
      deletedDecisions: this.forgetter.deletedKeys,
      forgottenDecisions: this.forgetter.forgottenKeys,
    };
  }

  /** Compares everything with all other members, as soon as it can. */
  repair(): void {
    this.isWanted = this.isAsked = true;
    this.look();
  }

  /** Called of each ring that this node acts by, before anything is taken by it. */
  useRing(): void {
    this.sources.useRing(this.options.ring());
  }

  /** Takes over what the other replicas have of a key that cannot be read here. Rejects with RepairFailedError if too few of them can be asked (restore-sources.ts). */
  async restoreKey(key: Buffer): Promise<void> {
    const { store, ring, self, isUp, timeoutMs } = this.options;
    const position = store.positionOf(key);
    const range = { start: position, end: position + 1, states: [] };
    const begun = ring();
    const replicas = begun.replicas(slotOf(key, 0, key.length));
    const others = Array.from(replicas, (index) => begun.members[index].id).filter((id) => id !== self);
    const told: Buffer[] = [];
    const answered = new Set<MemberId>();
    const asked = others.filter(isUp).map(async (member) => {
      const urgency = { timeoutMs: timeoutMs() };
      await this.closer.share(member, (slot) => this.commonWith(member).has(slot), urgency);
      const write = (payload: PayloadBuffer): void => {
        payload.byte(Wanted.EVERYTHING);
        writeRange(payload, range);
      };
      const answer = await this.calls.ask(member, MessageKind.COMPARE_KEYS, write, urgency);
      readNumber(answer);
      while (!answer.isAtEnd) {
        const { keys, batches } = takeDifference(answer, (batch) => {
          store.takeBack(batch);
        });
        told.push(...keys.flatMap((one, i) => (one.equals(key) ? batches[i] : [])));
      }
      answered.add(member);
    });
    await Promise.allSettled(asked);
    const slots = [slotOf(key, 0, key.length)];
    if (this.sources.missing(begun, slots, (id) => answered.has(id)) !== undefined) {
      throw new RepairFailedError(`a table is damaged, and of ${others.length} other replicas ${answered.size} answer`);
    }
    await store.forget(key, told);
    this.restoredKeys++;
  }

  /** Takes over the bounds of slots that a member holds, and whose data this node has taken over. Rejects with RepairFailedError and DiskError. */
  takeBounds(member: MemberId, isTaken: (slot: number) => boolean): Promise<void> {
    return this.closer.takeOver(member, isTaken);
  }

  /**
   * Has another member told what this node has, which was away for too long: that one takes what is not settled. Rejects with RepairFailedError, CorruptionError and DiskError. REQUIRES: this
   * node does not serve.
   */
  async offer(member: MemberId): Promise<void> {
    const { store, ring, report } = this.options;
    if (store.damaged !== undefined) {
      report('Tables are damaged: what this node has alone is lost, for it is rebuilt by others');
      return;
    }
    const { trees, calls } = this;
    const begun = ring();
    const check = (): void => {
      if (ring() !== begun || this.isStopped) throw new RepairFailedError('the ring has changed');
    };
    const figures = { leavesDiffering: 0, keysDiffering: 0, keysReceived: 0, keysSent: 0 };
    const parts = { store, trees, calls, member, common: this.commonWith(member), check, figures };
    await new Exchange({ ...parts, differing: new Set(), fresh: true, purpose: 'offer', isStrict: false }).run();
    this.offeredKeys += figures.keysSent;
  }

  /** A message of another member. */
  receive(kind: number, member: MemberId, reader: PayloadReader): void {
    if (kind === MessageKind.COMPARE_ROOTS) this.responder.onRoots(member, reader);
    else if (kind === MessageKind.COMPARE_SLOTS) this.responder.onSlots(member, reader);
    else if (kind === MessageKind.COMPARE_LEAVES) this.responder.onLeaves(member, reader);
    else if (kind === MessageKind.COMPARE_KEYS) this.responder.onKeys(member, reader);
    else if (kind === MessageKind.TAKE_ENTRIES) this.responder.onTake(member, reader);
    else if (kind === MessageKind.SETTLE) this.onSettle(member, reader.copyOfRest());
    else if (kind === MessageKind.FORGET) this.onForget(member, reader.copyOfRest());
    else if (kind === MessageKind.BOUNDS) this.onBounds(member, reader.copyOfRest());
    else this.calls.onAnswer(member, reader);
  }

  /** What was asked of a member may never be answered. */
  lost(member: MemberId): void {
    this.calls.lost(member);
  }

  /** Called some times a second. */
  tick(): void {
    this.throttle.tick();
    this.calls.tick();
    this.closer.tick();
    for (const go of this.ticked.splice(0)) go();
    this.look();
  }

  /** The node ends: no more is begun. */
  stop(): void {
    this.isStopped = true;
  }

  private get state(): RepairFigures['state'] {
    if (this.trees.isBuilding) return 'reading';
    if (this.running !== undefined) return this.running.damaged === undefined ? 'comparing' : 'restoring';
    return this.options.intervalMs() === 0 ? 'off' : 'idle';
  }

  /** Somebody else compares what he holds with this node. */
  private join(): void {
    const { nextMs } = this;
    if (nextMs !== undefined && nextMs - this.options.nowMs() < this.options.intervalMs() / 2) this.isWanted = true;
  }

  /** Whether a round is due. */
  private isDue(nowMs: number): boolean {
    const intervalMs = this.options.intervalMs();
    if (intervalMs === 0) this.nextMs = undefined;
    else if (this.nextMs === undefined) {
      this.nextMs = nowMs + (this.options.random.uint32() / 2 ** 32) * Math.min(intervalMs, FIRST_ROUND_MS_MAX);
    }
    // It may have been made shorter.
    else this.nextMs = Math.min(this.nextMs, nowMs + intervalMs);
    return this.nextMs !== undefined && nowMs >= this.nextMs;
  }

  private look(): void {
    const { isServing, nowMs, intervalMs } = this.options;
    if (this.running !== undefined || this.isStopped || !isServing()) return;
    const damaged = this.restorable();
    const now = nowMs();
    if (!this.isDue(now) && damaged === undefined && !this.isWanted) return;
    const round = { withAll: this.isAsked || this.isFirst, fresh: this.isAsked || damaged !== undefined, damaged };
    if (damaged === undefined) {
      this.isWanted = this.isAsked = this.isFirst = false;
      if (this.nextMs !== undefined) this.nextMs = now + intervalMs();
    }
    this.running = round;
    this.run(round).then(
      () => {
        this.running = undefined;
      },
      (error: unknown) => {
        this.running = undefined;
        throw error;
      },
    );
  }

  /** The damaged tables, if so many can be reached who hold what was in them as are enough. */
  private restorable(): DamagedTables | undefined {
    const { store, nowMs, isUp, ring } = this.options;
    const { damaged } = store;
    if (damaged === undefined || nowMs() < this.restUntilMs) return undefined;
    return this.missingOf(ring(), damaged, isUp) === undefined ? damaged : undefined;
  }

  /** Whom the restore of damaged tables waits for; empty: nobody in particular, or there are none. */
  private get restoreWaitsFor(): readonly MemberId[] {
    const { store, isUp, ring } = this.options;
    const missing = store.damaged && this.missingOf(ring(), store.damaged, isUp);
    return [...(missing ?? [])].filter((id) => !isUp(id));
  }

  /** Who is missing if these alone tell what damaged tables held, by a ring. Undefined: they are enough. */
  private missingOf(
    ring: Ring,
    damaged: DamagedTables,
    tells: (member: MemberId) => boolean,
  ): Set<MemberId> | undefined {
    const self = ring.indexOf(this.options.self) ?? -1;
    const slots: number[] = [];
    for (let slot = damaged.firstSlot; slot <= damaged.lastSlot; slot++) {
      if (ring.holds(self, slot)) slots.push(slot);
    }
    return this.sources.missing(ring, slots, tells);
  }

  private async run(round: Round): Promise<void> {
    const { self, ring, isUp } = this.options;
    const { withAll, damaged } = round;
    const begun = ring();
    const before = this.found.keysDiffering;
    const closing = damaged === undefined ? await this.beginClosing(round) : undefined;
    const told = new Set<MemberId>();
    for (const member of this.others(damaged)) {
      const isAsked = this.indexOf(member) > this.indexOf(self) || closing?.replicas.includes(member) === true;
      if (damaged === undefined && !withAll && !isAsked && !this.sources.isNews(ring(), member)) continue;
      if (isUp(member) && (await this.exchange(member, round, closing))) told.add(member);
    }
    if (closing !== undefined) await this.noteFailure(() => this.closer.finish(closing));
    if (damaged === undefined && this.options.settlesSlots()) await this.noteFailure(() => this.forgetter.run());
    if (damaged !== undefined) {
      // By a ring that has come meanwhile, others hold the same slots: with them less was compared.
      const isWhole = ring() === begun && this.missingOf(begun, damaged, (id) => told.has(id)) === undefined;
      const isDone = isWhole && (await this.noteFailure(() => this.dropDamaged(damaged)));
      if (!isDone) this.restUntilMs = this.options.nowMs() + RESTORE_REST_MS;
      return;
    }
    this.rounds++;
    this.lastEndMs = this.options.nowMs();
    this.lastDivergence = this.found.keysDiffering - before;
    await this.noteFailure(() => this.removeExpired());
  }

  /** Has removed what has expired on disk, where nobody meets it: of the slots that this node is the first live replica of. No more of it is read than can go: what is left is met in a later round. */
  private async removeExpired(): Promise<void> {
    const { store, self, isUp, ring } = this.options;
    const { current } = this.trees;
    if (current === undefined || current === this.expired) return;
    let isAll = true;
    for (const name of current.expired) {
      const key = Buffer.from(name, 'latin1');
      const { members } = ring();
      const replicas = Array.from(ring().replicas(slotOf(key, 0, key.length)), (index) => members[index].id);
      const live = replicas.filter((id) => id === self || isUp(id));
      if (live.at(0) !== self) continue;
      if (live.length < majorityOf(replicas.length)) {
        isAll = false;
        continue;
      }
      if (!(await this.mayRemove()) || store.damaged !== undefined) return;
      await store.expire(key);
    }
    if (isAll) this.expired = current;
  }

  /** Resolves when what was removed so far is on its way; with false if that takes too long, or this node ends. */
  private async mayRemove(): Promise<boolean> {
    const { store, nowMs } = this.options;
    const untilMs = nowMs() + REMOVAL_PATIENCE_MS;
    while (store.isBehind && !this.isStopped && nowMs() < untilMs) {
      await new Promise<void>((resolve) => this.ticked.push(resolve));
    }
    return !store.isBehind && !this.isStopped;
  }

  /** Closes slots, if there is reason to. What was summed up the last time says of which. */
  private async beginClosing({ fresh }: Round): Promise<Closing | undefined> {
    if (!this.options.settlesSlots()) return undefined;
    let closing: Closing | undefined;
    await this.noteFailure(async () => {
      const data = fresh ? await this.trees.get(true) : this.trees.current;
      closing = data && (await this.closer.begin(data));
    });
    return closing;
  }

  private onSettle(member: MemberId, reader: PayloadReader): void {
    const id = reader.word();
    this.responder.answer(member, id, (payload) => this.closer.onSettle(reader, payload));
  }

  private onForget(member: MemberId, reader: PayloadReader): void {
    const id = reader.word();
    this.responder.answer(member, id, (payload) => this.forgetter.onForget(reader, payload));
  }

  private onBounds(member: MemberId, reader: PayloadReader): void {
    const id = reader.word();
    const common = this.commonWith(member);
    this.responder.answer(member, id, (payload) => {
      this.closer.onBounds(reader, payload, (slot) => common.has(slot));
      return Promise.resolve();
    });
  }

  /** Whether it came to its end. */
  private async exchange(member: MemberId, { fresh, damaged }: Round, closing?: Closing): Promise<boolean> {
    const { store, ring, isServing, isUp } = this.options;
    const begun = ring();
    const check = (): void => {
      if (ring() !== begun) throw new RepairFailedError('the ring has changed');
      if (this.isStopped || !isServing()) throw new RepairFailedError('this node does not serve any more');
    };
    const { trees, calls, found } = this;
    const common = this.commonWith(member, damaged);
    const parts = { store, trees, calls, member, common, check, figures: found };
    this.exchanges++;
    const isNews = damaged === undefined && store.damaged === undefined && this.sources.isNews(begun, member);
    // What was begun before this ring may not have all that was there by then.
    if (isNews) trees.renew();
    return this.noteFailure(async () => {
      const differing = new Set<number>();
      await this.closer.share(member, (slot) => common.has(slot));
      const isFresh = fresh || closing !== undefined || isNews;
      const purpose = damaged === undefined ? 'repair' : 'restore';
      const isStrict = damaged !== undefined && !this.others(damaged).every((id) => isUp(id));
      await new Exchange({ ...parts, differing, fresh: isFresh, purpose, isStrict }).run();
      closing?.compared(member, differing);
      // To read all may be what has found a table damaged: what is in that was not compared.
      if (isNews && store.damaged === undefined) this.sources.note(begun, member);
    });
  }

  /** Whether `work` came to its end. */
  private async noteFailure(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      if (!(error instanceof Error) || error instanceof AssertionError) throw error;
      this.failures++;
      this.lastError = error.message;
      return false;
    }
  }

  private async dropDamaged(damaged: DamagedTables): Promise<void> {
    const { store, report } = this.options;
    await store.dropDamaged(damaged);
    this.restoredTables += damaged.ids.length;
    report(
      `What the damaged tables ${damaged.ids.join(', ')} held was restored from the other replicas: they are removed`,
    );
  }

  /** Those who hold something that this node does, or of what was in damaged tables. */
  private others(damaged?: DamagedTables): MemberId[] {
    const { ring, self } = this.options;
    const ids = ring()
      .members.filter(({ absence }) => absence !== 'returning')
      .map(({ id }) => id);
    return ids.filter((id) => id !== self && !this.commonWith(id, damaged).isEmpty);
  }

  private commonWith(member: MemberId, damaged?: DamagedTables): CommonSlots {
    const { ring, self } = this.options;
    if (damaged !== undefined) {
      const limited = new CommonSlots(ring(), self, member);
      limited.limit(damaged.firstSlot, damaged.lastSlot);
      return limited;
    }
    if (this.commonRing !== ring()) {
      this.commonRing = ring();
      this.common.clear();
    }
    let common = this.common.get(member);
    if (common === undefined) this.common.set(member, (common = new CommonSlots(ring(), self, member)));
    return common;
  }

  private indexOf(member: MemberId): number {
    return this.options.ring().indexOf(member) ?? -1;
  }
}
