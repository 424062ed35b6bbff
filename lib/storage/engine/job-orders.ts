import { drawFileId } from '../log/aof-frame.js';
import type { ClosedSegment } from '../log/append-only-file.js';
import type { CompactionJob, FlushJob, ReservedTables, TableOptions } from '../jobs/job.js';
import type { MergeCompaction } from '../levels/compaction.js';
import type { VersionSet } from '../levels/version-set.js';
import { BLOCK_BYTES } from '../sstable/block.js';
import type { DeletesLimit } from './deletes-limit.js';
import type { HeldSlots } from './held-slots.js';
import type { StoreOptions, StoreTarget } from './store-options.js';

/** Bits a key of the bloom filters: of tables of level 0, which are few and all asked, and of the others. */
export const YOUNG_BITS = 16;
const OLD_BITS = 12;

/** Writes out what a flush or a compaction is to do, and gives each the numbers of the tables that it may make. */
export class JobOrders {
  private readonly options: StoreOptions;
  private readonly versions: VersionSet;
  private readonly target: StoreTarget;
  private readonly slots: HeldSlots;
  private readonly deletes: DeletesLimit;
  private nextId: number;

  constructor(
    options: StoreOptions,
    versions: VersionSet,
    deletes: DeletesLimit,
    target: StoreTarget,
    slots: HeldSlots,
    nextTableId: number,
  ) {
    this.options = options;
    this.versions = versions;
    this.deletes = deletes;
    this.target = target;
    this.slots = slots;
    this.nextId = nextTableId;
  }

  /** No table has this number or a higher one. */
  get nextTableId(): number {
    return this.nextId;
  }

  flush(segment: ClosedSegment): FlushJob {
    const { directory, positionKey, origin } = this.options;
    const { current } = this.versions;
    return {
      kind: 'flush',
      directory,
      segments: [{ number: segment.number, fileId: segment.fileId, sizeBytes: segment.sizeBytes }],
      positionKey,
      origin,
      floors: current.floors(),
      givenUp: this.slots.floors.slotsDeadIn(segment.number),
      foreign: this.options.isReplicated,
      outputs: this.reserve(this.target.databaseCount),
      options: this.tableOptions(YOUNG_BITS),
    };
  }

  compaction(what: MergeCompaction): CompactionJob {
    const { directory, origin, settings } = this.options;
    const { tableBytes } = settings.levels;
    const inputBytes = what.runs.flat().reduce((sum, { fileBytes }) => sum + fileBytes, 0);
    return {
      kind: 'compact',
      db: what.db,
      directory,
      runs: what.runs,
      floor: this.versions.current.facts(what.db).floor,
      slotFloors: this.slots.floors.list,
      nowMs: Math.min(what.expireUpToMs, this.target.clock.nowMs),
      ...this.deletes.rulesFor(what),
      origin,
      tableBytes,
      outputs: this.reserve(Math.ceil(inputBytes / tableBytes) + 2),
      options: this.tableOptions(OLD_BITS),
    };
  }

  private reserve(count: number): ReservedTables {
    const firstId = this.nextId;
    this.nextId += count;
    return { firstId, count, seed: drawFileId(this.options.random) };
  }

  private tableOptions(filterBitsPerKey: number): TableOptions {
    return { blockBytes: BLOCK_BYTES, compression: this.options.settings.compression, filterBitsPerKey };
  }
}
