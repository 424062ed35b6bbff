import { AssertionError } from '../../base/assert.js';
import type { Sum } from '../../record/leaf-sums.js';
import { LEAVES_PER_SLOT } from '../../record/leaf-sums.js';
import { DamagedDataError } from '../../storage/engine/damaged-data-error.js';
import { PayloadBuffer } from '../bus/payload-buffer.js';
import type { PayloadReader } from '../bus/payload-reader.js';
import type { MemberLinks } from '../coordination/ports.js';
import { readBatches, writeBatches } from '../coordination/state-messages.js';
import { MessageKind } from '../message-kind.js';
import type { MemberId } from '../ring/member.js';
import type { CommonSlots } from './common-slots.js';
import { PARTITIONS, slotsOf } from './common-slots.js';
import type { DigestTrees } from './digest-trees.js';
import type { PositionState } from './key-states.js';
import { statesBetween } from './key-states.js';
import type { DigestedData, RepairStore } from './ports.js';
import { PARTITION_COUNT, Wanted, readNumber, readSum, sameSum, writeNumber, writeSum } from './repair-messages.js';
import type { Throttle } from './throttle.js';

/** An answer about keys that has so many bytes ends. */
const ANSWER_BYTES = 256 * 1024;
const NOTHING: Sum = { high: 0, low: 0 };

/** What somebody has of a range of positions. */
interface AskedRange {
  readonly start: number;
  readonly end: number;
  readonly sums: ReadonlyMap<number, Sum>;
}

export interface RepairResponderOptions {
  readonly store: RepairStore;
  readonly trees: DigestTrees;
  readonly links: MemberLinks;
  readonly throttle: Throttle;
  readonly commonWith: (member: MemberId) => CommonSlots;
  /** Whether a member was away for too long: of what it has, not all is taken (topology/absence.ts). */
  readonly isAbsent: (member: MemberId) => boolean;
  /** Work of the loop's turn begins. */
  readonly onWork: () => void;
  /** Somebody else has begun to compare what he holds with this node. */
  readonly onCompared: (isAsked: boolean) => void;
}

/** Answers what other members ask to compare what they hold with what this node does (repair-messages.ts). */
export class RepairResponder {
  /** Keys whose states were sent, and taken. */
  sentKeys = 0;
  takenBatches = 0;
  sentBytes = 0;
  private readonly options: RepairResponderOptions;

  constructor(options: RepairResponderOptions) {
    this.options = options;
  }

  onRoots(member: MemberId, reader: PayloadReader): void {
    const { store, trees, commonWith, onCompared } = this.options;
    const id = reader.word();
    const fresh = reader.byte() === 1;
    const floor = readNumber(reader);
    if (reader.failed) return;
    this.answer(member, id, async (payload) => {
      if (floor > store.floor) store.raiseFloor(floor);
      onCompared(fresh);
      const { sums } = await trees.get(fresh);
      const common = commonWith(member);
      writeNumber(payload, store.floor);
      for (const partition of PARTITIONS) writeSum(payload, common.partition(sums, partition));
    });
  }

  onSlots(member: MemberId, reader: PayloadReader): void {
    this.onSums(member, reader, PARTITION_COUNT, (payload, partition, common, { sums }) => {
      for (const slot of slotsOf(partition)) writeSum(payload, common.slot(sums, slot));
    });
  }

  onLeaves(member: MemberId, reader: PayloadReader): void {
    this.onSums(member, reader, Infinity, (payload, slot, common, { sums }) => {
      for (let leaf = slot * LEAVES_PER_SLOT; leaf < (slot + 1) * LEAVES_PER_SLOT; leaf++) {
        writeSum(payload, common.has(slot) ? sums.sumOf(leaf, leaf + 1) : NOTHING);
      }
    });
  }

  onKeys(member: MemberId, reader: PayloadReader): void {
    const id = reader.word();
    const wanted = reader.byte() as Wanted;
    const ranges: AskedRange[] = [];
    while (!reader.isAtEnd) ranges.push(readRange(reader));
    if (reader.failed) return;
    this.answer(member, id, async (payload) => {
      if (wanted !== Wanted.EVERYTHING) await this.options.throttle.whenOpen();
      const differences = new PayloadBuffer();
      let upTo = 0;
      for (const range of ranges) {
        upTo = await this.compare(range, wanted, differences);
        if (differences.byteLength >= ANSWER_BYTES) break;
      }
      writeNumber(payload, upTo);
      payload.append(differences);
    });
  }

  onTake(member: MemberId, reader: PayloadReader): void {
    const id = reader.word();
    const batches = readBatches(reader);
    if (reader.failed) return;
    const { store, isAbsent } = this.options;
    const isOffer = isAbsent(member);
    for (const batch of batches) {
      if (isOffer) store.takeOffer(batch);
      else store.takeOver(batch);
    }
    this.takenBatches += batches.length;
    this.answer(member, id, () => Promise.resolve());
  }

  private onSums(
    member: MemberId,
    reader: PayloadReader,
    limit: number,
    write: (payload: PayloadBuffer, number: number, common: CommonSlots, data: DigestedData) => void,
  ): void {
    const id = reader.word();
    const numbers: number[] = [];
    while (!reader.isAtEnd) numbers.push(reader.word());
    if (reader.failed || numbers.some((number) => number >= limit)) return;
    this.answer(member, id, (payload) => {
      const data = this.options.trees.current;
      if (data === undefined) return Promise.reject(new Error('nothing was summed up yet'));
      const common = this.options.commonWith(member);
      for (const number of numbers) write(payload, number, common, data);
      return Promise.resolve();
    });
  }

  /** Writes what differs in a range; returns up to where it was compared. */
  private async compare(range: AskedRange, wanted: Wanted, differences: PayloadBuffer): Promise<number> {
    const states = new Map<number, PositionState>();
    for (const state of await this.statesOf(range, wanted)) states.set(state.position, state);
    const positions = new Set([...states.keys(), ...range.sums.keys()]);
    const isOfDifferences = wanted === Wanted.DIFFERENCES || wanted === Wanted.SUMS;
    for (const position of [...positions].sort((a, b) => a - b)) {
      const { sum, keys } = states.get(position) ?? { sum: NOTHING, keys: [] };
      if (isOfDifferences && sameSum(sum, range.sums.get(position) ?? NOTHING)) continue;
      writeNumber(differences, position);
      writeSum(differences, sum);
      const told = wanted === Wanted.SUMS ? [] : keys;
      differences.word(told.length);
      for (const key of told) {
        differences.bytes(key);
        writeBatches(differences, await this.batchesOf(key, wanted));
        this.sentKeys++;
      }
      if (differences.byteLength >= ANSWER_BYTES) return position + 1;
    }
    return range.end;
  }

  /** All that is known of a key; none, if it cannot be read and that may be. */
  private async batchesOf(key: Buffer, wanted: Wanted): Promise<Buffer[]> {
    try {
      return await this.options.store.batchesOf(key);
    } catch (error) {
      if (wanted !== Wanted.READABLE || !(error instanceof DamagedDataError)) throw error;
      return [];
    }
  }

  /** What cannot be read here may be passed over, for there are others: then it is said which keys these are. */
  private async statesOf({ start, end }: AskedRange, wanted: Wanted): Promise<PositionState[]> {
    const { store } = this.options;
    if (wanted !== Wanted.READABLE) return statesBetween(store, start, end);
    const states = new Map<number, { readonly position: number; readonly sum: Sum; readonly keys: Buffer[] }>();
    for (const key of await store.keysBetween(start, end)) {
      const position = store.positionOf(key);
      const state = states.get(position) ?? { position, sum: { high: 0, low: 0 }, keys: [] };
      const { high, low } = state.sum;
      try {
        await store.addTo(state.sum, key);
        if (sameSum(state.sum, { high, low })) continue;
      } catch (error) {
        if (!(error instanceof DamagedDataError)) throw error;
      }
      state.keys.push(key);
      states.set(position, state);
    }
    return [...states.values()];
  }

  /** Sends what `make` writes, or why it could not. */
  answer(member: MemberId, id: number, make: (payload: PayloadBuffer) => Promise<void>): void {
    const body = new PayloadBuffer();
    make(body).then(
      () => {
        this.send(member, id, undefined, body);
      },
      (error: unknown) => {
        if (!(error instanceof Error) || error instanceof AssertionError) throw error;
        this.send(member, id, error.message, body);
      },
    );
  }

  private send(member: MemberId, id: number, error: string | undefined, body: PayloadBuffer): void {
    const { links, throttle, onWork } = this.options;
    onWork();
    const payload = new PayloadBuffer();
    payload.word(id);
    payload.byte(error === undefined ? 0 : 1);
    if (error === undefined) payload.append(body);
    else payload.bytes(Buffer.from(error, 'utf8'));
    links.send(member, MessageKind.COMPARED, payload);
    throttle.spend(payload.byteLength);
    this.sentBytes += payload.byteLength;
  }
}

function readRange(reader: PayloadReader): AskedRange {
  const start = readNumber(reader);
  const end = readNumber(reader);
  const sums = new Map<number, Sum>();
  for (let count = reader.word(); count > 0 && !reader.failed; count--) sums.set(readNumber(reader), readSum(reader));
  return { start, end, sums };
}
