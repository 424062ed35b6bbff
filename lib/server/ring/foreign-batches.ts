/**
 * Takes over batches of other nodes: what replicas are sent, hints, repair (record/batch-format.ts). Each change is merged into memory, whatever its age
 * and however often it comes, and the same bytes go to the log, a frame a batch, those of a turn with one write at its end.
 *
 *     bytes ──▶ read once to the end: nothing of a damaged batch is taken
 *           ──▶ Keyspace.apply, change by change ──▶ watches, blocked clients
 *           ──▶ Persistence.appendForeign
 *
 * What came may be older than what is here. For a value that replaces all before it (SET) that matters to who has sent it: a write that is acknowledged later
 * has to win over one that was acknowledged earlier.
 */

import type { Keyspace } from '../../data/keyspace.js';
import { UNDECIDED } from '../../data/keyspace.js';
import { ChangeKind } from '../../record/batch-format.js';
import { BatchReader } from '../../record/batch-reader.js';
import type { Changes } from '../changes.js';
import type { Persistence } from '../persistence.js';

/** The value that a record of a batch was to replace everything with is older than what is here. */
export interface Superseded {
  /** The number of the record in its batch, from 0 on. */
  readonly record: number;
  /** Of what is newer. */
  readonly stamp: number;
}

/** The same cannot be told of a record before its key is loaded: then `Keyspace.newerThan` says. */
export interface Undecided {
  readonly record: number;
  /** The id of the database. */
  readonly db: number;
  readonly key: Buffer;
  /** The pair of the record's value. */
  readonly stamp: number;
  readonly origin: number;
}

/** What became of the replacing values of a batch: those not named are the newest of their keys here. */
export interface TakeOver {
  readonly superseded: readonly Superseded[];
  readonly undecided: readonly Undecided[];
}

export interface ForeignBatchesOptions {
  readonly keyspace: Keyspace;
  readonly persistence: Pick<Persistence, 'appendForeign'>;
  readonly changes: Pick<Changes, 'show'>;
  /** Work of the loop's turn begins. */
  readonly onTurn: () => void;
  /** Something was changed: clients that wait for it may be served. */
  readonly onTaken: () => void;
}

const NOTHING: TakeOver = { superseded: [], undecided: [] };

export class ForeignBatches {
  private readonly options: ForeignBatchesOptions;
  private readonly reader = new BatchReader();
  private superseded: Superseded[] = [];
  private undecided: Undecided[] = [];

  constructor(options: ForeignBatchesOptions) {
    this.options = options;
  }

  /**
   * Takes over the batch `bytes[start, end)`; `source` names it in errors. It is in the log when `Persistence.commit` has returned true in this turn, and nothing
   * waits for room. Throws CorruptionError and RangeError, and has changed nothing then.
   */
  take(bytes: Buffer, start: number, end: number, source: string): TakeOver {
    const { keyspace, persistence, changes, onTurn, onTaken } = this.options;
    const { reader } = this;
    const lowestStamp = this.check(bytes, start, end, source);
    if (lowestStamp === Infinity) return NOTHING;
    onTurn();
    persistence.appendForeign(bytes, start, end, lowestStamp);
    reader.open(bytes, start, end, source);
    for (let record = 0; reader.next();) {
      keyspace.apply(reader);
      keyspace.foreignCount++;
      keyspace.changeCount++;
      changes.show(reader);
      if (reader.kind === ChangeKind.VALUE && reader.replaces) this.compare(record);
      if (reader.isRecordEnd) record++;
    }
    onTaken();
    const { superseded, undecided } = this;
    if (superseded.length + undecided.length === 0) return NOTHING;
    this.superseded = [];
    this.undecided = [];
    return { superseded, undecided };
  }

  /** Reads all of a batch; returns its lowest stamp, Infinity if there is nothing in it. */
  private check(bytes: Buffer, start: number, end: number, source: string): number {
    const { reader } = this;
    let lowestStamp = Infinity;
    reader.open(bytes, start, end, source);
    while (reader.next()) {
      lowestStamp = Math.min(lowestStamp, reader.stamp);
      if (reader.kind !== ChangeKind.DATABASES) this.options.keyspace.physicalDatabase(reader.db);
    }
    return lowestStamp;
  }

  /** Looks whether the value that the reader stands on is the newest of its key. */
  private compare(record: number): void {
    const { keyspace } = this.options;
    const { db, bytes, keyStart, keyEnd, stamp, origin } = this.reader;
    const newer = keyspace.newerThan(keyspace.physicalDatabase(db), bytes, keyStart, keyEnd, stamp, origin);
    if (newer === UNDECIDED) {
      this.undecided.push({ record, db, key: Buffer.from(bytes.subarray(keyStart, keyEnd)), stamp, origin });
    } else if (newer > 0) this.superseded.push({ record, stamp: newer });
  }
}
