/**
 * Everything that is there while a store is open, put together in the order in which one part needs another:
 *
 *     tables ──▶ reader ──▶ log (replayed: it asks the reader) ──▶ compactor, flusher ──▶ what moves the log to tables
 */

import { stampMs } from '../../base/stamp.js';
import { SlotStamps } from '../../record/slot-stamps.js';
import type { BackgroundJobs } from '../jobs/job-runner.js';
import type { DatabaseFacts } from '../levels/version-edit.js';
import type { VersionSet } from '../levels/version-set.js';
import type { AppendOnlyFile } from '../log/append-only-file.js';
import { ColdReader } from './cold-reader.js';
import { Compactor } from './compactor.js';
import type { DatabaseNotes } from './database-notes.js';
import { restoreDatabases } from './database-notes.js';
import { DeletesLimit } from './deletes-limit.js';
import { Flusher } from './flusher.js';
import { HeldSlots } from './held-slots.js';
import { JobOrders } from './job-orders.js';
import type { LiveTables } from './live-tables.js';
import type { LogCoverage } from './log-coverage.js';
import { replayLog } from './log-replay.js';
import { Retry } from './retry.js';
import { StoreLog } from './store-log.js';
import type { StoreOptions, StoreTarget } from './store-options.js';

export interface StoreParts {
  readonly jobs: BackgroundJobs;
  readonly orders: JobOrders;
  readonly tables: LiveTables;
  readonly versions: VersionSet;
  readonly reader: ColdReader;
  readonly coverage: LogCoverage;
  readonly log: AppendOnlyFile;
  readonly storeLog: StoreLog;
  readonly flusher: Flusher;
  readonly compactor: Compactor;
  readonly deletes: DeletesLimit;
  /** Which slots the data is of, where other nodes have others. */
  readonly slots: HeldSlots;
}

/** What is there before: it has to do with data that is in memory alone, too. */
export interface StoreState {
  readonly coverage: LogCoverage;
  readonly notes: DatabaseNotes;
}

/** What the makers of parts share. */
interface Beginnings extends StoreState, Omit<StoreParts, 'log' | 'storeLog' | 'flusher' | 'compactor'> {
  readonly options: StoreOptions;
  readonly target: StoreTarget;
}

/**
 * Opens the log over `tables`, and reads what they do not have into `target`, which may ask the reader: `onReader` is told of it before. Rejects with CorruptionError, DiskError and
 * ManifestFailedError.
 */
export async function openParts(
  options: StoreOptions,
  state: StoreState,
  tables: LiveTables,
  target: StoreTarget,
  onReader: (reader: ColdReader) => void,
): Promise<StoreParts> {
  const { coverage, notes } = state;
  const { versions } = tables;
  const { current } = versions;
  const later: { storeLog?: StoreLog } = {};
  const newest = [...current.tables()].reduce((stamp, { maxStamp }) => Math.max(stamp, maxStamp), 0);
  coverage.flushedStamp = newest;
  const slots = new HeldSlots(current);
  const reader = makeReader(options, state, tables, slots);
  await tables.warmFirst();
  restoreDatabases(current, target);
  const jobs = options.jobs();
  const deletes = new DeletesLimit({
    versions,
    knownUpTo: () => (later.storeLog?.isStored === true ? coverage.flushedStamp : target.clock.latest),
    deadUpTo: options.isReplicated ? (options.deadUpTo ?? new SlotStamps()) : undefined,
    cleanUpTo: () => (coverage.isLogging && !coverage.isBeginning ? reader.cleanUpTo : 0),
  });
  const orders = new JobOrders(options, versions, deletes, target, slots, tables.nextTableId);
  const common = { options, ...state, jobs, orders, tables, versions, reader, deletes, slots, target };
  onReader(reader);
  coverage.open(current.logging ?? true);
  const databaseFacts = (): DatabaseFacts[] => notes.factsOf(target, current);
  const { log, factsOf } = replayLog({ ...options, version: current, slots, target, databaseFacts });
  // From here on a log that is missing was lost.
  if (versions.current.logging === undefined) await versions.log({ logging: true });
  const { flusher, compactor } = makeMovers(common, log);
  const storeLog = new StoreLog({ ...common, ...options, log, flusher });
  later.storeLog = storeLog;
  storeLog.takeUp(factsOf, newest, slots.floors.lastSegment);
  compactor.kick();
  if (coverage.isLogging) void storeLog.dropDead();
  return { ...common, log, storeLog, flusher, compactor };
}

function makeReader(options: StoreOptions, state: StoreState, tables: LiveTables, slots: HeldSlots): ColdReader {
  const { clock, timers, directory } = options;
  const { coverage, notes } = state;
  return new ColdReader({
    directory,
    versions: tables.versions,
    tables: tables.open,
    blocks: () => tables.blocks,
    flushedStamp: () => coverage.flushedStamp,
    lateStamp: (segment) => coverage.lowestLate(segment),
    floorOf: (db) => notes.floorOf(db),
    slotFloors: () => slots.floors,
    onDamage: (table, error) => {
      void tables.quarantine(table, error);
    },
    endTurn: () => {
      tables.scheduleEndOfTurn();
    },
    nowUs: () => clock.monotonicUs(),
    rest: () =>
      new Promise((resolve) => {
        timers.endOfTurn(resolve);
      }),
  });
}

/** Flusher and compactor know of each other: level 0 is filled by the one, and emptied by the other. */
function makeMovers(from: Beginnings, log: AppendOnlyFile): Pick<StoreParts, 'flusher' | 'compactor'> {
  const { options, coverage, orders, slots, target } = from;
  const { clock, timers, report, settings, isReplicated } = options;
  const nowUs = (): number => clock.monotonicUs();
  const compactor: Compactor = new Compactor({
    ...from,
    levels: settings.levels,
    events: {
      onProblem: report,
      onExpiredDropped: (db, keys, isForCount) => {
        target.physicalDatabase(db).expiredOnDisk(keys, isForCount);
      },
      onCountDoubted: (db) => {
        flusher.doubtCount(db);
      },
    },
    retry: new Retry(timers),
    jobFor: (compaction) => orders.compaction(compaction),
    nowMs: () => target.clock.nowMs,
    keepsExpired: isReplicated,
    unflushedSinceMs: () => (coverage.isLogging && log.isEmpty ? Infinity : stampMs(coverage.flushedStamp)),
    isIdle: () => !flusher.isRunning,
    nowUs,
  });
  compactor.bytesPerSecond = settings.compactionBytesPerSecond;
  const flusher: Flusher = new Flusher({
    ...from,
    log,
    events: {
      onProblem: report,
      onFlushed: () => {
        compactor.kick();
      },
    },
    retry: new Retry(timers),
    jobFor: (segment) => orders.flush(segment),
    slotNotes: (version) => (isReplicated ? slots.notesForTables(version) : undefined),
    mustWait: () => compactor.whenLevel0HasRoom(),
    nowUs,
  });
  return { flusher, compactor };
}
