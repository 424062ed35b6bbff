/** What becomes of unsynced data when the power fails: the choices that a MemoryDisk leaves open. */

import type { Random } from '../../lib/host/ports.js';

/** Sectors are written whole or not at all. */
export const SECTOR_BYTES = 512;

/** A file's sizes since it was last synced: what may be on the disk. */
export interface UnsyncedFile {
  readonly path: string;
  /** Everything before this is on the disk for sure. */
  readonly syncedBytes: number;
  /** The sizes that the file had after each append since, rising; the last is what the process believed. */
  readonly ends: readonly number[];
}

/** The adversary. Each method is asked once for each thing that was not synced, oldest first. */
export interface CrashFate {
  /** Is this change of a directory (a create, rename or remove that ends at the name `path`) on the disk? */
  keepsEntry(path: string): boolean;
  /** Is this truncation on the disk? */
  keepsTruncation(path: string): boolean;
  /** The size that the file has, from `syncedBytes` to the last of `ends`. Anything: a write may be torn at any byte. */
  sizeOf(file: UnsyncedFile): number;
  /**
   * When was this sector last written out? One of `moments`, rising sizes of the file: bytes of the sector below that size
   * are there, those above are zeros. The first is: not since the last sync.
   */
  momentOf(file: UnsyncedFile, sectorStart: number, moments: readonly number[]): number;
}

const lastOf = (numbers: readonly number[]): number => numbers[numbers.length - 1];

/** All is lost that was not synced. */
export const keepNothing: CrashFate = {
  keepsEntry: () => false,
  keepsTruncation: () => false,
  sizeOf: (file) => file.syncedBytes,
  momentOf: (_file, _sectorStart, moments) => moments[0],
};

/** The kernel had just written out everything. */
export const keepEverything: CrashFate = {
  keepsEntry: () => true,
  keepsTruncation: () => true,
  sizeOf: (file) => lastOf(file.ends),
  momentOf: (_file, _sectorStart, moments) => lastOf(moments),
};

/** The directories are up to date, and of each file the first so many unsynced bytes are there. */
export function keepFirst(unsyncedBytes: number): CrashFate {
  const sizeOf = (file: UnsyncedFile): number => Math.min(file.syncedBytes + unsyncedBytes, lastOf(file.ends));
  return { ...keepEverything, sizeOf };
}

/** The directories are up to date, and of each file just the sectors of one unsynced append (counted from 0) are there. */
export function keepOnlyAppend(index: number): CrashFate {
  const startOf = (file: UnsyncedFile): number => (index === 0 ? file.syncedBytes : file.ends[index - 1]);
  return {
    ...keepEverything,
    sizeOf: (file) => file.ends[Math.min(index, file.ends.length - 1)],
    momentOf: (file, sectorStart, moments) => {
      if (index >= file.ends.length) return lastOf(moments);
      const isTouched = sectorStart + SECTOR_BYTES > startOf(file) && sectorStart < file.ends[index];
      return isTouched ? (moments.findLast((moment) => moment <= file.ends[index]) ?? moments[0]) : moments[0];
    },
  };
}

/** Everything is left to chance, and extremes are likely. */
export function keepRandomly(random: Random): CrashFate {
  const below = (limit: number): number => random.uint32() % limit;
  const flip = (): boolean => below(2) === 0;
  const mood = below(3);
  return {
    keepsEntry: flip,
    keepsTruncation: flip,
    sizeOf: ({ syncedBytes, ends }) => {
      const choice = below(4);
      if (choice === 0) return lastOf(ends);
      if (choice === 1) return ends[below(ends.length)];
      return syncedBytes + below(lastOf(ends) - syncedBytes + 1);
    },
    momentOf: (_file, _sectorStart, moments) => {
      if (mood === 0) return lastOf(moments);
      return mood === 1 && below(8) > 0 ? lastOf(moments) : moments[below(moments.length)];
    },
  };
}
