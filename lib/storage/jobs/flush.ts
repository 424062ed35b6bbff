/**
 * Makes tables of closed segments of the log: reads all of their changes, sorts them, and writes for each key the one record that its changes
 * come to.
 *
 *     segments ──▶ ChangeList ──▶ order ──▶ KeyState, a key at a time ──▶ RecordWriter ──▶ TableWriter, one a database
 *
 *  1. What a table says of a key is the merge of the changes that are above the floor of the database.
 *  2. A record is written whatever the time: one that has expired still hides what older tables have of the key.
 */

import { BatchReader } from '../../record/batch-reader.js';
import { entryOfChange } from '../../record/entry-of-record.js';
import type { Entry } from '../../record/entry.js';
import { mergeAll } from '../../record/merge.js';
import { RecordWriter } from '../../record/record-writer.js';
import type { Disk } from '../../host/ports.js';
import { RecordFlags, expiresByMsOf, flagsOf } from '../sstable/record-flags.js';
import type { ChangeList } from './change-list.js';
import type { FlushJob, FlushResult } from './job.js';
import { KeyOrder } from './key-order.js';
import { KeyState } from './key-state.js';
import type { Pace } from './pace.js';
import { Scratch } from '../../base/scratch.js';
import { SegmentChanges } from './segment-changes.js';
import { TableOutputs } from './table-outputs.js';

/** Runs a flush to its end. Throws DiskError, CorruptionError and JobAbortedError: then it has left nothing behind. */
export function runFlush(disk: Disk, job: FlushJob, pace: Pace, scratch = new Scratch()): FlushResult {
  const changes = SegmentChanges.read(disk, job, pace, scratch);
  const { directory, origin } = job;
  const outputs = new TableOutputs({
    disk,
    directory,
    reserved: job.outputs,
    table: job.options,
    origin,
    pace,
    scratch,
  });
  try {
    new FlushWriter(changes, outputs, origin, scratch).run();
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
  private readonly order: KeyOrder;
  private readonly outputs: TableOutputs;
  private readonly state: KeyState;
  private readonly record: RecordWriter;
  private readonly reader = new BatchReader();

  constructor(changes: SegmentChanges, outputs: TableOutputs, origin: number, scratch: Scratch) {
    this.changes = changes;
    this.list = changes.list;
    this.order = new KeyOrder(changes.list, scratch);
    this.outputs = outputs;
    this.state = new KeyState(origin);
    this.record = new RecordWriter(origin);
  }

  run(): void {
    const { order, list, state } = this;
    let db = -1;
    let floor = 0;
    while (order.next()) {
      const row = order.rows[order.start];
      if (list.db(row) !== db) {
        this.finishTable();
        db = list.db(row);
        floor = this.changes.floorOf(db);
      }
      state.fold(list, order.rows, order.start, order.end, floor);
      if (!state.isNothing) this.writeKey(row, db, floor);
    }
    this.finishTable();
  }

  /** Writes what the state has come to, of the key of `row`. */
  private writeKey(row: number, db: number, floor: number): void {
    const { state, record, list } = this;
    const { bytes } = list;
    const keyStart = list.keyStart(row);
    const keyEnd = list.keyEnd(row);
    let flags = state.replaces || state.hasDelete ? RecordFlags.COMPLETE : 0;
    let expiresAtMs = 0;
    if (state.isPlain && state.valueRow >= 0) {
      record.string(state, bytes, keyStart, keyEnd, list.valueStart(state.valueRow), list.valueEnd(state.valueRow));
      ({ expiresAtMs } = state);
      if (expiresAtMs !== 0) flags |= RecordFlags.EXPIRES;
    } else if (state.isPlain && state.expiryStamp === 0) {
      record.deleted(state.deletedStamp, state.deletedOrigin, bytes, keyStart, keyEnd);
      flags |= RecordFlags.EMPTY;
    } else {
      const entry = this.merge(floor);
      record.entry(entry, bytes, keyStart, keyEnd);
      flags = flagsOf(entry);
      expiresAtMs = expiresByMsOf(entry);
    }
    this.outputs.add(db, list.position(row), flags, record.buffer, 0, record.end, expiresAtMs);
  }

  /** What the rows of the key come to that the state has not seen superseded. */
  private merge(floor: number): Entry {
    const { list, order, reader } = this;
    const entries: Entry[] = [];
    for (let at = this.state.firstAt; at < order.end; at++) {
      const row = order.rows[at];
      if (list.stamp(row) <= floor) continue;
      list.describe(row, reader);
      entries.push(entryOfChange(reader));
    }
    return mergeAll(entries);
  }

  private finishTable(): void {
    const { state } = this;
    // A value that replaces has deleted up to the pair just before its own, which may have the stamp before.
    const minStamp = Math.max(state.minStamp - 1, 0);
    this.outputs.finish({ minStamp, maxStamp: state.maxStamp, foreign: this.list.hasForeign });
    state.forgetStamps();
  }
}
