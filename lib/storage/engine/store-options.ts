import type { Clock, Disk, Random, Timers } from '../../host/ports.js';
import type { HybridClock } from '../../base/stamp.js';
import type { SlotStamps } from '../../record/slot-stamps.js';
import type { BatchReader } from '../../record/batch-reader.js';
import type { Pair } from '../../record/pair.js';
import type { BackgroundJobs } from '../jobs/job-runner.js';
import type { LevelsConfig } from '../levels/level-targets.js';
import type { Compression } from '../sstable/compression.js';

/** What happens in a store, off the path of commands. */
export interface StoreEvents {
  /** A line for the server's log: something went wrong that will be tried again, or was repaired. */
  readonly onProblem: (message: string) => void;
  /** A segment of the log is in tables. */
  readonly onFlushed: () => void;
  /** Expired keys of a database were dropped from its tables. `isForCount`: on behalf of `compactAll`, after which tables may be counted. */
  readonly onExpiredDropped: (db: number, keys: number, isForCount: boolean) => void;
  /** About to happen: what was counted of a database before, and is yet to be noted, is not exact any more. */
  readonly onCountDoubted: (db: number) => void;
}

export interface StoreOptions {
  readonly disk: Disk;
  readonly random: Random;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Makes who runs flushes and compactions, each time that the store is opened. */
  readonly jobs: () => BackgroundJobs;
  /** The data directory, which exists. */
  readonly directory: string;
  readonly positionKey: Uint8Array;
  /** This node's ordinal. */
  readonly origin: number;
  /**
   * Whether other nodes have the data, too. What they have stamped comes late, or again: so nothing is dropped because it has expired, and what says that something is dead only
   * up to `deadUpTo`.
   */
  readonly isReplicated: boolean;
  /** Up to where they all know what is dead. It rises; `onDeadRisen` is to be called then. */
  readonly deadUpTo?: SlotStamps;
  readonly settings: StoreSettings;
  /** A line for the server's log. */
  readonly report: (message: string) => void;
  /** The log is durable up to a position. */
  readonly onSynced: (position: number) => void;
  /** The log has failed, or the manifest. */
  readonly onFailed: (error: Error) => void;
}

/** Sizes are bytes. They are looked at when they are needed, and may change. */
export interface StoreSettings {
  /** A segment of the log that has so many is closed. */
  readonly segmentBytesMax: number;
  /** How much may be written and not be in tables, before writers are slowed down as much as possible. */
  readonly dirtyBytesMax: number;
  readonly blockCacheBytes: number;
  /** Filters and indexes of tables. */
  readonly indexBytesMax: number;
  readonly openFilesMax: number;
  readonly compression: Compression;
  /** What compactions read and write in a second, at most; 0: no limit. */
  readonly compactionBytesPerSecond: number;
  readonly levels: LevelsConfig;
}

/** What the store keeps of a database beside the tables: counts of its keys. */
export interface KeyCounts {
  keyCount: number;
  expiringCount: number;
  isEstimate: boolean;
  /** Everything in it stamped up to this is dead; 0: it was never emptied. */
  flushedUpTo: number;
  /** See StoreEvents.onExpiredDropped. */
  expiredOnDisk(keys: number, isForCount: boolean): void;
}

/** Where the store puts what it reads when it is opened. */
export interface StoreTarget {
  readonly clock: HybridClock;
  readonly databaseCount: number;
  /** By id. Throws RangeError if there is no such database. */
  physicalDatabase(id: number): KeyCounts;
  adoptDatabases(pair: Pair, physical: readonly number[]): void;
  /** Merges one change of the log. */
  apply(reader: BatchReader): void;
}
