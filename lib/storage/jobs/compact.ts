import { assert } from '../../base/assert.js';
import { Scratch } from '../../base/scratch.js';
import type { Disk } from '../../host/ports.js';
import type { RecordSink, StoredRecord } from '../sstable/stored-record.js';
import type { TableMeta } from '../sstable/table-meta.js';
import type { TableStamps } from '../sstable/table-writer.js';
import type { CompactionJob, CompactionResult } from './job.js';
import { RunMerge } from './merge-runs.js';
import type { Pace } from './pace.js';
import { RunReader } from './run-reader.js';
import { TableOutputs } from './table-outputs.js';

/** Runs a compaction to its end. Throws DiskError, CorruptionError and JobAbortedError: then it has left nothing behind. */
export function runCompaction(disk: Disk, job: CompactionJob, pace: Pace, scratch = new Scratch()): CompactionResult {
  // Tables in which everything is dead are not even read.
  const runs = job.runs.map((run) => run.filter(({ maxStamp }) => maxStamp > job.floor));
  const inputs = runs.flat();
  const outputs = new TableOutputs(disk, job, pace, scratch);
  outputs.db = job.db;
  const readers = runs.map((run) => new RunReader(disk, job, run, pace));
  try {
    for (const reader of readers) reader.next();
    const sink = new SplittingSink(outputs, job, stampsOf(inputs, job.floor));
    const foreign = inputs.some((table) => table.foreign);
    const merge = new RunMerge(readers, { ...job, foreign, partBytes: job.options.partBytes }, sink);
    merge.run();
    sink.finish();
    outputs.commit();
    return resultOf(
      job,
      inputs,
      outputs,
      merge,
      sum(readers, ({ passedCount }) => passedCount),
    );
  } catch (error) {
    outputs.discard();
    throw error;
  } finally {
    for (const reader of readers) reader.close();
  }
}

/** Goes on in a new table when one is full, but never between records of one position. */
class SplittingSink implements RecordSink {
  private readonly outputs: TableOutputs;
  private readonly tableBytes: number;
  private readonly stamps: TableStamps;

  constructor(outputs: TableOutputs, { tableBytes }: CompactionJob, stamps: TableStamps) {
    this.outputs = outputs;
    this.tableBytes = tableBytes;
    this.stamps = stamps;
  }

  add(record: StoredRecord): void {
    const { outputs } = this;
    const table = outputs.current;
    if (table !== undefined && table.sizeBytes >= this.tableBytes && table.lastPosition !== record.position) {
      if (outputs.hasNext) this.finish();
    }
    outputs.add(record);
  }

  finish(): void {
    this.outputs.finish(this.stamps);
  }
}

/** What holds for any part of the inputs that is above the floor. (A value stamped just above it may say that it has deleted up to it.) */
function stampsOf(inputs: readonly TableMeta[], floor: number): TableStamps {
  const minStamp = inputs.reduce((least, table) => Math.min(least, table.minStamp), Infinity);
  return {
    minStamp: floor === 0 ? minStamp : Math.max(minStamp, floor + 1),
    maxStamp: inputs.reduce((most, table) => Math.max(most, table.maxStamp), 0),
    foreign: inputs.some((table) => table.foreign),
  };
}

function resultOf(
  job: CompactionJob,
  inputs: readonly TableMeta[],
  outputs: TableOutputs,
  merge: RunMerge,
  givenUpDropped: number,
): CompactionResult {
  const { recordsOut, superseded, emptyDropped, expiredDropped, marksDropped } = merge;
  const recordsIn = sum(job.runs.flat(), ({ recordCount }) => recordCount);
  const flushedDropped = merge.flushedDropped + recordsIn - sum(inputs, ({ recordCount }) => recordCount);
  const accounted = recordsOut + superseded + emptyDropped + expiredDropped + flushedDropped + givenUpDropped;
  assert(recordsIn === accounted, 'every record is accounted for');
  return {
    tables: outputs.metas,
    readBytes: sum(inputs, ({ fileBytes }) => fileBytes),
    writtenBytes: outputs.writtenBytes,
    recordsIn,
    recordsOut,
    superseded,
    emptyDropped,
    expiredDropped,
    flushedDropped,
    givenUpDropped,
    marksDropped,
    liveCount: sum(outputs.metas, ({ recordCount, emptyCount }) => recordCount - emptyCount),
    expiringCount: sum(outputs.metas, ({ expiringCount }) => expiringCount),
  };
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
