import type { Config } from '../config/config.js';
import type { StoreSettings } from '../storage/engine/store-options.js';
import { DEFAULT_LEVELS_CONFIG } from '../storage/levels/level-targets.js';
import { Compression } from '../storage/sstable/compression.js';

/** Tables that are kept open, at least and at most. */
const TABLE_FILES_MIN = 64;
const TABLE_FILES_MAX = 512;
/** Of maxmemory: a segment of the log, at least and at most; what may be written and not be in tables; caches. */
const SEGMENT_PART = 1 / 12;
const SEGMENT_BYTES_MIN = 64 * 1024;
const DIRTY_PART = 1 / 2;
const DIRTY_BYTES_MAX = 1024 ** 3;
const BLOCK_CACHE_PART = 1 / 16;
const INDEX_PART = 1 / 4;
const INDEX_BYTES_MIN = 1024 * 1024;
const INDEX_BYTES_MAX = 4 * 1024 ** 3;

/** Memory for tables is taken from what there is for data. */
export function storeSettings(config: Config, filesMax: number): StoreSettings {
  const limit = (): number => (config.maxmemoryBytes === 0 ? Infinity : config.maxmemoryBytes);
  return {
    get segmentBytesMax() {
      return Math.min(config.aofSegmentSizeBytes, Math.max(SEGMENT_BYTES_MIN, limit() * SEGMENT_PART));
    },
    get dirtyBytesMax() {
      return Math.min(limit() * DIRTY_PART, DIRTY_BYTES_MAX);
    },
    get blockCacheBytes() {
      return Math.min(config.blockCacheSizeBytes, limit() * BLOCK_CACHE_PART);
    },
    indexBytesMax: Math.max(INDEX_BYTES_MIN, Math.min(limit() * INDEX_PART, INDEX_BYTES_MAX)),
    openFilesMax: Math.min(TABLE_FILES_MAX, Math.max(TABLE_FILES_MIN, filesMax >>> 2)),
    get compression() {
      return config.tableCompression === 'snappy' ? Compression.SNAPPY : Compression.NONE;
    },
    get compactionBytesPerSecond() {
      return config.compactionRateLimitBytes;
    },
    levels: DEFAULT_LEVELS_CONFIG,
  };
}
