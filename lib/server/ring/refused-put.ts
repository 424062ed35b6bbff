import { ChangeKind } from '../../record/batch-format.js';
import { BatchReader } from '../../record/batch-reader.js';
import type { Draft } from '../../data/draft.js';
import type { Keyspace } from '../../data/keyspace.js';
import type { Pair } from '../../record/pair.js';
import { comparePairs } from '../../record/pair.js';
import { batchOf, seedOf, withBatch } from './era-entry.js';

const reader = new BatchReader();

/** What was put expires at once. */
const PAST_MS = 1;

/** A plain put that replicas have refused, because consensus decides about its key by now: so it is put by consensus. */
export class RefusedPut {
  readonly key: Buffer;
  private readonly keyspace: Keyspace;
  private readonly draft: Draft;
  private readonly value: Buffer;
  private readonly expiresAtMs: number;
  /** The pairs that it was put with. */
  private readonly pairs: readonly Pair[];

  /** `batch`: the record that puts it, and nothing else. `before`: the stamps with which it was put before that. Throws CorruptionError. */
  constructor(keyspace: Keyspace, draft: Draft, batch: Buffer, before: readonly number[]) {
    this.keyspace = keyspace;
    this.draft = draft;
    reader.open(batch, 0, batch.length, 'a put that was refused');
    reader.next();
    const { kind, origin, keyStart, keyEnd } = reader;
    const [valueStart, valueEnd] = kind === ChangeKind.VALUE ? [reader.valueStart, reader.valueEnd] : [0, 0];
    this.pairs = [reader.stamp, ...before].map((stamp) => ({ stamp, origin }));
    this.key = Buffer.from(batch.subarray(keyStart, keyEnd));
    this.value = Buffer.from(batch.subarray(valueStart, valueEnd));
    let expiresAtMs = kind === ChangeKind.VALUE ? 0 : PAST_MS;
    while (reader.next()) if (reader.kind === ChangeKind.EXPIRY) expiresAtMs = reader.atMs;
    this.expiresAtMs = expiresAtMs;
  }

  /** Whether it is so old that what it has become may be forgotten (cluster/consensus/forgetting.ts): whoever waits for it has long been told that nobody knows. */
  get isSettled(): boolean {
    const { keyspace, key, pairs } = this;
    keyspace.hasher.hash(key, 0, key.length);
    const settledUpTo = keyspace.deadUpTo?.at(keyspace.hasher.position) ?? 0;
    return pairs.some(({ stamp }) => stamp <= settledUpTo);
  }

  /** What it makes of the entry that consensus has. If that began with it, it has happened, and whatever the entry is by now came later. */
  putOn(entry: Buffer): Buffer {
    const { key, keyspace, draft, value, expiresAtMs, pairs } = this;
    const seed = seedOf(entry);
    if (pairs.some((pair) => comparePairs(pair, seed) === 0)) return entry;
    const after = draft.run(key, batchOf(entry), (db) => {
      keyspace.findBlind(db, key, 0, key.length);
      keyspace.put(value, 0, value.length, expiresAtMs);
    });
    return withBatch(entry, after);
  }
}
