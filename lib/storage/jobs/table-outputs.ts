import { assert } from '../../base/assert.js';
import { DiskError } from '../../base/errors.js';
import type { Scratch } from '../../base/scratch.js';
import type { Disk, DiskFile } from '../../host/ports.js';
import type { FileId } from '../log/aof-frame.js';
import { tablesDirectory } from '../levels/table-files.js';
import { tablePath } from '../sstable/table-format.js';
import type { TableMeta } from '../sstable/table-meta.js';
import type { TableStamps } from '../sstable/table-writer.js';
import { TableWriter } from '../sstable/table-writer.js';
import type { ReservedTables, TableOptions } from './job.js';
import type { Pace } from './pace.js';

const PACE_BYTES = 64 * 1024;
/** 2^32 divided by the golden ratio: its multiples are spread over all words. */
const SPREAD = 0x9e3779b1;

export interface TableOutputsOptions {
  readonly disk: Disk;
  /** The data directory. */
  readonly directory: string;
  readonly reserved: ReservedTables;
  readonly table: TableOptions;
  /** Of the records that come. */
  readonly origin: number;
  readonly pace: Pace;
  readonly scratch: Scratch;
}

/** The tables that a job makes: all of them last, or none. */
export class TableOutputs {
  readonly metas: TableMeta[] = [];
  private readonly options: TableOutputsOptions;
  private readonly directory: string;
  /** The files that were made. */
  private readonly paths: string[] = [];
  private file: DiskFile | undefined;
  private writer: TableWriter | undefined;
  /** Bytes of the table that the pace has been told of, and those at which it will be told again. */
  private pacedBytes = 0;
  private pacedNextBytes = 0;

  constructor(options: TableOutputsOptions) {
    this.options = options;
    this.directory = tablesDirectory(options.directory);
  }

  /** The table that is being written. */
  get current(): TableWriter | undefined {
    return this.writer;
  }

  /** Are there more of the reserved ids? */
  get hasNext(): boolean {
    return this.paths.length < this.options.reserved.count;
  }

  get writtenBytes(): number {
    return this.metas.reduce((sum, { fileBytes }) => sum + fileBytes, 0);
  }

  /** Adds a record, as TableWriter does, to the table that was begun last; begins one for `db` if there is none. */
  add(
    db: number,
    position: number,
    flags: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    expiresAtMs: number,
    markBytes: number,
  ): void {
    const writer = this.writer ?? this.begin(db);
    writer.add(position, flags, bytes, start, end, expiresAtMs, markBytes);
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
    if (this.paths.length > 0) this.options.disk.syncDirectory(this.directory);
  }

  /** Removes what was made, as far as the disk lets it: the next start removes the rest. */
  discard(): void {
    this.close();
    for (const path of this.paths) {
      try {
        this.options.disk.remove(path);
      } catch (error) {
        if (!(error instanceof DiskError)) throw error;
      }
    }
  }

  private begin(db: number): TableWriter {
    const { disk, reserved, table, origin, scratch } = this.options;
    assert(this.hasNext, 'enough ids were reserved');
    const index = this.paths.length;
    const id = reserved.firstId + index;
    const path = tablePath(this.directory, id);
    this.file = disk.create(path);
    this.paths.push(path);
    this.pacedBytes = 0;
    this.pacedNextBytes = PACE_BYTES;
    const options = { ...table, id, fileId: spread(reserved.seed, index), db, origin };
    return (this.writer = new TableWriter(this.file, options, scratch));
  }

  private close(): void {
    this.writer = undefined;
    this.file?.close();
    this.file = undefined;
  }

  private spend(sizeBytes: number): void {
    this.options.pace.spend(Math.max(sizeBytes - this.pacedBytes, 0));
    this.pacedBytes = sizeBytes;
    this.pacedNextBytes = sizeBytes + PACE_BYTES;
  }
}

/** The id of a job's file: the first has the seed itself, and no two have the same. */
function spread({ high, low }: FileId, index: number): FileId {
  return { high, low: (low ^ Math.imul(index, SPREAD)) >>> 0 };
}
