import { expect } from 'chai';
import fc from 'fast-check';
import { spillSome } from '../../lib/data/eviction.js';
import { NEVER } from '../../lib/data/keyspace.js';
import type { ListCells } from '../../lib/data/list-cells.js';
import { BufferPool } from '../../lib/protocol/buffer-pool.js';
import { ReplyWriter } from '../../lib/protocol/reply-writer.js';
import { BatchReader } from '../../lib/record/batch-reader.js';
import { entryOfChange } from '../../lib/record/entry-of-record.js';
import type { Entry } from '../../lib/record/entry.js';
import { CellType, EMPTY_ENTRY, isLive } from '../../lib/record/entry.js';
import { ListSide, isElementField } from '../../lib/record/list-id.js';
import { mergeAll } from '../../lib/record/merge.js';
import { VarintReader } from '../../lib/base/varint.js';
import { plain } from '../record/arbitraries.js';
import { ColdBench } from './cold-bench.js';
import { KeyspaceBench, SteppedSnapshot } from './keyspace-bench.js';

const NAMES = ['a', 'k'.repeat(300)];

type Change =
  | { do: 'push'; side: typeof ListSide.LEFT | typeof ListSide.RIGHT; count: number; size: number }
  | { do: 'pop'; atRight: boolean; count: number }
  | { do: 'insert'; place: number; size: number }
  | { do: 'set'; place: number; size: number }
  | { do: 'remove'; place: number; count: number }
  | { do: 'remove some'; every: number };
type Run = 'end turn' | 'snapshot step' | 'free flushed';
type ColdRun = 'flush' | 'close segment' | 'flush segment' | 'spill' | 'spill all' | 'restart' | 'compact' | 'sweep';
type Step =
  | { on: string; changes: Change[] }
  | { remove: string }
  | { expire: string; inMs: number }
  | { setString: string }
  | { copy: [string, string] }
  | { advanceMs: number }
  | { run: Run | ColdRun };

const name = fc.constantFrom(...NAMES);
const sizes = fc.oneof(fc.nat(20), fc.constantFrom(0, 130, 600, 3000));
const counts = fc.oneof({ weight: 6, arbitrary: fc.nat(4) }, fc.constantFrom(20, 140, 300));
const changes: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('push' as const),
      side: fc.constantFrom(ListSide.LEFT, ListSide.RIGHT),
      count: counts,
      size: sizes,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('pop' as const), atRight: fc.boolean(), count: counts }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('insert' as const), place: fc.nat(), size: sizes }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('set' as const), place: fc.nat(), size: sizes }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), place: fc.nat(), count: counts }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('remove some' as const), every: fc.integer({ min: 1, max: 5 }) }),
  },
);
const runs: readonly Run[] = ['end turn', 'snapshot step', 'snapshot step', 'free flushed'];
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

function stepsOf(all: readonly (Run | ColdRun)[]): fc.Arbitrary<Step[]> {
  return fc.array(
    fc.oneof(
      { weight: 20, arbitrary: fc.record({ on: name, changes: fc.array(changes, { maxLength: 5 }) }) },
      { weight: 2, arbitrary: fc.record({ remove: name }) },
      { weight: 2, arbitrary: fc.record({ expire: name, inMs: fc.constantFrom(0, 50, 100_000) }) },
      { weight: 1, arbitrary: fc.record({ setString: name }) },
      { weight: 2, arbitrary: fc.record({ copy: fc.tuple(name, name) }) },
      { weight: 3, arbitrary: fc.record({ advanceMs: fc.constantFrom(0, 1, 50, 120) }) },
      { weight: 12, arbitrary: fc.record({ run: fc.constantFrom(...all) }) },
    ),
    { maxLength: 50, size: 'max' },
  );
}

/** The dumb twin: arrays of strings. */
class ListsModel {
  nowMs = 0;
  private readonly keys = new Map<string, { elements: string[]; atMs: number }>();

  get(key: string): string[] {
    return this.known(key)?.elements ?? [];
  }

  /** For changes: of a key that may not be there. */
  change(key: string): string[] {
    let known = this.known(key);
    if (known === undefined) {
      known = { elements: [], atMs: 0 };
      this.keys.set(key, known);
    }
    return known.elements;
  }

  remove(key: string): void {
    this.keys.delete(key);
  }

  expire(key: string, atMs: number): void {
    const known = this.known(key);
    if (known !== undefined) known.atMs = atMs;
  }

  copy(from: string, to: string): void {
    const known = this.known(from);
    if (known !== undefined) this.keys.set(to, { elements: [...known.elements], atMs: known.atMs });
  }

  private known(key: string): { elements: string[]; atMs: number } | undefined {
    const known = this.keys.get(key);
    if (known === undefined) return undefined;
    if (known.elements.length > 0 && (known.atMs === 0 || known.atMs > this.nowMs)) return known;
    this.keys.delete(key);
    return undefined;
  }
}

function elementsOf(lists: ListCells): string[] {
  const found: string[] = [];
  for (let isThere = lists.seek(0); isThere; isThere = lists.next()) found.push(lists.copy().toString('latin1'));
  return found;
}

/** The part of a list from an index on, as LRANGE answers it. */
function written(lists: ListCells, from: number, count: number): string {
  const reply = new ReplyWriter(new BufferPool(0));
  if (lists.seek(from)) lists.writeRight(reply, count);
  return reply.buffer.toString('latin1', 0, reply.length);
}

function bulks(elements: readonly string[]): string {
  return elements.map((element) => `$${element.length}\r\n${element}\r\n`).join('');
}

/** Acts on one keyspace with its cursor as commands do. */
class ListPlayer {
  bench: ColdBench;
  private made = 0;
  private readonly mark: string;

  constructor(bench: ColdBench, mark = '') {
    this.bench = bench;
    this.mark = mark;
  }

  /** Puts the keyspace's cursor and the list's on a key; false if it holds something else. */
  async turnTo(key: string): Promise<boolean> {
    const { keyspace } = this.bench;
    const isThere = await this.bench.findWarm(0, key);
    if (isThere && keyspace.heap.type(this.refOf(key)) !== CellType.LIST) return false;
    keyspace.lists.use();
    return true;
  }

  refOf(key: string): number {
    const bytes = Buffer.from(key, 'latin1');
    return this.bench.keyspace.find(this.bench.database(0), bytes, 0, bytes.length);
  }

  async apply(step: Step, model: ListsModel): Promise<void> {
    const { bench } = this;
    const { keyspace } = bench;
    model.nowMs = keyspace.clock.nowMs;
    if ('on' in step) {
      if (!(await this.turnTo(step.on))) return;
      for (const change of step.changes) this.change(change, model.change(step.on));
    } else if ('remove' in step) {
      if (await bench.findWarm(0, step.remove)) keyspace.remove();
      model.remove(step.remove);
    } else if ('expire' in step) {
      const atMs = step.inMs === 0 ? NEVER : keyspace.clock.nowMs + step.inMs;
      if (await bench.findWarm(0, step.expire)) keyspace.setExpiry(atMs);
      model.expire(step.expire, atMs);
    } else if ('setString' in step) {
      await bench.findWarm(0, step.setString);
      bench.putAtCursor('a string', NEVER);
      model.remove(step.setString);
    } else if ('copy' in step) await this.copy(...step.copy, model);
    else if ('advanceMs' in step) bench.advance(step.advanceMs);
    model.nowMs = keyspace.clock.nowMs;
  }

  /** Does a change to the list under the cursor, and to an array. */
  change(change: Change, model: string[]): void {
    const { lists } = this.bench.keyspace;
    expect(lists.count).to.equal(model.length);
    const at = model.length === 0 || !('place' in change) ? 0 : change.place % model.length;
    switch (change.do) {
      case 'push':
        for (let i = 0; i < change.count; i++) {
          this.withBytes(change.size, (text, bytes) => {
            lists.push(change.side, bytes, 1, bytes.length - 1);
            if (change.side === ListSide.LEFT) model.unshift(text);
            else model.push(text);
          });
        }
        break;
      case 'pop': {
        const count = Math.min(change.count, model.length);
        const from = change.atRight ? model.length - count : 0;
        if (count === 1) {
          lists.seekWhole(from);
          expect(lists.copy().toString('latin1')).to.equal(model[from]);
        }
        lists.remove(from, count);
        model.splice(from, count);
        break;
      }
      case 'insert':
        this.withBytes(change.size, (text, bytes) => {
          lists.insert(at, bytes, 1, bytes.length - 1);
          model.splice(at, 0, text);
        });
        break;
      case 'set':
        if (model.length === 0) break;
        this.withBytes(change.size, (text, bytes) => {
          lists.set(at, bytes, 1, bytes.length - 1);
          model[at] = text;
        });
        break;
      case 'remove': {
        const count = Math.min(change.count, model.length - at);
        lists.remove(at, count);
        model.splice(at, count);
        break;
      }
      case 'remove some': {
        const indexes = model.map((_, i) => i).filter((i) => i % change.every === 0);
        lists.removeAll(indexes);
        for (const i of indexes.reverse()) model.splice(i, 1);
        break;
      }
    }
  }

  /** An element that is nowhere else, in the middle of others' bytes, which are overwritten right after. */
  private withBytes(size: number, use: (text: string, bytes: Buffer) => void): void {
    const text = `${this.mark}${++this.made}`.padEnd(size, '.');
    const bytes = Buffer.from(`(${text})`, 'latin1');
    use(text, bytes);
    bytes.fill(0xee);
  }

  private async copy(from: string, to: string, model: ListsModel): Promise<void> {
    const { bench } = this;
    const { keyspace } = bench;
    if (from === to || !(await bench.findWarm(0, from))) return;
    await bench.findWarm(0, to);
    await bench.findWarm(0, from);
    const ref = this.refOf(from);
    if (keyspace.heap.type(ref) !== CellType.LIST) return;
    const atMs = keyspace.heap.expiresAtMs(ref);
    const put = keyspace.lists.copier(ref);
    if (bench.find(0, to)) {
      keyspace.remove();
      bench.find(0, to);
    }
    put();
    bench.find(0, to);
    keyspace.setExpiry(atMs);
    model.copy(from, to);
  }
}

/** The elements in an entry, in order. */
function seenIn(entry: Entry, nowMs: number): string[] {
  if (!isLive(entry, nowMs)) return [];
  const input = new VarintReader();
  return [...entry.cells.values()]
    .filter(({ type, field }) => type === CellType.LIST && isElementField(field))
    .sort((a, b) => Buffer.compare(a.field, b.field))
    .map(({ value }) => {
      const bytes = value ?? Buffer.alloc(0);
      input.buffer = bytes;
      input.offset = 0;
      input.end = bytes.length;
      input.read();
      return bytes.toString('latin1', input.offset);
    });
}

function entryIn({ keyspace }: KeyspaceBench, key: string): Entry {
  const bytes = Buffer.from(key, 'latin1');
  const place = keyspace.database(0).table.find(bytes, 0, bytes.length);
  return place === 0 ? EMPTY_ENTRY : keyspace.entryOf(place);
}

/** What all changes of logs say of a key together. */
function entryFrom(logs: readonly Buffer[], key: string): Entry {
  const reader = new BatchReader();
  const entries: Entry[] = [];
  for (const batch of logs) {
    reader.open(batch, 0, batch.length, 'spec');
    while (reader.next()) {
      if (reader.bytes.toString('latin1', reader.keyStart, reader.keyEnd) === key) entries.push(entryOfChange(reader));
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

function runCold(player: ListPlayer, what: Run | ColdRun): void {
  const { bench } = player;
  if (what === 'flush') bench.flushAll();
  else if (what === 'close segment') bench.closeSegment();
  else if (what === 'flush segment') bench.flushSegment();
  else if (what === 'spill') spillSome(bench.keyspace, 1);
  else if (what === 'spill all') bench.dropClean();
  else if (what === 'compact') bench.compact();
  else if (what === 'sweep') bench.sweep();
  else if (what === 'end turn') bench.endTurn();
  else if (what === 'restart') {
    bench.endReads();
    player.bench = bench.restarted();
  }
}

describe('ListCells', () => {
  for (const keepsTombstones of [false, true]) {
    it(`does what arrays do; so does its log${keepsTombstones ? ', where what was removed is remembered' : ''}`, async function () {
      this.timeout(60_000);
      await fc.assert(
        fc.asyncProperty(stepsOf(runs), async (list) => {
          const bench = new ColdBench(1);
          bench.disk.isLogging = false;
          const { keyspace } = bench;
          keyspace.keepsTombstones = keepsTombstones;
          const player = new ListPlayer(bench);
          const model = new ListsModel();
          let snapshot: SteppedSnapshot | undefined;
          let rotation = 0;
          for (const step of list) {
            await player.apply(step, model);
            if (!('run' in step)) continue;
            if (step.run === 'end turn') bench.endTurn();
            else if (step.run === 'free flushed') keyspace.freeFlushed(1);
            else if (step.run === 'snapshot step') {
              if (snapshot === undefined) {
                bench.endTurn();
                rotation = bench.log.length;
                snapshot = new SteppedSnapshot(keyspace);
              }
              snapshot.step();
            }
          }
          while (snapshot?.step());
          bench.endTurn();
          const expected = NAMES.map((each) => model.get(each));
          for (const each of NAMES) {
            if (!(await player.turnTo(each))) continue;
            const { lists } = keyspace;
            const elements = model.get(each);
            expect(elementsOf(lists), 'read').to.deep.equal(elements);
            const from = elements.length >>> 2;
            const count = (elements.length - from) >>> 1;
            expect(written(lists, from, count), 'written').to.equal(bulks(elements.slice(from, from + count)));
            expect(written(lists, 0, elements.length), 'all written').to.equal(bulks(elements));
          }
          // What has expired was removed when it was met.
          bench.endTurn();
          const seenAt = (other: KeyspaceBench): unknown =>
            NAMES.map((each) => seenIn(entryIn(other, each), bench.nowMs));
          expect(seenAt(bench), 'itself').to.deep.equal(expected);
          const { log } = bench;
          expect(seenAt(afterReplay(keepsTombstones, log)), 'its log').to.deep.equal(expected);
          if (keepsTombstones) {
            for (const each of NAMES) {
              expect(plain(entryIn(bench, each))).to.deep.equal(plain(entryFrom(log, each)));
              expect(plain(entryIn(restarted, each))).to.deep.equal(plain(entryFrom(log, each)));
            }
          }
          expect(seenAt(afterReplay(keepsTombstones, log, log)), 'its log, twice').to.deep.equal(expected);
          if (snapshot !== undefined) {
            const since = log.slice(rotation);
            expect(seenAt(afterReplay(keepsTombstones, snapshot.frames, since)), 'a copy').to.deep.equal(expected);
          }
          for (const each of NAMES) {
            const entry = entryIn(bench, each);
            restarted.keyspace.forgetAll();
            restarted.keyspace.keepsTombstones = keepsTombstones;
            restarted.keyspace.absorb(restarted.database(0), Buffer.from(each, 'latin1'), entry);
            if (isLive(entry, bench.nowMs)) expect(plain(entryIn(restarted, each))).to.deep.equal(plain(entry));
          }
          for (const each of NAMES) if (await bench.findWarm(0, each)) keyspace.remove();
          keyspace.flush(bench.database(0));
          while (keyspace.freeFlushed(100));
          expect(keyspace.heap.slab.usedBytes, 'nothing is leaked').to.equal(0);
        }),
        { numRuns: 80 },
      );
    });
  }

  it('does so wherever the data is', async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(stepsOf([...runs, ...coldRuns]), async (list) => {
        const player = new ListPlayer(new ColdBench(1));
        const model = new ListsModel();
        for (const step of list) {
          await player.apply(step, model);
          if ('run' in step) runCold(player, step.run);
        }
        const { bench } = player;
        bench.endReads();
        const expected = NAMES.map((each) => model.get(each));
        const seen = NAMES.map((each) => seenIn(bench.entryOf(0, each), bench.nowMs));
        expect(seen, 'memory and disk').to.deep.equal(expected);
        for (const each of NAMES) await bench.findWarm(0, each);
        const loaded = NAMES.map((each) => seenIn(entryIn(bench, each), bench.nowMs));
        expect(loaded, 'loaded').to.deep.equal(expected);
      }),
      { numRuns: 80 },
    );
  });

  it('comes to the same on two nodes that tell each other everything, and loses nothing but what one of them took out', async function () {
    this.timeout(60_000);
    const moves = fc.array(
      fc.oneof(
        { weight: 8, arbitrary: fc.tuple(fc.nat(1), fc.array(changes, { maxLength: 4 })) },
        { weight: 2, arbitrary: fc.constantFrom('exchange' as const, 'one way' as const) },
      ),
      { maxLength: 14 },
    );
    await fc.assert(
      fc.asyncProperty(moves, async (list) => {
        const players = [1, 2].map((origin) => {
          const bench = new ColdBench(1, undefined, origin);
          bench.disk.isLogging = false;
          bench.keyspace.keepsTombstones = true;
          return new ListPlayer(bench, `${origin}:`);
        });
        const heard = [0, 0];
        const made = new Set<string>();
        const removed = new Set<string>();
        const tell = (from: number): void => {
          const { bench } = players[from];
          bench.endTurn();
          const news = bench.log.slice(heard[from]);
          heard[from] = bench.log.length;
          players[1 - from].bench.replay(news);
        };
        for (const move of list) {
          if (typeof move === 'string') {
            tell(0);
            if (move === 'exchange') tell(1);
            continue;
          }
          const [who, some] = move;
          const { lists } = players[who].bench.keyspace;
          players[who].bench.advance(1);
          for (const change of some) {
            await players[who].turnTo('a');
            const before = elementsOf(lists);
            players[who].change(change, [...before]);
            await players[who].turnTo('a');
            const after = elementsOf(lists);
            for (const text of after) if (!before.includes(text)) made.add(text);
            for (const text of before) if (!after.includes(text)) removed.add(text);
          }
        }
        tell(0);
        tell(1);
        const [first, second] = players.map(({ bench }) => plain(entryIn(bench, 'a')));
        expect(first).to.deep.equal(second);
        const logs = players.flatMap(({ bench }) => bench.log);
        expect(first).to.deep.equal(plain(entryFrom(logs, 'a')));
        // LSET changes an element that the other may have taken out, and takes its old text out itself: that is no loss.
        const setAway = list.some((move) => typeof move !== 'string' && move[1].some((change) => change.do === 'set'));
        if (setAway) return;
        const left = [...made].filter((text) => !removed.has(text)).sort();
        expect(seenIn(entryIn(players[0].bench, 'a'), 0).sort()).to.deep.equal(left);
      }),
      { numRuns: 100 },
    );
  });

  it('is a queue that hundreds of thousands of elements go through in no memory and few bytes of log', () => {
    const bench = new KeyspaceBench(1);
    const { lists } = bench.keyspace;
    const bytes = Buffer.from('element');
    let logged = 0;
    bench.find(0, 'queue');
    lists.use();
    for (let i = 0; i < 200_000; i++) {
      lists.push(ListSide.RIGHT, bytes, 0, bytes.length);
      if (i >= 10) lists.remove(0, 1);
      if (i % 100 !== 0) continue;
      logged += bench.batch.byteLength;
      bench.batch.reset();
      bench.advance(1);
    }
    expect(lists.count).to.equal(10);
    expect(bench.keyspace.usedBytes).to.be.below(4096);
    expect(logged / 200_000).to.be.below(60);
  });

  it('pushes again what lies to the right of a place where ids have become too long', () => {
    const bench = new KeyspaceBench(1);
    const { lists } = bench.keyspace;
    const model: string[] = [];
    bench.find(0, 'list');
    lists.use();
    let after = 0;
    let mostCells = 0;
    for (let i = 0; i < 6000; i++) {
      const text = Buffer.from(`${i}`);
      const before = bench.keyspace.changeCount;
      // Always right between the two that came last: the worst that can be.
      lists.insert(after, text, 0, text.length);
      model.splice(after, 0, `${i}`);
      mostCells = Math.max(mostCells, bench.keyspace.changeCount - before);
      if (i % 2 === 0) after++;
    }
    expect(mostCells, 'they have become too long').to.be.above(1);
    expect(elementsOf(lists)).to.deep.equal(model);
    bench.endTurn();
    expect(seenIn(entryIn(afterReplay(false, bench.log), 'list'), bench.nowMs)).to.deep.equal(model);
  });
});
