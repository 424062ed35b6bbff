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
import type { RecordSink } from '../sstable/key-writer.js';
import { KeyWriter } from '../sstable/key-writer.js';
import { RecordFlags } from '../sstable/record-flags.js';
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
  private readonly record: RecordWriter;
  private readonly parts: KeyWriter;
  private readonly foreign: boolean;
  private db = -1;

  constructor(changes: SegmentChanges, outputs: TableOutputs, job: FlushJob, scratch: Scratch) {
    const { origin, options } = job;
    this.foreign = job.foreign;
    this.changes = changes;
    this.list = changes.list;
    this.order = new KeyOrder(changes.list, scratch);
    this.outputs = outputs;
    this.state = new KeyState(origin);
    this.cells = new CellRows(changes.list, scratch);
    this.record = new RecordWriter(origin);
    const sink: RecordSink = {
      add: (position, flags, bytes, start, end, expiresAtMs, markBytes) => {
        outputs.add(this.db, position, flags, bytes, start, end, expiresAtMs, markBytes);
      },
    };
    this.parts = new KeyWriter(origin, sink, options.partBytes);
  }

  run(): void {
    const { order, list, state } = this;
    let floor = 0;
    while (order.next()) {
      const row = order.rows[order.start];
      if (list.db(row) !== this.db) {
        this.finishTable();
        this.db = list.db(row);
        floor = this.changes.floorOf(this.db);
      }
      state.fold(list, order.rows, order.start, order.end, floor);
      if (!state.isNothing) this.writeKey(row, floor);
    }
    this.finishTable();
  }

  /** Writes what the state has come to, of the key of `row`. */
  private writeKey(row: number, floor: number): void {
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
      // What stands before `firstAt` was superseded.
      this.cells.write(this.order.rows, state.firstAt, this.order.end, floor, this.parts);
      this.parts.finish();
      return;
    }
    this.outputs.add(this.db, list.position(row), flags, record.buffer, 0, record.end, expiresAtMs, 0);
  }

  private finishTable(): void {
    const { state } = this;
    // A value that replaces has deleted up to the pair just before its own, which may have the stamp before.
    const minStamp = Math.max(state.minStamp - 1, 0);
    this.outputs.finish({ minStamp, maxStamp: state.maxStamp, foreign: this.foreign || this.list.hasForeign });
    state.forgetStamps();
  }
}
