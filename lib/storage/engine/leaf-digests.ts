import { CorruptionError } from '../../base/errors.js';
import type { LeafSums } from '../../record/leaf-sums.js';
import { LeafSums as Sums } from '../../record/leaf-sums.js';
import type { BackgroundJobs } from '../jobs/job-runner.js';
import { JobControl } from '../jobs/job-control.js';
import type { SlotFloors } from '../levels/slot-floors.js';
import type { LiveTables } from './live-tables.js';

export interface LeafDigestsOptions {
  readonly tables: Pick<LiveTables, 'versions' | 'quarantine' | 'pathOf'>;
  readonly jobs: BackgroundJobs;
  readonly directory: string;
  readonly positionKey: Uint8Array;
  readonly origin: number;
  readonly db: number;
  readonly floor: number;
  readonly slotFloors: () => SlotFloors;
  /** Deletes up to there do not count: runs of SlotStamps. */
  readonly deadUpTo: Float64Array;
  /** What expires up to this Unix millisecond is told. */
  readonly nowMs: number;
  /** What may be read in a second; 0: no limit. */
  readonly bytesPerSecond: number;
}

/** What the tables of a database hold, as sums of digests. */
export interface DigestedTables {
  readonly sums: LeafSums;
  /** Of each slot, the lowest stamp of a deleted key that still counts; 0: there is none. */
  readonly oldestDead: Float64Array;
  /** Keys that have expired, or of which a field has, as byte text: the first of them, if they are very many. */
  readonly expired: readonly string[];
  readonly readBytes: number;
  readonly keyCount: number;
}

/**
 * Reads all tables of a database, but for those in quarantine, in another thread. One that turns out to be damaged is put there, and it begins anew. Rejects with
 * DiskError, JobAbortedError, and CorruptionError.
 */
export async function digestTables(options: LeafDigestsOptions): Promise<DigestedTables> {
  const { tables, jobs, directory, positionKey, origin, floor, deadUpTo, nowMs, db } = options;
  const { versions } = tables;
  for (;;) {
    const held = versions.acquire();
    const runs = held.version.readableRuns(db);
    const slotFloors = options.slotFloors().list;
    const control = new JobControl();
    control.bytesPerSecond = options.bytesPerSecond;
    try {
      const what = { directory, runs, positionKey, origin, floor, slotFloors, deadUpTo, nowMs };
      const { words, ...found } = await jobs.digest({ kind: 'digest', ...what }, control);
      return { sums: new Sums(words), ...found };
    } catch (error) {
      const isDamage = error instanceof CorruptionError;
      const damaged = runs.flat().find((table) => isDamage && error.path === tables.pathOf(table));
      if (!isDamage || damaged === undefined) throw error;
      await tables.quarantine(damaged, error);
    } finally {
      versions.release(held);
    }
  }
}
