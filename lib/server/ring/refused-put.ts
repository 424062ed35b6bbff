import { BATCH_HEADER_BYTES, ChangeKind } from '../../record/batch-format.js';
import { BatchReader } from '../../record/batch-reader.js';
import type { Draft } from '../../data/draft.js';
import type { Keyspace } from '../../data/keyspace.js';
import type { Pair } from '../../record/pair.js';
import { comparePairs } from '../../record/pair.js';
import { batchOf, seedOf, withBatch } from './era-entry.js';

const reader = new BatchReader();

/** The record of a batch whose key stands at `keyAt`, as a batch of its own. REQUIRES: there is one. */
export function recordAt(batch: Buffer, keyAt: number): Buffer {
  let start = BATCH_HEADER_BYTES;
  reader.open(batch, 0, batch.length, 'a batch of this node');
  for (; reader.next() && reader.keyStart !== keyAt; start = reader.offset);
  while (!reader.isRecordEnd) reader.next();
  return Buffer.concat([batch.subarray(0, BATCH_HEADER_BYTES), batch.subarray(start, reader.offset)]);
}

/** A plain put that replicas have refused, because consensus decides about its key by now: so it is put by consensus. */
export class RefusedPut {
  readonly key: Buffer;
  private readonly keyspace: Keyspace;
  private readonly draft: Draft;
  private readonly value: Buffer;
  private readonly expiresAtMs: number;
  private readonly pair: Pair;

  /** `batch`: the record that puts it, and nothing else. Throws CorruptionError. */
  constructor(keyspace: Keyspace, draft: Draft, batch: Buffer) {
    this.keyspace = keyspace;
    this.draft = draft;
    reader.open(batch, 0, batch.length, 'a put that was refused');
    reader.next();
    const { stamp, origin, keyStart, keyEnd, valueStart, valueEnd } = reader;
    this.pair = { stamp, origin };
    this.key = Buffer.from(batch.subarray(keyStart, keyEnd));
    this.value = Buffer.from(batch.subarray(valueStart, valueEnd));
    let expiresAtMs = 0;
    while (reader.next()) if (reader.kind === ChangeKind.EXPIRY) expiresAtMs = reader.atMs;
    this.expiresAtMs = expiresAtMs;
  }

  /** What it makes of the entry that consensus has. If that began with it, it has happened, and whatever the entry is by now came later. */
  putOn(entry: Buffer): Buffer {
    const { key, keyspace, draft, value, expiresAtMs, pair } = this;
    if (comparePairs(seedOf(entry), pair) === 0) return entry;
    const after = draft.run(key, batchOf(entry), (db) => {
      keyspace.findBlind(db, key, 0, key.length);
      keyspace.put(value, 0, value.length, expiresAtMs);
    });
    return withBatch(entry, after);
  }
}
