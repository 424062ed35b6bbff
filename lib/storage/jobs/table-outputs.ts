import { assert } from '../../base/assert.js';
import { DiskError } from '../../base/errors.js';
import type { Scratch } from '../../base/scratch.js';
import type { Disk, DiskFile } from '../../host/ports.js';
import type { FileId } from '../log/aof-frame.js';
import { tablesDirectory } from '../levels/table-files.js';
import { tablePath } from '../sstable/table-format.js';
import type { RecordSink, StoredRecord } from '../sstable/stored-record.js';
import type { TableMeta } from '../sstable/table-meta.js';
import type { TableStamps } from '../sstable/table-writer.js';
import { TableWriter } from '../sstable/table-writer.js';
import type { ReservedTables, TableOptions } from './job.js';
import type { Pace } from './pace.js';

const PACE_BYTES = 64 * 1024;
/** 2^32 divided by the golden ratio: its multiples are spread over all words. */
const SPREAD = 0x9e3779b1;

/** What a job says of the tables that it makes. */
export interface OutputOptions {
  /** The data directory. */
  readonly directory: string;
  readonly outputs: ReservedTables;
  readonly options: TableOptions;
  /** Of the records that come. */
  readonly origin: number;
}

/** The tables that a job makes: all of them last, or none. */
export class TableOutputs implements RecordSink {
  /** That of the tables that are begun from now on: to be set before the first record comes. */
  db = -1;
  readonly metas: TableMeta[] = [];
  private readonly disk: Disk;
  private readonly job: OutputOptions;
  private readonly pace: Pace;
  private readonly scratch: Scratch;
  private readonly directory: string;
  /** The files that were made. */
  private readonly paths: string[] = [];
  private file: DiskFile | undefined;
  private writer: TableWriter | undefined;
  /** Bytes of the table that the pace has been told of, and those at which it will be told again. */
  private pacedBytes = 0;
  private pacedNextBytes = 0;

  constructor(disk: Disk, job: OutputOptions, pace: Pace, scratch: Scratch) {
    this.disk = disk;
    this.job = job;
    this.pace = pace;
    this.scratch = scratch;
    this.directory = tablesDirectory(job.directory);
  }

  /** The table that is being written. */
  get current(): TableWriter | undefined {
    return this.writer;
  }

  /** Are there more of the reserved ids? */
  get hasNext(): boolean {
    return this.paths.length < this.job.outputs.count;
  }

  get writtenBytes(): number {
    return this.metas.reduce((sum, { fileBytes }) => sum + fileBytes, 0);
  }

  /** Adds a record, as TableWriter does, to the current table; begins one if there is none. */
  add(record: StoredRecord): void {
    const writer = this.writer ?? this.begin();
    writer.add(record);
    if (writer.sizeBytes >= this.pacedNextBytes) this.spend(writer.sizeBytes);
  }

  /** Ends the current table, if there is one: it holds what was added. */
  finish(stamps: TableStamps): void {
    if (this.writer === undefined) return;
    const meta = this.writer.finish(stamps);
    this.spend(meta.fileBytes);
    this.metas.push(meta);
    this.close();
  }

  /** Makes the names of the files durable. REQUIRES: every table is finished. */
  commit(): void {
    assert(this.writer === undefined, 'all tables are finished');
    if (this.paths.length > 0) this.disk.syncDirectory(this.directory);
  }

  /** Removes what was made, as far as the disk lets it: the next start removes the rest. */
  discard(): void {
    this.close();
    for (const path of this.paths) {
      try {
        this.disk.remove(path);
      } catch (error) {
        if (!(error instanceof DiskError)) throw error;
      }
    }
  }

  private begin(): TableWriter {
    const { disk, db, scratch } = this;
    const { outputs, options, origin } = this.job;
    assert(db >= 0, 'tables are of a database');
    assert(this.hasNext, 'enough ids were reserved');
    const index = this.paths.length;
    const id = outputs.firstId + index;
    const path = tablePath(this.directory, id);
    this.file = disk.create(path);
    this.paths.push(path);
    this.pacedBytes = 0;
    this.pacedNextBytes = PACE_BYTES;
    const table = { ...options, id, fileId: spread(outputs.seed, index), db, origin };
    return (this.writer = new TableWriter(this.file, table, scratch));
  }

  private close(): void {
    this.writer = undefined;
    this.file?.close();
    this.file = undefined;
  }

  private spend(sizeBytes: number): void {
    this.pace.spend(Math.max(sizeBytes - this.pacedBytes, 0));
    this.pacedBytes = sizeBytes;
    this.pacedNextBytes = sizeBytes + PACE_BYTES;
  }
}

/** The id of a job's file: the first has the seed itself, and no two have the same. */
function spread({ high, low }: FileId, index: number): FileId {
  return { high, low: (low ^ Math.imul(index, SPREAD)) >>> 0 };
}
