/**
 * The tables of a store that is open: which there are, their files, and what of them is in memory.
 *
 *  1. The file of a table that has left all versions is removed, and nothing of it stays in memory.
 *  2. A table that turns out to be damaged is noted in the manifest, and not read any more. It stays until what it held is known not to be missing.
 */

import type { CorruptionError } from '../../base/errors.js';
import { tablesDirectory } from '../levels/table-files.js';
import type { VersionEdit } from '../levels/version-edit.js';
import { VersionSet } from '../levels/version-set.js';
import type { Version } from '../levels/version.js';
import { BlockCache } from '../sstable/block-cache.js';
import { OpenTables } from '../sstable/open-tables.js';
import type { TableMeta } from '../sstable/table-meta.js';
import { YOUNG_BITS } from './job-orders.js';
import type { StoreOptions } from './store-options.js';
import { TableFolder } from './table-folder.js';

const MANIFEST_BYTES_MAX = 1024 * 1024;
/** Filters of so many tables are read before the store is open, the others when they are needed. */
const WARM_TABLES = 256;

export class LiveTables {
  readonly versions: VersionSet;
  /** Filters and indexes. */
  readonly open: OpenTables;
  blocks: BlockCache;
  /** Free when they were opened. */
  readonly nextTableId: number;
  private readonly options: StoreOptions;
  private readonly folder: TableFolder;
  private turnEnds = false;
  private readonly endTurn = (): void => {
    this.turnEnds = false;
    this.blocks.nextTurn();
  };

  private constructor(
    options: StoreOptions,
    folder: TableFolder,
    versions: VersionSet,
    open: OpenTables,
    nextTableId: number,
  ) {
    this.options = options;
    this.folder = folder;
    this.versions = versions;
    this.open = open;
    this.nextTableId = nextTableId;
    this.blocks = new BlockCache(options.settings.blockCacheBytes);
  }

  /** Opens what the manifest says, or makes an empty one, and tidies the files. Rejects with CorruptionError, DiskError and ManifestFailedError. */
  static async open(options: StoreOptions): Promise<LiveTables> {
    const { disk, random, directory, report, settings } = options;
    const path = tablesDirectory(directory);
    disk.makeDirectory(path);
    disk.syncDirectory(directory);
    const folder = new TableFolder(disk, directory, report);
    const { openFilesMax: filesMax, indexBytesMax: bytesMax } = settings;
    const open = new OpenTables({ disk, directory: path, filesMax, bytesMax });
    const onGone = (table: TableMeta): void => {
      remove(folder, open, table);
    };
    const versions = await VersionSet.open({ disk, random, directory, bytesMax: MANIFEST_BYTES_MAX, report, onGone });
    return new LiveTables(options, folder, versions, open, await folder.tidy(versions));
  }

  /** Closes the files. Nothing may be noted any more. */
  async close(): Promise<void> {
    await this.versions.close();
    this.open.close();
    await this.folder.settled();
  }

  /** What caches, filters and indexes take. */
  get memoryBytes(): number {
    return this.open.bytes + this.blocks.heldBytes;
  }

  /** Gives the block cache another size: it begins empty again. */
  resizeBlocks(bytes: number): void {
    if (this.blocks.bytesMax !== bytes) this.blocks = new BlockCache(bytes);
  }

  /** Has BlockCache.nextTurn called when this turn of the loop is over. */
  scheduleEndOfTurn(): void {
    if (this.turnEnds) return;
    this.turnEnds = true;
    this.options.timers.endOfTurn(this.endTurn);
  }

  pathOf(table: TableMeta): string {
    return this.folder.pathOf(table);
  }

  /** Removes tables that came to nothing, or are in no version any more. */
  remove(tables: readonly TableMeta[]): void {
    for (const table of tables) remove(this.folder, this.open, table);
  }

  /** Has the filters of the first tables read, as `warm` does. */
  async warmFirst(): Promise<void> {
    const { current } = this.versions;
    const known = [...current.tables()].filter(({ id }) => !current.quarantined.has(id));
    await this.warm(known.slice(0, WARM_TABLES));
  }

  /** Has filters read while there is room for them, so that questions are answered without the disk. */
  async warm(metas: readonly TableMeta[]): Promise<void> {
    const loads: Promise<unknown>[] = [];
    let { bytes } = this.open;
    for (const table of metas) {
      bytes += (table.recordCount * YOUNG_BITS) / 8;
      if (bytes > this.options.settings.indexBytesMax) break;
      // One that cannot be read shows when it is needed.
      loads.push(this.open.load(table).catch(() => undefined));
    }
    await Promise.all(loads);
  }

  /** Notes that a table is damaged. Resolves when that is durable; if it cannot be noted, that is reported. */
  async quarantine(table: TableMeta, error: CorruptionError): Promise<void> {
    const { versions } = this;
    const { report } = this.options;
    if (versions.current.quarantined.has(table.id) || versions.current.placeOf(table.id) === undefined) return;
    report(`${this.pathOf(table)} is quarantined, it is not read any more: ${error.message}`);
    const note = (current: Version): VersionEdit | undefined =>
      current.placeOf(table.id) && { quarantined: [{ id: table.id, reason: error.message }] };
    try {
      await versions.log(note);
    } catch (cause) {
      report(`That could not be noted: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  }

  /** The tables of a database that are damaged. */
  quarantinedIn(db: number): TableMeta[] {
    const { current } = this.versions;
    if (current.quarantined.size === 0) return [];
    return current.tablesIn(db).filter(({ id }) => current.quarantined.has(id));
  }

  /** Takes damaged tables out of the version. Resolves when that is durable. */
  async dropQuarantined(ids: readonly number[]): Promise<void> {
    await this.versions.log((current) => {
      const removed = ids.filter((id) => current.quarantined.has(id));
      return removed.length === 0 ? undefined : { removed };
    });
  }
}

function remove(folder: TableFolder, open: OpenTables, table: TableMeta): void {
  open.forget(table.id);
  folder.remove(table);
}
