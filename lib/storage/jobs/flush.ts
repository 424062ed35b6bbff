/**
 * Makes tables of closed segments of the log: reads all of their changes, sorts them, and writes for each key the one record that its changes
 * come to.
 *
 *     segments ──▶ ChangeList ──▶ order ──▶ KeyState, a key at a time ──▶ RecordWriter ──▶ TableWriter, one a database
 *
 *  1. What a table says of a key is the merge of the changes that are above the floor of the database.
 *  2. A record is written whatever the time: one that has expired still hides what older tables have of the key.
 */

import { pairBefore } from '../../record/pair.js';
import { BatchReader } from '../../record/batch-reader.js';
import { entryOfChange } from '../../record/entry-of-record.js';
import type { Entry } from '../../record/entry.js';
import { mergeAll } from '../../record/merge.js';
import { RecordWriter } from '../../record/record-writer.js';
import type { Disk } from '../../host/ports.js';
import { RecordFlags, expiresByMsOf, flagsOf } from '../sstable/record-flags.js';
import type { TableStamps } from '../sstable/table-writer.js';
import type { ChangeList } from './change-list.js';
import type { FlushJob, FlushResult } from './job.js';
import { endOfKey, sortChanges } from './key-order.js';
import { KeyState } from './key-state.js';
import type { Pace } from './pace.js';
import { SegmentChanges } from './segment-changes.js';
import { TableOutputs } from './table-outputs.js';

/** Runs a flush to its end. Throws DiskError, CorruptionError and JobAbortedError: then it has left nothing behind. */
export function runFlush(disk: Disk, job: FlushJob, pace: Pace): FlushResult {
  const changes = SegmentChanges.read(disk, job, pace);
  const { directory, origin } = job;
  const outputs = new TableOutputs({ disk, directory, reserved: job.outputs, table: job.options, origin, pace });
  try {
    new FlushWriter(changes, outputs, origin).run();
    outputs.commit();
  } catch (error) {
    outputs.discard();
    throw error;
  }
  return {
    tables: outputs.metas,
    databases: changes.databases,
    floors: [...changes.raised].map((db) => ({ db, stamp: changes.floorOf(db) })),
    readBytes: changes.readBytes,
    writtenBytes: outputs.writtenBytes,
    changes: changes.list.count,
    records: outputs.metas.reduce((sum, { recordCount }) => sum + recordCount, 0),
  };
}

class FlushWriter {
  private readonly changes: SegmentChanges;
  private readonly list: ChangeList;
  private readonly order: Uint32Array;
  private readonly outputs: TableOutputs;
  private readonly state: KeyState;
  private readonly record: RecordWriter;
  private readonly reader = new BatchReader();

  constructor(changes: SegmentChanges, outputs: TableOutputs, origin: number) {
    this.changes = changes;
    this.list = changes.list;
    this.order = sortChanges(changes.list);
    this.outputs = outputs;
    this.state = new KeyState(origin);
    this.record = new RecordWriter(origin);
  }

  run(): void {
    const { order, list } = this;
    for (let start = 0; start < order.length;) {
      const db = list.groups[order[start]];
      const end = this.endOfDatabase(start, db);
      const floor = this.changes.floorOf(db);
      this.writeKeys(start, end, db, floor);
      this.outputs.finish(this.stampsOf(start, end, floor));
      start = end;
    }
  }

  private endOfDatabase(start: number, db: number): number {
    const { order, list } = this;
    let end = start;
    while (end < order.length && list.groups[order[end]] === db) end++;
    return end;
  }

  private writeKeys(from: number, to: number, db: number, floor: number): void {
    const { state, list, order } = this;
    for (let start = from; start < to;) {
      const end = endOfKey(list, order, start);
      state.fold(list, order, start, end, floor);
      if (!state.isNothing) this.writeKey(db, end, floor);
      start = end;
    }
  }

  /** Writes what the state has come to, of the key whose rows end at `end`. */
  private writeKey(db: number, end: number, floor: number): void {
    const { state, record, list } = this;
    const row = this.order[end - 1];
    const keyStart = list.keyStarts[row];
    const keyEnd = list.keyEnds[row];
    let flags = state.replaces || state.hasDelete ? RecordFlags.COMPLETE : 0;
    let expiresAtMs = 0;
    if (state.isPlain && state.valueRow >= 0) {
      const { valueRow } = state;
      record.string(state, list.bytes, keyStart, keyEnd, list.valueStarts[valueRow], list.valueEnds[valueRow]);
      ({ expiresAtMs } = state);
      if (expiresAtMs !== 0) flags |= RecordFlags.EXPIRES;
    } else if (state.isPlain && state.expiryStamp === 0) {
      record.deleted(state.deletedStamp, state.deletedOrigin, list.bytes, keyStart, keyEnd);
      flags |= RecordFlags.EMPTY;
    } else {
      const entry = this.merge(end, floor);
      record.entry(entry, list.bytes, keyStart, keyEnd);
      flags = flagsOf(entry);
      expiresAtMs = expiresByMsOf(entry);
    }
    this.outputs.add(db, list.position(row), flags, record.buffer, 0, record.end, expiresAtMs);
  }

  /** What the rows come to that the state has not seen superseded. */
  private merge(end: number, floor: number): Entry {
    const { list, order, reader } = this;
    const entries: Entry[] = [];
    for (let at = this.state.firstAt; at < end; at++) {
      const row = order[at];
      if (list.stamps[row] <= floor) continue;
      list.describe(row, reader);
      entries.push(entryOfChange(reader));
    }
    return mergeAll(entries);
  }

  /** The range of the pairs in the changes above the floor, and of what they delete. */
  private stampsOf(start: number, end: number, floor: number): TableStamps {
    const { list, order } = this;
    let minStamp = Infinity;
    let maxStamp = 0;
    for (let at = start; at < end; at++) {
      const stamp = list.stamps[order[at]];
      if (stamp <= floor) continue;
      if (stamp < minStamp) minStamp = stamp;
      if (stamp > maxStamp) maxStamp = stamp;
    }
    // A value that replaces has deleted up to the pair just before its own, which may have the stamp before.
    const before = minStamp === Infinity ? 0 : pairBefore({ stamp: minStamp, origin: 0 }).stamp;
    return { minStamp: before, maxStamp, foreign: list.hasForeign };
  }
}
