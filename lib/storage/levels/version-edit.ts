/**
 * A version edit: how one version (version.ts) of what is on the disk becomes the next. It takes effect as a whole. The
 * manifest (manifest.ts) keeps them as JSON: they are rare, and a person can read them.
 *
 *     {"removed":[7,9],"added":[{"level":5,"table":{"id":12, ...}}],"nextTableId":13}
 */

import { AssertionError } from '../../base/assert.js';
import { CorruptionError } from '../../base/errors.js';
import { ShapeError, boolean, integer, list, object, text } from '../../base/json-shape.js';
import { POSITION_LIMIT, SLOT_COUNT } from '../../base/position.js';
import type { SlotRange } from '../../base/slot-set.js';
import { STAMP_LIMIT } from '../../base/stamp.js';
import { ORIGIN_MAX } from '../../record/pair.js';
import type { FileId } from '../log/aof-frame.js';
import { ADVICE } from '../log/aof-frame.js';
import type { TableMeta } from '../sstable/table-meta.js';
import type { SlotFloor } from './slot-floors.js';

/** Levels 0 to 6. */
export const LEVEL_COUNT = 7;
/** The deepest level: the oldest data. */
export const BOTTOM_LEVEL = LEVEL_COUNT - 1;

export interface AddedTable {
  readonly level: number;
  readonly table: TableMeta;
}

/** The log is in tables up to segment `number` (0: nothing is); the segment after it has the id `nextFileId`. */
export interface FlushedLog {
  readonly number: number;
  readonly nextFileId: FileId;
}

/** What is known of a physical database besides its tables. */
export interface DatabaseFacts {
  readonly db: number;
  /** Everything in the tables with a stamp up to this one is dead: FLUSHDB, FLUSHALL. Never falls. */
  readonly floor: number;
  /** Keys in the tables, and those of them that have an expiry. */
  readonly keyCount: number;
  readonly expiringCount: number;
  /** The counts are not exact. */
  readonly isEstimate: boolean;
}

export interface QuarantinedTable {
  readonly id: number;
  readonly reason: string;
}

/** Which physical database each number of SELECT means, as of the SWAPDB with this pair. */
export interface DatabasesMap {
  readonly stamp: number;
  readonly origin: number;
  readonly physical: readonly number[];
}

/** Which slots the data is of, where other nodes have others. */
export interface SlotNotes {
  /** In no others is there anything that counts, neither in the tables nor in the log before its end. */
  readonly held: readonly SlotRange[];
  /** Of those that were given up, as long as something is left (slot-floors.ts). */
  readonly floors: readonly SlotFloor[];
  /** The last ring, in words, by which slots were taken over: what there was of them before was given up then. */
  readonly cleanFor: string;
}

/** What is left out stays as it is. */
export interface VersionEdit {
  /** Tables that come. Of one db in level 0 the oldest first: each is newer than all that are there. */
  readonly added?: readonly AddedTable[];
  /** Ids of tables that go. One that is in `added` too moves to that level. */
  readonly removed?: readonly number[];
  /** Tables that are damaged or gone. They stay in their place, so that their keys are known not to be known. */
  readonly quarantined?: readonly QuarantinedTable[];
  /** Replaces the facts of these databases. */
  readonly databases?: readonly DatabaseFacts[];
  readonly flushed?: FlushedLog;
  /** Is there an append-only file (CONFIG SET appendonly)? */
  readonly logging?: boolean;
  /** Ids from here on are free. */
  readonly nextTableId?: number;
  readonly databasesMap?: DatabasesMap;
  readonly slots?: SlotNotes;
}

const word = integer(0, 2 ** 32 - 1);
const count = integer(0, Number.MAX_SAFE_INTEGER);
const stamp = integer(0, STAMP_LIMIT - 1);
const position = integer(0, POSITION_LIMIT - 1);
const tableId = integer(1, 9_999_999_999);
const database = integer(0, 2 ** 31 - 1);
const slot = integer(0, SLOT_COUNT - 1);
const fileId = object<FileId>({ high: word, low: word });

const tableMeta = object<Omit<TableMeta, 'markBytes'>, { readonly markBytes: number }>(
  {
    id: tableId,
    fileId,
    db: database,
    fileBytes: count,
    smallest: position,
    largest: position,
    recordCount: count,
    emptyCount: count,
    expiringCount: count,
    minStamp: stamp,
    maxStamp: stamp,
    expiresByMs: count,
    foreign: boolean,
  },
  { markBytes: count },
);

const versionEdit = object<object, VersionEdit>(
  {},
  {
    added: list(object<AddedTable>({ level: integer(0, BOTTOM_LEVEL), table: tableMeta })),
    removed: list(tableId),
    quarantined: list(object<QuarantinedTable>({ id: tableId, reason: text })),
    databases: list(
      object<DatabaseFacts>({ db: database, floor: stamp, keyCount: count, expiringCount: count, isEstimate: boolean }),
    ),
    flushed: object<FlushedLog>({ number: word, nextFileId: fileId }),
    logging: boolean,
    nextTableId: tableId,
    databasesMap: object<DatabasesMap>({ stamp, origin: integer(0, ORIGIN_MAX), physical: list(database) }),
    slots: object<SlotNotes>({
      held: list(object<SlotRange>({ first: slot, last: slot })),
      floors: list(object<SlotFloor>({ first: slot, last: slot, tables: tableId, segment: word })),
      cleanFor: text,
    }),
  },
);

export function encodeEdit(edit: VersionEdit): Buffer {
  return Buffer.from(JSON.stringify(edit), 'utf8');
}

/** Asserts that `decodeEdit` will take what `encodeEdit` makes of it: else the node would not start again. */
export function assertEdit(edit: VersionEdit): void {
  try {
    versionEdit(edit, 'edit');
  } catch (cause) {
    throw cause instanceof ShapeError ? new AssertionError(cause.message, { cause }) : cause;
  }
}

/** Reads an edit that was found in the file `path` at `offset`. Throws CorruptionError if it is none that is known. */
export function decodeEdit(payload: Buffer, path: string, offset: number): VersionEdit {
  try {
    return versionEdit(JSON.parse(payload.toString('utf8')), 'edit');
  } catch (cause) {
    if (!(cause instanceof ShapeError) && !(cause instanceof SyntaxError)) throw cause;
    const why = `this is not a version edit: ${cause.message}: a newer program wrote it, or it is damaged`;
    throw new CorruptionError(path, offset, `${why}. ${ADVICE}`, { cause });
  }
}
