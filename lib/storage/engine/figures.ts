import { ratio } from '../../base/ratio.js';
import { BOTTOM_LEVEL } from '../levels/version-edit.js';
import type { QuarantinedTable } from '../levels/version-edit.js';
import type { VersionSet } from '../levels/version-set.js';
import type { AppendOnlyFile } from '../log/append-only-file.js';
import type { ColdReader } from './cold-reader.js';
import type { Compactor } from './compactor.js';
import type { Flusher } from './flusher.js';
import type { LiveTables } from './live-tables.js';
import type { LogCoverage } from './log-coverage.js';

/** A level of a physical database, if it has tables. */
export interface LevelFigures {
  readonly db: number;
  readonly level: number;
  readonly tables: number;
  readonly bytes: number;
}

/** What flushes or compactions have done since the store was opened. */
export interface WorkFigures {
  readonly count: number;
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly isRunning: boolean;
  /** Why the last one failed, if it did. */
  readonly error: string | undefined;
}

/** What a store holds, and what it has done since it was opened. Sizes are bytes. */
export interface StorageFigures {
  /** By database and number. */
  readonly levels: readonly LevelFigures[];
  readonly tableCount: number;
  readonly tableBytes: number;
  readonly quarantined: readonly QuarantinedTable[];
  /** Segments that are not in tables, the one that is appended to included. */
  readonly logSegments: number;
  readonly logBytes: number;
  readonly appendedBytes: number;
  readonly flushes: WorkFigures;
  /** How often a flush has waited for compactions, because of too many tables in level 0. */
  readonly flushWaits: number;
  readonly flushUs: number;
  readonly flushBytesPerSecond: number;
  readonly compactions: WorkFigures;
  readonly compactionUs: number;
  /** Records that compactions have dropped. */
  readonly recordsDropped: number;
  /** What was written to log and tables for each byte that was appended. */
  readonly writeAmplification: number;
  /** Blocks read from the disk for each key looked for there. */
  readonly readAmplification: number;
  /** Keys looked for on the disk, and those found. */
  readonly coldReads: number;
  readonly coldFound: number;
  readonly blockCache: {
    readonly bytes: number;
    readonly bytesMax: number;
    readonly hits: number;
    readonly reads: number;
    readonly readBytes: number;
  };
  /** Filters and indexes in memory, of `tables` tables; `loads` were read. */
  readonly indexes: {
    readonly bytes: number;
    readonly bytesMax: number;
    readonly tables: number;
    readonly loads: number;
    readonly files: number;
  };
  readonly bloom: {
    readonly probes: number;
    readonly negatives: number;
    readonly falsePositives: number;
    /** Of the keys that a table did not have, the part that its filter did not know. */
    readonly falsePositiveRate: number;
  };
  /** Everything in memory stamped up to this is in tables; and up to this, it may leave the memory. */
  readonly flushedStamp: number;
  readonly cleanStamp: number;
  /** Versions that readers hold besides the current one. */
  readonly versionsHeld: number;
}

/** The parts of an open store that count. */
export interface FigureSources {
  readonly versions: VersionSet;
  readonly tables: Pick<LiveTables, 'open' | 'blocks'>;
  readonly reader: ColdReader;
  readonly coverage: LogCoverage;
  readonly log: AppendOnlyFile;
  readonly flusher: Flusher;
  readonly compactor: Compactor;
}

export function storageFigures(sources: FigureSources): StorageFigures {
  const { versions, reader, coverage, log, flusher, compactor } = sources;
  const { open: tables, blocks } = sources.tables;
  const { current } = versions;
  const { probeCount, negativeCount, falsePositiveCount } = tables;
  const written = log.position + flusher.writtenBytes + compactor.writtenBytes;
  return {
    levels: levelsOf(versions),
    tableCount: current.tableCount,
    tableBytes: current.totalBytes(),
    quarantined: Array.from(current.quarantined, ([id, reason]) => ({ id, reason })),
    logSegments: log.closedSegments.length + 1,
    logBytes: log.sizeBytes,
    appendedBytes: log.position,
    flushes: {
      count: flusher.flushCount,
      readBytes: flusher.flushedBytes,
      writtenBytes: flusher.writtenBytes,
      isRunning: flusher.isRunning,
      error: flusher.lastError?.message,
    },
    flushWaits: flusher.waitCount,
    flushUs: flusher.lastFlushUs,
    flushBytesPerSecond: flusher.bytesPerSecond,
    compactions: {
      count: compactor.compactionCount,
      readBytes: compactor.readBytes,
      writtenBytes: compactor.writtenBytes,
      isRunning: compactor.isRunning,
      error: compactor.lastError?.message,
    },
    compactionUs: compactor.busyUs,
    recordsDropped: compactor.recordsDropped,
    writeAmplification: ratio(written, log.position),
    readAmplification: ratio(blocks.readCount, reader.readCount),
    coldReads: reader.readCount,
    coldFound: reader.foundCount,
    blockCache: {
      bytes: blocks.heldBytes,
      bytesMax: blocks.bytesMax,
      hits: blocks.hitCount,
      reads: blocks.readCount,
      readBytes: blocks.readBytes,
    },
    indexes: {
      bytes: tables.bytes,
      bytesMax: tables.bytesMax,
      tables: tables.openCount,
      loads: tables.loadCount,
      files: tables.fileCount,
    },
    bloom: {
      probes: probeCount,
      negatives: negativeCount,
      falsePositives: falsePositiveCount,
      falsePositiveRate: ratio(falsePositiveCount, falsePositiveCount + negativeCount),
    },
    flushedStamp: coverage.flushedStamp,
    cleanStamp: reader.cleanUpTo,
    versionsHeld: versions.olderCount,
  };
}

function levelsOf({ current }: VersionSet): LevelFigures[] {
  const figures: LevelFigures[] = [];
  for (const db of current.databasesWithTables()) {
    for (let level = 0; level <= BOTTOM_LEVEL; level++) {
      const { count: tables, bytes } = current.level(db, level);
      if (tables > 0) figures.push({ db, level, tables, bytes });
    }
  }
  return figures;
}
