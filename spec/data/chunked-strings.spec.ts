import { expect } from 'chai';
import fc from 'fast-check';

import type { Entry } from '../../lib/record/entry.js';
import { WHOLE, cellKey, CellType } from '../../lib/record/entry.js';
import { merge } from '../../lib/record/merge.js';
import { CHUNKED_ABOVE_BYTES, CHUNK_BYTES, isChunked, stringOfChunks } from '../../lib/record/string-chunks.js';
import { KEEP_EXPIRY, NEVER } from '../../lib/data/keyspace.js';
import { KeyspaceBench } from './keyspace-bench.js';

const KEY = Buffer.from('large');

/** The string of an entry, whether in parts or not. */
function valueOf(entry: Entry): Buffer {
  if (isChunked(entry)) return stringOfChunks(entry);
  return entry.cells.get(cellKey(CellType.STRING, WHOLE))?.value ?? Buffer.alloc(0);
}

/** An entry without the long values. */
function summary({ deletedUpTo, expiry, cells }: Entry): unknown {
  const list = [...cells.values()].map(
    ({ field, value, pair }) => [field.toString('hex'), value?.length, pair] as const,
  );
  return { deletedUpTo, expiry, cells: list.sort(([a], [b]) => (a < b ? -1 : 1)) };
}

function find(bench: KeyspaceBench): number {
  return bench.keyspace.find(bench.database(0), KEY, 0, KEY.length);
}

function read(bench: KeyspaceBench): Buffer | undefined {
  const ref = find(bench);
  if (ref === 0) return undefined;
  const { heap } = bench.keyspace;
  const start = heap.valueStart(ref);
  return Buffer.from(heap.bytes(ref).subarray(start, start + heap.valueLength(ref)));
}

function overwrite(bench: KeyspaceBench, offset: number, value: Buffer): void {
  find(bench);
  bench.keyspace.overwrite(offset, value, 0, value.length);
}

function overwritten(model: Buffer | undefined, offset: number, value: Buffer): Buffer {
  const before = model ?? Buffer.alloc(0);
  const after = Buffer.alloc(Math.max(before.length, offset + value.length));
  before.copy(after);
  value.copy(after, offset);
  return after;
}

const OFFSET_MAX = CHUNKED_ABOVE_BYTES + 3 * CHUNK_BYTES;

type Step =
  | { kind: 'overwrite'; offset: number; value: Buffer }
  | { kind: 'put'; length: number; keep: boolean }
  | { kind: 'remove' | 'expire' | 'end turn' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('overwrite' as const),
      offset: fc.oneof(fc.nat(OFFSET_MAX), fc.constantFrom(0, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNKED_ABOVE_BYTES)),
      value: fc
        .tuple(fc.integer({ min: 1, max: 40000 }), fc.nat(255))
        .map(([length, byte]) => Buffer.alloc(length, byte)),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('put' as const), length: fc.nat(OFFSET_MAX), keep: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.constantFrom({ kind: 'remove' as const }, { kind: 'expire' as const }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'end turn' as const }) },
);

function run(bench: KeyspaceBench, model: Buffer | undefined, one: Step): Buffer | undefined {
  const { keyspace } = bench;
  const found = find(bench) !== 0;
  if (one.kind === 'overwrite') {
    overwrite(bench, one.offset, one.value);
    return overwritten(model, one.offset, one.value);
  }
  if (one.kind === 'put') {
    const value = Buffer.alloc(one.length, 0x61);
    keyspace.put(value, 0, value.length, one.keep ? KEEP_EXPIRY : NEVER);
    return value;
  }
  if (one.kind === 'remove' && found) {
    keyspace.remove();
    return undefined;
  }
  if (one.kind === 'expire' && found) keyspace.setExpiry(bench.nowMs + 1000);
  if (one.kind === 'end turn') bench.endTurn();
  return model;
}

describe('ChunkedStrings', () => {
  it('are what a buffer is, in memory and when the log is read again', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const bench = new KeyspaceBench();
        let model: Buffer | undefined;
        for (const one of steps) model = run(bench, model, one);
        bench.endTurn();
        expect(read(bench)).to.deep.equal(model);
        const again = new KeyspaceBench();
        again.replay(bench.log);
        expect(read(again)).to.deep.equal(model);
        const ref = find(bench);
        const other = find(again);
        if (ref !== 0)
          expect(JSON.stringify(summary(again.keyspace.entryOf(other)))).to.equal(
            JSON.stringify(summary(bench.keyspace.entryOf(ref))),
          );
        if (ref !== 0) expect(valueOf(bench.keyspace.entryOf(ref))).to.deep.equal(model);
        if (find(bench) !== 0) bench.keyspace.remove();
        expect(bench.keyspace.usedBytes).to.equal(0);
      }),
      { numRuns: 150 },
    );
  });

  it('merge: two copies that were changed in different chunks have both changes', () => {
    const left = new KeyspaceBench();
    const right = new KeyspaceBench(3, undefined, undefined, 2);
    const base = Buffer.alloc(6 * CHUNK_BYTES, 0x2e);
    find(left);
    left.keyspace.put(base, 0, base.length, NEVER);
    left.endTurn();
    right.replay(left.log);
    right.advance(5);
    overwrite(left, 10, Buffer.from('left'));
    overwrite(right, 3 * CHUNK_BYTES, Buffer.from('right'));
    left.endTurn();
    right.endTurn();
    left.replay(right.log);
    right.replay(left.log.slice(1));
    const expected = overwritten(overwritten(base, 10, Buffer.from('left')), 3 * CHUNK_BYTES, Buffer.from('right'));
    expect(read(left)).to.deep.equal(expected);
    expect(read(right)).to.deep.equal(expected);
    const both = merge(left.keyspace.entryOf(find(left)), right.keyspace.entryOf(find(right)));
    expect(valueOf(both)).to.deep.equal(expected);
  });

  it('log one chunk for a byte that changes', () => {
    const bench = new KeyspaceBench();
    overwrite(bench, 1024 * 1024, Buffer.from([1]));
    bench.endTurn();
    overwrite(bench, 500_000, Buffer.from([1]));
    bench.endTurn();
    expect(bench.log[1].length).to.be.within(CHUNK_BYTES, CHUNK_BYTES + 100);
  });

  it('keep expiry and deletes: a value that was set before does not come back', () => {
    const bench = new KeyspaceBench();
    overwrite(bench, CHUNKED_ABOVE_BYTES, Buffer.from('tail'));
    find(bench);
    bench.keyspace.setExpiry(bench.nowMs + 50);
    overwrite(bench, 0, Buffer.from('head'));
    bench.advance(51);
    expect(read(bench)).to.equal(undefined);
    overwrite(bench, 0, Buffer.from('anew'));
    bench.endTurn();
    const again = new KeyspaceBench();
    again.replay(bench.log);
    expect(read(again)?.toString()).to.equal('anew');
  });
});
