import type { Disk } from '../../host/ports.js';
import { frameSeed } from '../log/aof-frame.js';
import type { BlockSource } from './block-cache.js';
import type { BloomFilter } from './bloom-filter.js';
import { OpenFiles } from './open-files.js';
import type { TableFooter } from './table-format.js';
import { tablePath } from './table-format.js';
import type { TableIndex } from './table-index.js';
import type { TableMeta } from './table-meta.js';
import { TableReader, readFooterLater, readSectionsLater } from './table-reader.js';

export interface OpenTablesOptions {
  readonly disk: Disk;
  /** Where the tables are. */
  readonly directory: string;
  /** Files kept open. */
  readonly filesMax: number;
  /** What filters and indexes may take. A table that is being loaded may go beyond it alone. */
  readonly bytesMax: number;
}

/** A table with its index and filter in memory. It stays good for who holds it, also when OpenTables has dropped it. */
export class OpenTable implements BlockSource {
  readonly id: number;
  readonly path: string;
  readonly seed: number;
  /** The origin of the pairs that its records hold short. */
  readonly origin: number;
  readonly index: TableIndex;
  readonly filter: BloomFilter;
  /** When it was last asked for: a count of OpenTables. */
  usedAt = 0;
  private readonly files: OpenFiles;

  constructor(path: string, footer: TableFooter, index: TableIndex, filter: BloomFilter, files: OpenFiles) {
    this.id = footer.meta.id;
    this.path = path;
    this.seed = frameSeed(footer.meta.fileId);
    this.origin = footer.origin;
    this.index = index;
    this.filter = filter;
    this.files = files;
  }

  /** Bytes of filter and index. */
  get byteLength(): number {
    return this.index.byteLength + this.filter.byteLength;
  }

  /** As ReadableFile.readLater; throws DiskError if the file cannot be opened. */
  read(target: Uint8Array, offset: number, length: number): Promise<number> {
    return this.files.get(this.path).readLater(target, offset, length);
  }

  /** As ReadableFile.readAt; throws DiskError if the file cannot be opened, too. */
  readNow(target: Uint8Array, offset: number, length: number): number {
    return this.files.get(this.path).readAt(target, offset, length);
  }
}

/**
 * The tables that the main thread reads from. Filters and indexes are read when first needed, off the thread, are
 * counted, and are dropped when they take too much, those first that have not been asked for longest.
 */
export class OpenTables {
  /** What filters and indexes in memory take. */
  bytes = 0;
  /** Filters and indexes read. */
  loadCount = 0;
  /** Questions to a filter that was there, and how often it said no. */
  probeCount = 0;
  negativeCount = 0;
  /** Filters that said maybe of a key that the table does not hold; whoever looked tells. */
  falsePositiveCount = 0;

  private readonly options: OpenTablesOptions;
  private readonly files: OpenFiles;
  private readonly tables = new Map<number, OpenTable>();
  private readonly loading = new Map<number, Promise<OpenTable>>();
  /** What is small enough to stay. */
  private readonly footers = new Map<number, TableFooter>();

  constructor(options: OpenTablesOptions) {
    this.options = options;
    this.files = new OpenFiles(options.disk, options.filesMax);
  }

  /** See the option. */
  get bytesMax(): number {
    return this.options.bytesMax;
  }

  /** Tables with filter and index in memory. */
  get openCount(): number {
    return this.tables.size;
  }

  get fileCount(): number {
    return this.files.count;
  }

  /**
   * 0: the table does not hold the position high * 2^32 + low. 1: it may, or its filter is not in memory.
   */
  mayHold(meta: TableMeta, high: number, low: number): 0 | 1 {
    const table = this.tables.get(meta.id);
    if (table === undefined) return 1;
    table.usedAt = this.loadCount;
    this.probeCount++;
    const answer = table.filter.mayHold(high, low);
    if (answer === 0) this.negativeCount++;
    return answer;
  }

  /** The table, if its filter and index are in memory. */
  get(meta: TableMeta): OpenTable | undefined {
    const table = this.tables.get(meta.id);
    if (table !== undefined) table.usedAt = this.loadCount;
    return table;
  }

  /** The table, read if it has to be; those who ask at the same time wait for one reading. Rejects with DiskError, CorruptionError. */
  load(meta: TableMeta): Promise<OpenTable> {
    const there = this.get(meta);
    if (there !== undefined) return Promise.resolve(there);
    const running = this.loading.get(meta.id);
    if (running !== undefined) return running;
    const loading = this.read(meta).finally(() => this.loading.delete(meta.id));
    this.loading.set(meta.id, loading);
    return loading;
  }

  /** The table, read on this thread if it has to be. Throws DiskError, CorruptionError. */
  loadNow(meta: TableMeta): OpenTable {
    const there = this.get(meta);
    if (there !== undefined) return there;
    const path = tablePath(this.options.directory, meta.id);
    const reader = new TableReader(this.files.get(path), meta);
    const { footer, index } = reader;
    const table = new OpenTable(path, footer, index, reader.filter(), this.files);
    this.loadCount++;
    // Whoever reads it off this thread at the same time will keep it.
    if (!this.loading.has(meta.id)) this.keep(table, footer);
    return table;
  }

  /** The table has left the version: nothing of it stays, nor comes. REQUIRES: nobody will ask for it again. */
  forget(id: number): void {
    const table = this.tables.get(id);
    if (table !== undefined) this.drop(table);
    this.footers.delete(id);
    this.loading.delete(id);
    this.files.close(tablePath(this.options.directory, id));
  }

  /** Closes all files; reads under way come to their end. */
  close(): void {
    for (const table of this.tables.values()) this.drop(table);
    this.loading.clear();
    this.files.closeAll();
  }

  private async read(meta: TableMeta): Promise<OpenTable> {
    const path = tablePath(this.options.directory, meta.id);
    const footer = this.footers.get(meta.id) ?? (await readFooterLater(this.files.get(path), meta));
    const { index, filter } = await readSectionsLater(this.files.get(path), footer);
    const table = new OpenTable(path, footer, index, filter, this.files);
    this.loadCount++;
    // Forgotten meanwhile: good for those who wait for it, and for nobody else.
    if (this.loading.has(meta.id)) this.keep(table, footer);
    else this.files.close(path);
    return table;
  }

  private keep(table: OpenTable, footer: TableFooter): void {
    this.footers.set(table.id, footer);
    this.tables.set(table.id, table);
    this.bytes += table.byteLength;
    table.usedAt = this.loadCount;
    while (this.bytes > this.options.bytesMax && this.tables.size > 1) this.drop(this.leastUsed(table));
  }

  /** The table not asked for longest, other than `kept`. */
  private leastUsed(kept: OpenTable): OpenTable {
    let least = kept;
    for (const table of this.tables.values()) {
      if (table !== kept && (least === kept || table.usedAt < least.usedAt)) least = table;
    }
    return least;
  }

  private drop(table: OpenTable): void {
    this.tables.delete(table.id);
    this.bytes -= table.byteLength;
  }
}
