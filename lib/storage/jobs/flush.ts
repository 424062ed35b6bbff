/**
 * Makes tables of closed segments of the log: reads all of their changes, sorts them, and writes for each key the one record that its changes
 * come to.
 *
 *     segments ──▶ ChangeList ──▶ order ──▶ KeyState, a key at a time ──▶ RecordWriter ──▶ TableWriter, one a database
 *                                                └─ what is not plain ──▶ CellRows ──▶ KeyWriter ──┘
 *
 *  1. What a table says of a key is the merge of the changes that are above the floor of the database.
 *  2. A record is written whatever the time: one that has expired still hides what older tables have of the key.
 */

import { RecordWriter } from '../../record/record-writer.js';
import type { Disk } from '../../host/ports.js';
import { KeyWriter } from '../sstable/key-writer.js';
import { RecordFlags } from '../sstable/record-flags.js';
import { StoredRecord } from '../sstable/stored-record.js';
import { CellRows } from './cell-rows.js';
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
  const outputs = new TableOutputs(disk, job, pace, scratch);
  try {
    new FlushWriter(changes, outputs, job, scratch).run();
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
  private readonly cells: CellRows;
  private readonly encoder: RecordWriter;
  private readonly record = new StoredRecord();
  private readonly parts: KeyWriter;
  private readonly foreign: boolean;

  constructor(changes: SegmentChanges, outputs: TableOutputs, job: FlushJob, scratch: Scratch) {
    const { origin, options } = job;
    this.foreign = job.foreign;
    this.changes = changes;
    this.list = changes.list;
    this.order = new KeyOrder(changes.list, scratch);
    this.outputs = outputs;
    this.state = new KeyState(origin);
    this.cells = new CellRows(changes.list, scratch);
    this.encoder = new RecordWriter(origin);
    this.parts = new KeyWriter(origin, outputs, options.partBytes);
  }

  run(): void {
    const { order, list, state, outputs } = this;
    let floor = 0;
    while (order.next()) {
      const row = order.rows[order.start];
      if (list.db(row) !== outputs.db) {
        this.finishTable();
        outputs.db = list.db(row);
        floor = this.changes.floorOf(outputs.db);
      }
      state.fold(list, order.rows, order.start, order.end, floor);
      if (!state.isNothing) this.writeKey(row, floor);
    }
    this.finishTable();
  }

  /** Writes what the state has come to, of the key of `row`. */
  private writeKey(row: number, floor: number): void {
    const { state, encoder, record, list } = this;
    const { bytes } = list;
    const keyStart = list.keyStart(row);
    const keyEnd = list.keyEnd(row);
    record.position = list.position(row);
    record.flags = state.replaces || state.hasDelete ? RecordFlags.COMPLETE : 0;
    record.expiresByMs = 0;
    if (state.isPlain && state.valueRow >= 0) {
      encoder.string(state, bytes, keyStart, keyEnd, list.valueStart(state.valueRow), list.valueEnd(state.valueRow));
      record.expiresByMs = state.expiresAtMs;
      if (state.expiresAtMs !== 0) record.flags |= RecordFlags.EXPIRES;
    } else if (state.isPlain && state.expiryStamp === 0) {
      encoder.deleted(state.deletedStamp, state.deletedOrigin, bytes, keyStart, keyEnd);
      record.flags |= RecordFlags.EMPTY;
    } else {
      // What stands before `firstAt` was superseded.
      this.cells.write(this.order.rows, state.firstAt, this.order.end, floor, this.parts);
      this.parts.finish();
      return;
    }
    record.setBytes(encoder.buffer, 0, encoder.end);
    this.outputs.add(record);
  }

  private finishTable(): void {
    const { state } = this;
    // A value that replaces has deleted up to the pair just before its own, which may have the stamp before.
    const minStamp = Math.max(state.minStamp - 1, 0);
    this.outputs.finish({ minStamp, maxStamp: state.maxStamp, foreign: this.foreign || this.list.hasForeign });
    state.forgetStamps();
  }
}
