import type { BatchReader } from '../record/batch-reader.js';
import type { CellType, Entry } from '../record/entry.js';
import type { KeyTaker } from '../record/key-merge.js';

/**
 * What the keyspace needs to know of the data that is not in memory. Positions are given as a PositionHasher leaves them: the upper
 * 21 bits, and the lower 32 as a signed integer.
 */
export interface ColdData {
  /**
   * Records whose newest stamp is at most this are on disk just as they are in memory, and every read that is under way sees them there: they
   * may be dropped.
   */
  readonly cleanUpTo: number;
  /** Whether the disk may hold something of a key. Errs on the side of yes. */
  mayHold(db: number, high: number, low: number): boolean;
  /** The disk holds nothing of a key that is stamped above this; 0: nothing at all. Errs on the side of more. */
  newestStamp(db: number, high: number, low: number): number;
  /**
   * Everything in memory stamped up to this, at a position, was on disk once, and deletes up to there may have gone from it: what a record says of that which the disk is to complete, and
   * the disk does not, was deleted.
   */
  goneUpTo(position: number): number;
  /** From now on that is 0 for a slot, until more deletes may go: what comes to be in memory is not on disk. */
  forgetGone(slot: number): void;
  /** Whether a delete of a key must be remembered in memory: because the disk holds the key, or soon will. */
  keepsDeletes(db: number, high: number, low: number): boolean;
  /**
   * Reads everything that the disk holds of a key, and gives it to `take`: EMPTY_ENTRY if it holds nothing. Until `take` returns, nothing that
   * the read cannot see is dropped from memory: what is taken is never older than what is not there any more. Rejects with CorruptionError
   * and DiskError.
   *
   * What the disk holds is mostly one string that replaces all before it and does not expire. Then it may call `takeString` in place of `take`, which
   * needs no entry: `reader` stands on that change, and is valid until it returns. What is too long for one record goes to what `takeParts` makes, in place of
   * `take`: a part at a time, and between two parts the loop goes on.
   *
   * With `passesDamaged`, what is damaged is passed over.
   */
  load(
    db: number,
    key: Buffer,
    high: number,
    low: number,
    take: (entry: Entry) => void,
    takeString?: (reader: BatchReader) => void,
    takeParts?: () => KeyTaker,
    passesDamaged?: boolean,
  ): Promise<void>;
  /**
   * The same on this thread, which waits for the disk: for a command inside of another one that has changed something already. Throws
   * CorruptionError and DiskError; then nothing was taken.
   */
  loadNow(
    db: number,
    key: Buffer,
    high: number,
    low: number,
    take: (entry: Entry) => void,
    takeParts?: () => KeyTaker,
  ): void;
  /** Whether nothing of a database is on disk. */
  isEmpty(db: number): boolean;
  /**
   * Begins a walk over what the disk holds of a database, at `position`. The caller closes it. With `keysOnly`, the entries of keys that are too long for one record are
   * not whole: nobody wants them.
   */
  walk(db: number, position: number, keysOnly?: boolean): ColdWalk;
  /** A database was emptied: whatever has a stamp up to this is gone. */
  flushDatabase(db: number, stamp: number): void;
}

/** A key on disk, as a walk meets it. */
export interface ColdKey {
  readonly key: Buffer;
  readonly position: number;
  readonly type: CellType;
  /** Unix milliseconds; 0 is never. */
  readonly expiresAtMs: number;
}

/** The same with all that the disk says of it. */
export interface WalkedKey extends ColdKey {
  readonly entry: Entry;
}

/**
 * Meets the keys of one database that the disk holds, in the order of their positions: all that were there when the walk began, but for those with
 * nothing live. Until it is closed, nothing that it cannot see is dropped from memory: so what is here or there is the whole data set.
 */
export interface ColdWalk {
  /** All keys before this position were met; POSITION_LIMIT at the end. */
  readonly position: number;
  /** The next keys: at least `count` (fewer only at the end), all of one position together. Rejects with CorruptionError and DiskError. */
  next(count: number): Promise<WalkedKey[]>;
  close(): void;
}

/** A keyspace that is all in memory. */
export const NO_COLD_DATA: ColdData = {
  cleanUpTo: -1,
  mayHold: () => false,
  newestStamp: () => 0,
  goneUpTo: () => 0,
  forgetGone: () => undefined,
  keepsDeletes: () => false,
  load: () => Promise.reject(new Error('no data is cold')),
  loadNow: () => {
    throw new Error('no data is cold');
  },
  isEmpty: () => true,
  walk: () => {
    throw new Error('no data is cold');
  },
  flushDatabase: () => undefined,
};

/**
 * Thrown by `Keyspace.find` when the key's data is not in memory: nothing was changed, the command is run again when it has been loaded
 * (`Keyspace.missing` says which key). One object for all, as a signal and not an error: it costs no stack trace.
 */
class ColdKeySignal extends Error {
  override readonly name = 'ColdKeySignal';
}

const { stackTraceLimit } = Error;
Error.stackTraceLimit = 0;
export const COLD_KEY = new ColdKeySignal('the key is on disk');
Error.stackTraceLimit = stackTraceLimit;
