/**
 * Compares what this node holds with what another member does, and brings both together.
 *
 *     sums of both ─▶ partitions that differ ─▶ their slots ─▶ their leaves ─▶ ranges of keys, with the digests that they have here
 *                                                                                 │ the other one: what differs, as it has it
 *                                                                                 ▼
 *                                                    merged here ─▶ what is more than the other one has: TAKE_ENTRIES
 *
 *  1. Nothing is locked: what is written meanwhile may show, and is compared as it is by then.
 *  2. Whatever was different when it began, and reached neither by itself, is the same at both when it has ended.
 *  3. To restore: of leaves that differ, all that the other one has is taken and logged, whatever memory has of it here, and nothing is sent: what is here cannot be told.
 *     What is settled, and the other one does not have, was deleted: it goes here. What the other one cannot read either, others may have, if all are asked; else it counts as one that has not told (`isStrict`).
 *  4. To offer (topology/absence.ts): nothing is taken, and of whatever differs, all that is here is sent. The other one takes what is not settled.
 */

import { SLOT_SPAN } from '../../base/position.js';
import type { Sum } from '../../record/leaf-sums.js';
import { LEAF_SPAN, LEAVES_PER_SLOT, LeafSums } from '../../record/leaf-sums.js';
import type { PayloadBuffer } from '../bus/payload-buffer.js';
import type { PayloadReader } from '../bus/payload-reader.js';
import { readBatches, writeBatches } from '../coordination/state-messages.js';
import { MessageKind } from '../message-kind.js';
import type { MemberId } from '../ring/member.js';
import type { CommonSlots } from './common-slots.js';
import { PARTITIONS, slotsOf } from './common-slots.js';
import type { DigestTrees } from './digest-trees.js';
import type { PositionState } from './key-states.js';
import { statesBetween, sumOf } from './key-states.js';
import type { RepairStore } from './ports.js';
import type { RepairCalls } from './repair-calls.js';
import { RepairFailedError } from './repair-calls.js';
import { Wanted, readNumber, readSum, sameSum, writeNumber, writeSum } from './repair-messages.js';

/** Of how many partitions, or slots, sums are asked for at a time. */
const NUMBERS_MAX = 256;
/** Ranges of keys, and positions in them, in one question. */
const RANGES_MAX = 128;
const POSITIONS_MAX = 4096;
/** Entries are sent when there is so much of them. */
const SENT_BYTES = 256 * 1024;
const WANTED = { repair: Wanted.DIFFERENCES, restore: Wanted.READABLE, offer: Wanted.SUMS };

/** Both are to have the same; or this node has lost something; or it is to be rebuilt, and has others told what it has. */
export type Purpose = 'repair' | 'restore' | 'offer';

export interface ExchangeOptions {
  readonly store: RepairStore;
  readonly trees: DigestTrees;
  readonly calls: RepairCalls;
  readonly member: MemberId;
  readonly common: CommonSlots;
  /** Both sum up what they have now. */
  readonly fresh: boolean;
  readonly purpose: Purpose;
  /** To restore: the other one must be able to read all that it has. */
  readonly isStrict: boolean;
  /** Throws RepairFailedError if it makes no sense any more. */
  readonly check: () => void;
  readonly figures: ExchangeFigures;
  /** Takes the slots of keys that differed. */
  readonly differing: Set<number>;
}

/** What exchanges have found. */
export interface ExchangeFigures {
  leavesDiffering: number;
  keysDiffering: number;
  keysReceived: number;
  keysSent: number;
}

/** What is asked about, with what there is of it here. */
export interface Range {
  readonly start: number;
  readonly end: number;
  readonly states: readonly PositionState[];
  /** All keys that are known here, to restore. */
  readonly keys: readonly Buffer[];
}

/** What the other one has at a position. */
export interface Difference {
  readonly position: number;
  readonly sum: Sum;
  readonly keys: readonly Buffer[];
  /** Of each key, all that the other one knows of it; to restore, none: it cannot read that. */
  readonly batches: readonly (readonly Buffer[])[];
}

export class Exchange {
  private readonly options: ExchangeOptions;
  /** What this node had when it began. */
  private sums = new LeafSums();
  /** What the other one is to be sent. */
  private pending: Buffer[] = [];
  private pendingBytes = 0;

  constructor(options: ExchangeOptions) {
    this.options = options;
  }

  /** Rejects with RepairFailedError, and as the store does. */
  async run(): Promise<void> {
    const partitions = await this.differingPartitions();
    for (const some of chunksOf(partitions, NUMBERS_MAX)) {
      const slots = await this.differingSlots(some);
      for (const few of chunksOf(slots, NUMBERS_MAX)) await this.repairLeaves(await this.differingLeaves(few));
    }
  }

  private async differingPartitions(): Promise<number[]> {
    const { store, trees, common, fresh, purpose } = this.options;
    const asked = this.ask(MessageKind.COMPARE_ROOTS, (payload) => {
      payload.byte(Number(fresh));
      writeNumber(payload, purpose === 'offer' ? 0 : store.floor);
    });
    // Both at a time, so that little is written in between.
    const [answer, data] = await Promise.all([asked, trees.get(fresh)]);
    const floor = readNumber(answer);
    this.sums = data.sums;
    if (floor > store.floor) {
      store.raiseFloor(floor);
      this.sums = (await trees.get(true)).sums;
    }
    const { sums } = this;
    return PARTITIONS.filter((partition) => {
      const theirs = readSum(answer);
      return common.hasAnyOf(partition) && !sameSum(theirs, common.partition(sums, partition));
    });
  }

  private async differingSlots(partitions: readonly number[]): Promise<number[]> {
    const { sums } = this;
    const { common } = this.options;
    const answer = await this.askSums(MessageKind.COMPARE_SLOTS, partitions);
    return partitions.flatMap(slotsOf).filter((slot) => {
      const theirs = readSum(answer);
      return common.has(slot) && !sameSum(theirs, common.slot(sums, slot));
    });
  }

  private async differingLeaves(slots: readonly number[]): Promise<number[]> {
    const { sums } = this;
    const answer = await this.askSums(MessageKind.COMPARE_LEAVES, slots);
    const leaves = slots.flatMap((slot) =>
      Array.from({ length: LEAVES_PER_SLOT }, (_, i) => slot * LEAVES_PER_SLOT + i),
    );
    return leaves.filter((leaf) => !sameSum(readSum(answer), sums.sumOf(leaf, leaf + 1)));
  }

  private async repairLeaves(leaves: readonly number[]): Promise<void> {
    this.options.figures.leavesDiffering += leaves.length;
    let ranges: Range[] = [];
    let positions = 0;
    for (const leaf of leaves) {
      const range = await this.rangeOf(leaf * LEAF_SPAN, (leaf + 1) * LEAF_SPAN);
      ranges.push(range);
      positions += range.states.length;
      if (ranges.length < RANGES_MAX && positions < POSITIONS_MAX) continue;
      await this.repairRanges(ranges);
      ranges = [];
      positions = 0;
    }
    if (ranges.length > 0) await this.repairRanges(ranges);
  }

  private async rangeOf(start: number, end: number): Promise<Range> {
    const { store, purpose } = this.options;
    if (purpose !== 'restore') return { start, end, states: await statesBetween(store, start, end), keys: [] };
    const keys = await store.keysBetween(start, end);
    for (const key of keys) store.logAgain(key);
    return { start, end, states: [], keys };
  }

  /** Asks about ranges until all of them were compared. */
  private async repairRanges(ranges: readonly Range[]): Promise<void> {
    const { purpose, differing, figures, store } = this.options;
    for (let rest = ranges; rest.length > 0;) {
      const answer = await this.ask(MessageKind.COMPARE_KEYS, (payload) => {
        payload.byte(WANTED[purpose]);
        for (const range of rest) writeRange(payload, range);
      });
      const upTo = readNumber(answer);
      const differences: Difference[] = [];
      while (!answer.isAtEnd) {
        const difference = takeDifference(answer, (batch) => {
          if (purpose === 'restore') store.takeBack(batch);
          else store.takeOver(batch);
        });
        figures.keysDiffering++;
        figures.keysReceived += difference.keys.length;
        differing.add(Math.floor(difference.position / SLOT_SPAN));
        if (purpose === 'restore') differences.push(this.checkReadable(difference));
        else await this.repairPosition(difference, rest);
      }
      if (purpose === 'restore') await this.forgetLost(differences, rest, upTo);
      await this.sendPending();
      rest = restOf(rest, upTo, (key) => store.positionOf(key));
    }
  }

  /** Sends the other one what is known of the keys at a position, if that is more than it has. */
  private async repairPosition({ position, sum, keys }: Difference, ranges: readonly Range[]): Promise<void> {
    const { store, figures, purpose } = this.options;
    const names = new Map(keys.map((key) => [key.toString('latin1'), key]));
    for (const key of keysAt(ranges, position)) names.set(key.toString('latin1'), key);
    const all = [...names.values()];
    if (sameSum(await sumOf(store, all), sum)) return;
    for (const key of all) {
      if (purpose === 'repair') store.rewrite(key);
      for (const batch of await store.batchesOf(key)) {
        this.pending.push(batch);
        this.pendingBytes += batch.length;
      }
      figures.keysSent++;
    }
    if (this.pendingBytes >= SENT_BYTES) await this.sendPending();
  }

  /** What is here of keys up to a position was compared with all that the other one has of them. */
  private async forgetLost(differences: readonly Difference[], ranges: readonly Range[], upTo: number): Promise<void> {
    const { store } = this.options;
    const theirs = new Map<string, readonly Buffer[]>();
    for (const { keys, batches } of differences)
      keys.forEach((key, i) => theirs.set(key.toString('latin1'), batches[i]));
    for (const key of ranges.flatMap(({ keys }) => keys)) {
      const batches = theirs.get(key.toString('latin1'));
      if (store.positionOf(key) < upTo && batches?.length !== 0) await store.forget(key, batches ?? []);
    }
  }

  private checkReadable(difference: Difference): Difference {
    const { isStrict, member } = this.options;
    if (!isStrict || difference.batches.every((batches) => batches.length > 0)) return difference;
    throw new RepairFailedError(`${member} cannot read what it has of damaged tables, either`);
  }

  private async sendPending(): Promise<void> {
    const { pending } = this;
    if (pending.length === 0) return;
    this.pending = [];
    this.pendingBytes = 0;
    await this.ask(MessageKind.TAKE_ENTRIES, (payload) => {
      writeBatches(payload, pending);
    });
  }

  private askSums(kind: number, numbers: readonly number[]): Promise<PayloadReader> {
    return this.ask(kind, (payload) => {
      for (const number of numbers) payload.word(number);
    });
  }

  private async ask(kind: number, write: (payload: PayloadBuffer) => void): Promise<PayloadReader> {
    const { calls, member, check } = this.options;
    check();
    const answer = await calls.ask(member, kind, write);
    check();
    return answer;
  }
}

/** Reads what the other one has at the next position of an answer, and gives it to `take`. Throws RepairFailedError, and CorruptionError. */
export function takeDifference(answer: PayloadReader, take: (batch: Buffer) => void): Difference {
  const position = readNumber(answer);
  const sum = readSum(answer);
  const keys: Buffer[] = [];
  const all: Buffer[][] = [];
  for (let count = answer.word(); count > 0 && !answer.failed; count--) {
    keys.push(Buffer.from(answer.bytes()));
    const batches = readBatches(answer);
    if (answer.failed) break;
    for (const batch of batches) take(batch);
    all.push(batches);
  }
  if (answer.failed) throw new RepairFailedError('an answer ends too early');
  return { position, sum, keys, batches: all };
}

export function writeRange(payload: PayloadBuffer, { start, end, states }: Omit<Range, 'keys'>): void {
  writeNumber(payload, start);
  writeNumber(payload, end);
  payload.word(states.length);
  for (const { position, sum } of states) {
    writeNumber(payload, position);
    writeSum(payload, sum);
  }
}

/** What is left of ranges behind a position. */
function restOf(ranges: readonly Range[], upTo: number, positionOf: (key: Buffer) => number): Range[] {
  return ranges
    .filter(({ end }) => end > upTo)
    .map(({ start, end, states, keys }) => ({
      start: Math.max(start, upTo),
      end,
      states: states.filter(({ position }) => position >= upTo),
      keys: keys.filter((key) => positionOf(key) >= upTo),
    }));
}

function keysAt(ranges: readonly Range[], position: number): readonly Buffer[] {
  const range = ranges.find(({ start, end }) => start <= position && position < end);
  return range?.states.find((state) => state.position === position)?.keys ?? [];
}

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let at = 0; at < items.length; at += size) chunks.push(items.slice(at, at + size));
  return chunks;
}
