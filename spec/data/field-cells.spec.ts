import { expect } from 'chai';
import fc from 'fast-check';
import { POSITION_LIMIT } from '../../lib/base/position.js';
import { spillSome } from '../../lib/data/eviction.js';
import { expireKeys } from '../../lib/data/expired-keys.js';
import type { FieldCells } from '../../lib/data/field-cells.js';
import { NEVER } from '../../lib/data/keyspace.js';
import { BatchReader } from '../../lib/record/batch-reader.js';
import { entryOfChange } from '../../lib/record/entry-of-record.js';
import type { Entry } from '../../lib/record/entry.js';
import { CellType, EMPTY_ENTRY, isLive } from '../../lib/record/entry.js';
import { mergeAll } from '../../lib/record/merge.js';
import { comparePairs } from '../../lib/record/pair.js';
import { plain } from '../record/arbitraries.js';
import type { SeenCells } from './cells-model.js';
import { CellsModel } from './cells-model.js';
import { ColdBench } from './cold-bench.js';
import { fieldBytes, findField, textAt } from './field-access.js';
import { KeyspaceBench, SteppedSnapshot } from './keyspace-bench.js';

const NAMES = ['a', 'b', 'k'.repeat(300)];
const FIELDS = ['', 'f', 'g', 'field-10', 'long'.repeat(40), 'ä'];
/** So many that they do not fit the packed form; fewer than are purged at once. */
const MANY = 140;

type Change =
  | { do: 'put'; field: string; size: number; inMs: number }
  | { do: 'put many'; count: number; size: number }
  | { do: 'remove many'; count: number }
  | { do: 'remove'; field: string }
  | { do: 'remove all' }
  | { do: 'remove any' }
  | { do: 'expire'; field: string; inMs: number };
type Run = 'end turn' | 'expire' | 'free flushed' | 'snapshot step';
type ColdRun = 'flush' | 'close segment' | 'flush segment' | 'spill' | 'spill all' | 'restart' | 'compact' | 'sweep';
type Step =
  | { on: string; type: 'hash' | 'set'; changes: Change[] }
  | { remove: string }
  | { expire: string; inMs: number }
  | { setString: string }
  | { copy: [string, string] }
  | { advanceMs: number }
  | { flushdb: true }
  | { run: Run | ColdRun };

const name = fc.constantFrom(...NAMES);
const field = fc.constantFrom(...FIELDS);
const sizes = fc.oneof(fc.nat(20), fc.constantFrom(0, 130, 600, 3000));
const times = fc.constantFrom(0, 0, 0, 1, 50, 100, 100_000);
const changes: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('put' as const), field, size: sizes, inMs: times }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('put many' as const),
      count: fc.constantFrom(20, MANY),
      size: fc.constantFrom(1, 40),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('remove many' as const), count: fc.constantFrom(20, MANY) }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('remove' as const), field }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove all' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove any' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('expire' as const), field, inMs: times }),
  },
);
const runs: readonly Run[] = ['end turn', 'expire', 'free flushed', 'snapshot step', 'snapshot step'];
const coldRuns: readonly ColdRun[] = [
  'flush',
  'close segment',
  'flush segment',
  'flush segment',
  'spill',
  'spill all',
  'restart',
  'compact',
  'sweep',
];
const stepsOf = (all: readonly (Run | ColdRun)[]): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      {
        weight: 20,
        arbitrary: fc.record({
          on: name,
          type: fc.constantFrom('hash' as const, 'hash' as const, 'set' as const),
          changes: fc.array(changes, { maxLength: 5 }),
        }),
      },
      { weight: 2, arbitrary: fc.record({ remove: name }) },
      { weight: 2, arbitrary: fc.record({ expire: name, inMs: times }) },
      { weight: 1, arbitrary: fc.record({ setString: name }) },
      { weight: 2, arbitrary: fc.record({ copy: fc.tuple(name, name) }) },
      { weight: 4, arbitrary: fc.record({ advanceMs: fc.constantFrom(0, 1, 50, 120) }) },
      { weight: 1, arbitrary: fc.record({ flushdb: fc.constant(true as const) }) },
      { weight: 12, arbitrary: fc.record({ run: fc.constantFrom(...all) }) },
    ),
    { maxLength: 60, size: 'max' },
  );

/** Acts on one keyspace with its cursors as commands do, under the same names as the model. */
class CellsPlayer {
  bench: ColdBench;
  private puts = 0;

  constructor(bench: ColdBench) {
    this.bench = bench;
  }

  cells(type: 'hash' | 'set'): FieldCells {
    const { keyspace } = this.bench;
    return type === 'hash' ? keyspace.hashes : keyspace.sets;
  }

  /** Puts the keyspace's cursor and the cells' on a key; false if it holds something else. */
  async turnTo(name: string, type: 'hash' | 'set'): Promise<boolean> {
    const { bench } = this;
    const { keyspace } = bench;
    if (await bench.findWarm(0, name)) {
      const key = Buffer.from(name, 'latin1');
      const ref = keyspace.find(bench.database(0), key, 0, key.length);
      if (keyspace.heap.type(ref) !== (type === 'hash' ? CellType.HASH : CellType.SET)) return false;
    }
    this.cells(type).use();
    return true;
  }

  async apply(step: Step, model: CellsModel): Promise<void> {
    const { bench } = this;
    const { keyspace } = bench;
    model.nowMs = bench.keyspace.clock.nowMs;
    if ('on' in step) await this.change(step.on, step.type, step.changes, model);
    else if ('remove' in step) {
      if (await this.purged(step.remove)) keyspace.remove();
      model.remove(step.remove);
    } else if ('expire' in step) {
      const atMs = this.timeOf(step.inMs);
      if (await this.purged(step.expire)) keyspace.setExpiry(atMs);
      const key = model.get(step.expire);
      if (key !== undefined) key.atMs = atMs;
    } else if ('setString' in step) {
      await bench.findWarm(0, step.setString);
      bench.putAtCursor('a string', NEVER);
      model.remove(step.setString);
    } else if ('copy' in step) await this.copy(...step.copy, model);
    else if ('advanceMs' in step) bench.advance(step.advanceMs);
    else if ('flushdb' in step) {
      keyspace.flush(bench.database(0));
      model.clear();
    }
    model.nowMs = bench.keyspace.clock.nowMs;
  }

  /** Puts the cursor on a key, without what has expired of it; whether it is there. */
  async purged(name: string): Promise<boolean> {
    if (!(await this.turnTo(name, 'hash'))) await this.turnTo(name, 'set');
    return this.bench.findWarm(0, name);
  }

  private async change(key: string, type: 'hash' | 'set', list: readonly Change[], model: CellsModel): Promise<void> {
    if (!(await this.turnTo(key, type))) return;
    for (const change of list) {
      const known = model.get(key)?.cells ?? new Map<string, [string, number]>();
      const cells = this.cells(type);
      expect(cells.count, 'count').to.equal(known.size);
      switch (change.do) {
        case 'put':
          this.put(key, type, change.field, type === 'set' ? 0 : change.size, change.inMs, model);
          break;
        case 'put many':
          for (let i = 0; i < change.count; i++) this.put(key, type, `field-${i}`, change.size, 0, model);
          break;
        case 'remove':
          this.remove(key, type, change.field, model);
          break;
        case 'remove many':
          for (let i = 0; i < change.count; i++) this.remove(key, type, `field-${i}`, model);
          break;
        case 'remove all':
          for (const each of [...known.keys()]) this.remove(key, type, each, model);
          break;
        case 'remove any': {
          const hasAny = cells.pick();
          expect(hasAny).to.equal(known.size > 0);
          if (!hasAny) break;
          const [text, value, atMs] = textAt(cells);
          expect(known.get(text)).to.deep.equal([value, atMs]);
          cells.removeCurrent();
          model.removeCell(key, text);
          break;
        }
        case 'expire': {
          const isThere = findField(cells, change.field);
          expect(isThere).to.equal(known.has(change.field));
          if (!isThere) break;
          const atMs = this.timeOf(change.inMs);
          const value = known.get(change.field)?.[0] ?? '';
          cells.expire(atMs);
          model.put(key, type, change.field, value, atMs);
          break;
        }
      }
    }
  }

  private put(key: string, type: 'hash' | 'set', text: string, size: number, inMs: number, model: CellsModel): void {
    const cells = this.cells(type);
    const known = model.get(key)?.cells.get(text);
    const bytes = fieldBytes(text);
    expect(cells.find(bytes, 1, bytes.length - 1), `finds ${text}`).to.equal(known !== undefined);
    if (known !== undefined) expect(textAt(cells)).to.deep.equal([text, ...known]);
    const value = `${++this.puts}`.padEnd(size, '.').slice(0, size);
    const valueBytes = Buffer.from(`(${value})`, 'latin1');
    const atMs = this.timeOf(inMs);
    cells.put(valueBytes, 1, valueBytes.length - 1, atMs);
    valueBytes.fill(0xee);
    bytes.fill(0xee);
    model.put(key, type, text, value, atMs);
  }

  private remove(key: string, type: 'hash' | 'set', text: string, model: CellsModel): void {
    const cells = this.cells(type);
    const isThere = findField(cells, text);
    expect(isThere).to.equal(model.get(key)?.cells.has(text) ?? false);
    if (!isThere) return;
    cells.remove();
    model.removeCell(key, text);
  }

  private async copy(from: string, to: string, model: CellsModel): Promise<void> {
    const { bench } = this;
    const { keyspace } = bench;
    if (from === to || !(await this.purged(from))) return;
    await bench.findWarm(0, to);
    await bench.findWarm(0, from);
    const key = Buffer.from(from, 'latin1');
    const ref = keyspace.find(bench.database(0), key, 0, key.length);
    const collection = keyspace.collectionAt(ref);
    if (collection === undefined) return;
    const atMs = keyspace.heap.expiresAtMs(ref);
    const put = collection.copier(ref);
    if (bench.find(0, to)) {
      keyspace.remove();
      bench.find(0, to);
    }
    put();
    bench.find(0, to);
    keyspace.setExpiry(atMs);
    model.copy(from, to);
  }

  private timeOf(inMs: number): number {
    return inMs === 0 ? NEVER : this.bench.keyspace.clock.nowMs + inMs;
  }
}

/** What a client could see of an entry. */
function seenIn(entry: Entry, nowMs: number): SeenCells | undefined {
  if (!isLive(entry, nowMs)) return undefined;
  const cells = [...entry.cells.values()].filter(
    ({ value, expiresAtMs }) => value !== undefined && (expiresAtMs === 0 || expiresAtMs > nowMs),
  );
  const [{ type }] = cells;
  if (type === CellType.STRING) return undefined;
  return {
    type: type === CellType.HASH ? 'hash' : 'set',
    atMs: entry.expiry.atMs,
    cells: cells
      .map(
        ({ field: bytes, value, expiresAtMs }) =>
          [bytes.toString('latin1'), value?.toString('latin1') ?? '', expiresAtMs] as const,
      )
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  };
}

/** The entry that a keyspace has of a key. */
function entryIn({ keyspace }: KeyspaceBench, name: string): Entry {
  const key = Buffer.from(name, 'latin1');
  const place = keyspace.database(0).table.find(key, 0, key.length);
  return place === 0 ? EMPTY_ENTRY : keyspace.entryOf(place);
}

/** What all changes of logs say of a key together. */
function entryFrom(logs: readonly Buffer[], name: string): Entry {
  const reader = new BatchReader();
  const entries: Entry[] = [];
  for (const batch of logs) {
    reader.open(batch, 0, batch.length, 'spec');
    while (reader.next()) {
      if (reader.bytes.toString('latin1', reader.keyStart, reader.keyEnd) === name) entries.push(entryOfChange(reader));
    }
  }
  return mergeAll(entries);
}

const restarted = new KeyspaceBench(1);

function afterReplay(keepsTombstones: boolean, ...logs: (readonly Buffer[])[]): KeyspaceBench {
  restarted.keyspace.forgetAll();
  restarted.keyspace.keepsTombstones = keepsTombstones;
  for (const log of logs) restarted.replay(log);
  expect(restarted.batch.isEmpty, 'replay logs nothing').to.equal(true);
  return restarted;
}

async function removeAll(player: CellsPlayer): Promise<void> {
  const { bench } = player;
  for (const each of NAMES) if (await bench.findWarm(0, each)) bench.keyspace.remove();
  while (bench.keyspace.freeFlushed(100));
}

describe('FieldCells', () => {
  for (const keepsTombstones of [false, true]) {
    it(`does what a Map of Maps does; so does its log${keepsTombstones ? ', where tombstones are kept' : ''}`, async function () {
      this.timeout(60_000);
      await fc.assert(
        fc.asyncProperty(stepsOf(runs), async (list) => {
          const bench = new ColdBench(1);
          bench.disk.isLogging = false;
          bench.keyspace.keepsTombstones = keepsTombstones;
          const player = new CellsPlayer(bench);
          const model = new CellsModel();
          let snapshot: SteppedSnapshot | undefined;
          let rotation = 0;
          for (const step of list) {
            await player.apply(step, model);
            if (!('run' in step)) continue;
            if (step.run === 'end turn') bench.endTurn();
            else if (step.run === 'free flushed') bench.keyspace.freeFlushed(1);
            else if (step.run === 'expire') expireAll(bench);
            else if (step.run === 'snapshot step') {
              if (snapshot === undefined) {
                bench.endTurn();
                rotation = bench.log.length;
                snapshot = new SteppedSnapshot(bench.keyspace);
              }
              snapshot.step();
            }
          }
          while (snapshot?.step());
          bench.endTurn();
          const expected = NAMES.map((each) => model.seen(each));
          const seenAt = (other: KeyspaceBench): unknown =>
            NAMES.map((each) => seenIn(entryIn(other, each), bench.nowMs));
          expect(seenAt(bench), 'itself').to.deep.equal(expected);
          const { log } = bench;
          expect(seenAt(afterReplay(keepsTombstones, log)), 'its log').to.deep.equal(expected);
          if (keepsTombstones && !list.some((step) => 'flushdb' in step)) {
            for (const each of NAMES) expect(plain(entryIn(bench, each))).to.deep.equal(plain(entryFrom(log, each)));
            for (const each of NAMES)
              expect(plain(entryIn(restarted, each))).to.deep.equal(plain(entryFrom(log, each)));
          }
          expect(seenAt(afterReplay(keepsTombstones, log, log)), 'its log, twice').to.deep.equal(expected);
          if (snapshot !== undefined) {
            const frames = snapshot.frames;
            const since = log.slice(rotation);
            expect(seenAt(afterReplay(keepsTombstones, frames, since)), 'a copy').to.deep.equal(expected);
          }
          for (const each of NAMES) {
            await player.purged(each);
            const entry = entryIn(bench, each);
            restarted.keyspace.forgetAll();
            if (entry.cells.size > 0) {
              restarted.keyspace.absorb(restarted.database(0), Buffer.from(each, 'latin1'), entry);
              expect(plain(entryIn(restarted, each)), 'absorbed').to.deep.equal(plain(entry));
            }
          }
          await removeAll(player);
          const { keyspace } = bench;
          expect([keyspace.keyCount, bench.database(0).table.expiring], 'nothing is left').to.deep.equal([0, 0]);
          if (!keepsTombstones) expect(keyspace.heap.slab.usedBytes, 'nothing is leaked').to.equal(0);
          keyspace.flush(bench.database(0));
          while (keyspace.freeFlushed(100));
          expect(keyspace.heap.slab.usedBytes, 'nothing is leaked').to.equal(0);
        }),
        { numRuns: 150 },
      );
    });
  }

  it('does so wherever the data is', async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(stepsOf([...runs, ...coldRuns]), fc.subarray(NAMES), async (list, falsePositives) => {
        const player = new CellsPlayer(new ColdBench(1));
        for (const each of falsePositives) player.bench.disk.falsePositives.add(each);
        const model = new CellsModel();
        for (const step of list) {
          await player.apply(step, model);
          if ('run' in step) runCold(player, step.run);
        }
        const { bench } = player;
        bench.endReads();
        const expected = NAMES.map((each) => model.seen(each));
        expect(
          NAMES.map((each) => seenIn(bench.entryOf(0, each), bench.nowMs)),
          'memory and disk',
        ).to.deep.equal(expected);
        for (const each of NAMES) await player.purged(each);
        expect(
          NAMES.map((each) => seenIn(entryIn(bench, each), bench.nowMs)),
          'loaded',
        ).to.deep.equal(expected);
      }),
      { numRuns: 150 },
    );
  });

  it('comes to the same on two nodes that tell each other everything, and loses nothing that one of them alone has touched', async function () {
    this.timeout(60_000);
    const sides = fc.array(
      fc.oneof(
        {
          weight: 8,
          arbitrary: fc.tuple(
            fc.nat(1),
            stepsOf(['end turn']).map((list) => list.slice(0, 5)),
          ),
        },
        { weight: 2, arbitrary: fc.constantFrom('exchange' as const, 'one way' as const) },
      ),
      { maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(sides, fc.boolean(), async (list, shuffled) => {
        const benches = [1, 2].map((origin) => nodeOf(origin));
        const players = benches.map((bench) => new CellsPlayer(bench));
        const heard = [0, 0];
        const tell = (from: number): void => {
          benches[from].endTurn();
          const news = benches[from].log.slice(heard[from]);
          heard[from] = benches[from].log.length;
          benches[1 - from].replay(shuffled ? news.reverse() : news);
        };
        for (const each of list) {
          if (each === 'exchange') [0, 1].forEach(tell);
          else if (each === 'one way') tell(0);
          else {
            for (const step of each[1]) {
              if ('flushdb' in step || 'run' in step) continue;
              const model = modelOf(benches[each[0]]);
              await players[each[0]].apply(step, model);
              benches[each[0]].endTurn();
            }
          }
        }
        [0, 1].forEach(tell);
        const logs = benches.map(({ log }) => log);
        for (const key of NAMES) {
          const expected = entryFrom(logs.flat(), key);
          for (const bench of benches) expect(plain(entryIn(bench, key))).to.deep.equal(plain(expected));
        }
        expectNothingLost(benches);
      }),
      { numRuns: 150 },
    );
  });
});

function nodeOf(origin: number): ColdBench {
  const bench = new ColdBench(1, undefined, origin);
  bench.disk.isLogging = false;
  bench.keyspace.keepsTombstones = true;
  return bench;
}

/** The model of what a keyspace shows now. */
function modelOf(bench: ColdBench): CellsModel {
  const model = new CellsModel();
  model.nowMs = bench.keyspace.clock.nowMs;
  for (const each of NAMES) {
    const seen = seenIn(entryIn(bench, each), model.nowMs);
    if (seen === undefined) continue;
    for (const [text, value, atMs] of seen.cells) model.put(each, seen.type, text, value, atMs);
    const key = model.get(each);
    if (key !== undefined) key.atMs = seen.atMs;
  }
  return model;
}

/** A value that only one node wrote, under no delete of either and of the type that is left, is there. */
function expectNothingLost(benches: readonly ColdBench[]): void {
  for (const key of NAMES) {
    const [first, second] = benches.map(({ log }) => entryFrom(log, key));
    const left = entryIn(benches[0], key);
    for (const [own, other] of [
      [first, second],
      [second, first],
    ]) {
      for (const [id, cell] of own.cells) {
        if (cell.value === undefined || other.cells.has(id) || comparePairs(cell.pair, left.deletedUpTo) <= 0) continue;
        expect(left.cells.get(id)?.value?.toString('latin1')).to.equal(cell.value.toString('latin1'));
      }
    }
  }
}

function expireAll(bench: ColdBench): void {
  for (let position = 0; position < POSITION_LIMIT;) {
    position = expireKeys(bench.keyspace, bench.database(0), position, 2);
  }
}

function runCold(player: CellsPlayer, run: Run | ColdRun): void {
  const { bench } = player;
  switch (run) {
    case 'end turn':
      bench.endTurn();
      break;
    case 'expire':
      expireAll(bench);
      break;
    case 'free flushed':
      bench.keyspace.freeFlushed(1);
      break;
    case 'snapshot step':
      break;
    case 'flush':
      bench.flushAll();
      break;
    case 'close segment':
      bench.closeSegment();
      break;
    case 'flush segment':
      bench.flushSegment();
      break;
    case 'spill':
      spillSome(bench.keyspace, 1000);
      break;
    case 'spill all':
      bench.dropClean();
      break;
    case 'restart':
      player.bench = bench.restarted();
      break;
    case 'compact':
      bench.compact();
      break;
    case 'sweep':
      bench.sweep();
      break;
  }
}

describe('FieldCells of a large hash', () => {
  it('log what is changed, and not the hash', () => {
    const bench = new KeyspaceBench(1);
    const { hashes } = bench.keyspace;
    const set = (i: number, value: string): void => {
      bench.find(0, 'hash');
      hashes.use();
      findField(hashes, `field:${i}`);
      const bytes = Buffer.from(value);
      hashes.put(bytes, 0, bytes.length);
    };
    for (let i = 0; i < 50_000; i++) set(i, 'first');
    bench.endTurn();
    bench.log.length = 0;
    for (let i = 0; i < 1000; i++) {
      set(i * 50, 'second');
      bench.endTurn();
    }
    const bytes = bench.log.reduce((sum, { length }) => sum + length, 0);
    expect(bytes).to.be.below(60_000);
  });
});
