/**
 * Keeps the data of this node to the slots that the ring gives it.
 *
 *     ring ─▶ slots that hold something and are not this node's ─▶ dead on disk at once (Store.giveUp), noted soon ─▶ dropped from memory, in slices (SlotDrop)
 *
 *  1. Given up is what this node is in neither set of replicas of, by the ring that it acts by: that is durable, and a change that took slots away has ended only when those who
 *     have them now had all of them durably (topology/ring-change.ts, 4). A change that was aborted takes from who was joining what it had got. A node that was away, or has crashed
 *     in the middle, finds the same by its ring and what it has noted to hold.
 *  2. Slots are taken over clean: when this node acts by a ring under change by which it gains slots, or returns (cluster/topology/absence.ts), whatever it has of them from before is given up, once for each
 *     such ring: it may have missed that it had lost them, and others may have collected the tombstones of what it still has. Until that is noted it says and takes nothing of data for that ring
 *     (`isReady`; early-messages.ts). What comes afterwards is of this ring, and stays, over restarts too.
 *     What an acceptor has promised and accepted of slots goes with them, durably before that is noted (rule 6 of cluster/consensus/forgetting.ts).
 *  3. Nothing of a slot is merged with what was given up of it: whoever takes over something has the rest dropped first (`enter`).
 *  4. What comes to a slot that is not this node's, by whatever way, is given up later.
 */

import { AssertionError } from '../../base/assert.js';
import { SlotSet } from '../../base/slot-set.js';
import type { Consensus } from '../../cluster/consensus/consensus.js';
import type { MemberId } from '../../cluster/ring/member.js';
import { ringVersionText } from '../../cluster/ring/ring-version.js';
import type { Ring } from '../../cluster/ring/ring.js';
import type { SlotRange } from '../../cluster/ring/slot-range.js';
import type { Keyspace } from '../../data/keyspace.js';
import { SlotDrop } from '../../data/slot-drop.js';
import type { Clock, Random } from '../../host/ports.js';
import type { HeldSlots } from '../../storage/engine/held-slots.js';

/** After it could not be noted; and between two looks whether something has come to slots of others. */
const REST_MS = 5000;
/** What a ring takes away stays so long at most, if nothing is to be taken over: many members have slots to give up at the same moment, when the ring changes, and all of them have clients. */
const DELAY_MS_MAX = 2000;

/** The disk, where slots are given up. */
export interface SlotStore {
  /** Undefined while it is not open. */
  readonly slots: HeldSlots | undefined;
  /** What is left in tables of slots that were given up, about. */
  readonly givenUpBytes: number;
  /** See Persistence.giveUp. */
  giveUp(slots: SlotSet, cleanFor: string): number;
  /** See Store.noteSlots. */
  noteSlots(cleanFor: string): Promise<void>;
  /** Moves what is logged to tables, with the counts of keys. */
  flush(): Promise<void>;
}

export interface RingSlotsOptions {
  readonly self: MemberId;
  readonly store: SlotStore;
  readonly acceptors: Pick<Consensus, 'giveUp'>;
  readonly keyspace: Keyspace;
  readonly clock: Clock;
  readonly random: Random;
  readonly warn: (line: string) => void;
  /** Called before anything happens that the disk has led to. */
  readonly onWork: () => void;
  /** It `isReady` again. */
  readonly onReady: () => void;
}

export class RingSlots {
  /** Whether this node may say and take what the ring is about that it acts by. */
  isReady = true;
  private readonly options: RingSlotsOptions;
  private readonly drop: SlotDrop;
  private ring: Ring | undefined;
  /** Slots that this node is a replica of, or will be. */
  private own = new SlotSet();
  /** Something has been given up, or is to be taken over clean, that is not noted. */
  private isUnnoted = false;
  private isNoting = false;
  /** There may be something in slots of others. */
  private hasStrays = false;
  private isDropping = false;
  private restUntilMs = 0;
  /** What this node's acceptor had of slots that were given up is gone for good. Rejects when its disk has failed: it is one no more, until a restart. */
  private hasForgotten: Promise<void> = Promise.resolve();
  private cannotForget = false;

  constructor(options: RingSlotsOptions) {
    this.options = options;
    this.drop = new SlotDrop(options.keyspace, options.clock);
  }

  /** Slots that were given up and are still in memory, or may be. */
  get leftCount(): number {
    return this.drop.leftCount;
  }

  /** What is left of them in tables, about. */
  get leftBytes(): number {
    return this.options.store.givenUpBytes;
  }

  /** The node acts by this ring; or its data was read anew. REQUIRES: as for Store.append. */
  useRing(ring: Ring): void {
    this.ring = ring;
    this.look(this.options.random.uint32() % DELAY_MS_MAX);
  }

  /** Something is taken over, or written, of a slot. */
  enter(slot: number): void {
    this.drop.finish(slot);
    const { slots } = this.options.store;
    if (slots === undefined || slots.has(slot)) return;
    slots.hold(slot);
    this.hasStrays ||= !this.own.has(slot);
  }

  /** Called some times a second. REQUIRES: as for `useRing`. */
  tick(): void {
    if (this.nowMs < this.restUntilMs) return;
    if (this.hasStrays) this.look();
    else if (this.isUnnoted && !this.isNoting && !this.cannotForget) this.note();
  }

  /** Drops from memory for about `budgetUs`; true if there is more to do at once. */
  run(budgetUs: number): boolean {
    const hasMore = this.drop.run(budgetUs);
    if (this.isDropping && !hasMore) {
      this.isDropping = false;
      // Then what was counted is noted. If that fails, the next flush does it.
      this.options.store.flush().catch((error: unknown) => {
        if (!(error instanceof Error) || error instanceof AssertionError) throw error;
      });
    }
    return hasMore;
  }

  /** Gives up what is to be given up, or will in so long, if nothing waits for that. */
  private look(delayMs = 0): void {
    const { ring } = this;
    const { slots } = this.options.store;
    const index = ring?.indexOf(this.options.self);
    if (ring === undefined || slots === undefined || index === undefined) return;
    const old = ring.isReturning(index) ? new SlotSet() : slotsOf(ring.ranges, index);
    const next = slotsOf(ring.nextRanges, index);
    const version = ringVersionText(ring.document);
    const mustClean = next.without(old).size > 0 && slots.cleanFor !== version;
    this.own = SlotSet.of([...old.ranges(), ...next.ranges()]);
    const kept = mustClean ? old : this.own;
    const given = slots.without(kept);
    const forgotten = this.options.acceptors.giveUp((slot) => !kept.has(slot));
    this.hasForgotten = bothDone(this.hasForgotten, forgotten);
    this.hasForgotten.catch(() => {
      this.cannotForget = true;
    });
    try {
      if (delayMs > 0 && given.size > 0 && this.isReady && !mustClean) this.giveUpIn(delayMs);
      else this.giveUp(given, mustClean ? version : slots.cleanFor, mustClean);
    } catch (error) {
      // There is no room: it is tried again.
      if (!(error instanceof Error) || error instanceof AssertionError) throw error;
      this.hasStrays = true;
      this.isReady &&= !mustClean;
      this.restUntilMs = this.nowMs + REST_MS;
      return;
    }
    slots.holdAll(this.own);
    // It waits for what could not be given up, for want of room, for a ring by which this node gained slots: this is another one.
    if (!this.isReady && !this.isUnnoted) this.note();
  }

  private giveUpIn(delayMs: number): void {
    this.hasStrays = true;
    this.restUntilMs = this.nowMs + delayMs;
  }

  private giveUp(given: SlotSet, cleanFor: string, mustClean: boolean): void {
    const { store } = this.options;
    this.hasStrays = false;
    if (given.size > 0 || mustClean) {
      const left = store.giveUp(given, cleanFor);
      if (given.size > 0) {
        this.drop.begin(given, 1 - left);
        this.isDropping = true;
        this.restUntilMs = this.nowMs + REST_MS;
      }
      this.isReady &&= !mustClean;
      this.note();
    }
  }

  private note(): void {
    const { store, onWork, onReady, warn } = this.options;
    const { slots } = store;
    const cleanFor = slots?.cleanFor;
    this.isNoting = this.isUnnoted = true;
    this.noteForgotten().then(
      () => {
        // Meanwhile the ring may have changed again, or the data be read anew.
        if (store.slots !== slots || slots?.cleanFor !== cleanFor) return;
        this.isNoting = this.isUnnoted = false;
        if (this.isReady) return;
        onWork();
        this.isReady = true;
        onReady();
      },
      (error: unknown) => {
        if (!(error instanceof Error) || error instanceof AssertionError) throw error;
        if (store.slots !== slots || slots === undefined) return;
        onWork();
        this.isNoting = false;
        this.isUnnoted = true;
        this.restUntilMs = this.nowMs + REST_MS;
        const next = this.cannotForget ? 'this node has to be started anew' : 'it is tried again';
        warn(`That slots were given up could not be noted, ${next}: ${error.message}`);
      },
    );
  }

  private async noteForgotten(): Promise<void> {
    const { store } = this.options;
    let forgotten: Promise<void> | undefined;
    let cleanFor = '';
    // More may be given up meanwhile, for another ring: that this node is clean for that one is noted when that is gone, too.
    while (forgotten !== this.hasForgotten) {
      cleanFor = store.slots?.cleanFor ?? '';
      await (forgotten = this.hasForgotten);
    }
    await store.noteSlots(cleanFor);
  }

  private get nowMs(): number {
    return this.options.clock.monotonicUs() / 1000;
  }
}

async function bothDone(one: Promise<void>, other: Promise<void>): Promise<void> {
  await Promise.all([one, other]);
}

/** The slots that the member with this index is a replica of. */
function slotsOf(ranges: readonly SlotRange[], index: number): SlotSet {
  const own = ranges.filter(({ replicas }) => replicas.includes(index));
  return SlotSet.of(own.map(({ start, end }) => ({ first: start, last: end })));
}
