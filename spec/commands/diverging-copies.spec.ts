/**
 * Two copies of the data that were apart: each ran commands of its own, then they exchange what they have changed. Whatever the
 * commands were, both are equal then; and what only one side has touched is as that side left it.
 */

import { expect } from 'chai';
import fc from 'fast-check';

import type { Entry } from '../../lib/record/entry.js';
import { merge } from '../../lib/record/merge.js';
import type { Plain } from './harness.js';
import { Harness } from './harness.js';

type Words = readonly [name: string, ...args: string[]];

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];
const name = fc.constantFrom(...NAMES);
const small = fc.nat(9).map(String);
/** A list's elements are told apart by what they hold: `#` stands for something new. */
const NEW = '#';

const ofType = {
  hash: fc.oneof(
    fc.tuple(fc.constant('HSET'), fc.constant('hash'), name, small),
    fc.tuple(fc.constant('HDEL'), fc.constant('hash'), name),
    fc.tuple(fc.constant('HINCRBY'), fc.constant('hash'), name, small),
  ),
  set: fc.oneof(
    fc.tuple(fc.constant('SADD'), fc.constant('set'), name),
    fc.tuple(fc.constant('SREM'), fc.constant('set'), name),
    fc.tuple(fc.constant('SPOP'), fc.constant('set')),
  ),
  zset: fc.oneof(
    fc.tuple(fc.constant('ZADD'), fc.constant('zset'), small, name),
    fc.tuple(fc.constant('ZREM'), fc.constant('zset'), name),
    fc.tuple(fc.constant('ZINCRBY'), fc.constant('zset'), small, name),
    fc.tuple(fc.constantFrom('ZPOPMIN', 'ZPOPMAX'), fc.constant('zset')),
  ),
  list: fc.oneof(
    fc.tuple(fc.constantFrom('RPUSH', 'LPUSH'), fc.constant('list'), fc.constant(NEW)),
    fc.tuple(fc.constantFrom('RPOP', 'LPOP'), fc.constant('list')),
    fc.tuple(fc.constant('LTRIM'), fc.constant('list'), small, fc.constantFrom('-1', '-2', '5')),
    fc.tuple(
      fc.constant('LINSERT'),
      fc.constant('list'),
      fc.constantFrom('BEFORE', 'AFTER'),
      fc.constantFrom('1.0', '1.1', '1.2', '2.0', '2.1'),
      fc.constant(NEW),
    ),
  ),
};
type Kind = keyof typeof ofType;
const KINDS = Object.keys(ofType) as Kind[];

/** What changes more than elements. */
const drastic = fc.oneof(
  fc.tuple(fc.constantFrom('DEL', 'PERSIST'), fc.constantFrom<string>(...KINDS)),
  fc.tuple(fc.constant('PEXPIRE'), fc.constantFrom<string>(...KINDS), fc.constantFrom('1', '100000')),
  fc.tuple(fc.constant('SET'), fc.constantFrom<string>(...KINDS), small),
  fc.tuple(fc.constant('RENAME'), fc.constantFrom<string>(...KINDS), fc.constantFrom<string>(...KINDS)),
  fc.tuple(fc.constant('LSET'), fc.constant('list'), small, fc.constant(NEW)),
);
const gentle = fc.oneof(...KINDS.map((kind) => ofType[kind] as fc.Arbitrary<readonly string[]>));
const commandLists = (one: fc.Arbitrary<readonly string[]>): fc.Arbitrary<Words[]> =>
  fc.array(one as unknown as fc.Arbitrary<Words>, { maxLength: 25 });

/** A copy, with the batches that the other one has not seen yet. */
class Copy {
  readonly harness: Harness;
  readonly sent: Buffer[] = [];
  private readonly mark: string;
  private pushed = 0;

  constructor(origin: number) {
    this.harness = new Harness(undefined, origin);
    this.harness.keyspace.keepsTombstones = true;
    this.mark = `${origin}.`;
  }

  /** Runs commands, each in a turn of its own; those that fail, for a type or a key that is not there, change nothing. */
  run(commands: readonly Words[]): void {
    for (const [command, ...args] of commands) {
      const named = args.map((arg) => (arg === NEW ? `${this.mark}${this.pushed++}` : arg));
      this.harness.wire(command, ...named);
      const batch = this.harness.takeBatch();
      if (batch !== undefined) this.sent.push(batch);
      this.harness.advance(1);
    }
  }

  take(batches: readonly Buffer[]): void {
    for (const batch of batches) this.harness.merge(Buffer.from(batch));
  }

  read(...words: Words): Plain {
    const [command, ...args] = words;
    return this.harness.run(command, ...args);
  }

  entry(key: string): Entry | undefined {
    const { keyspace } = this.harness;
    const bytes = Buffer.from(key);
    const ref = keyspace.database(0).table.find(bytes, 0, bytes.length);
    return ref === 0 ? undefined : keyspace.entryOf(ref);
  }

  /** All that can be read. */
  state(): Record<string, Plain> {
    return {
      hash:
        this.read('TYPE', 'hash') === 'hash' ? sortedPairs(this.read('HGETALL', 'hash')) : this.read('DUMP', 'hash'),
      set: this.read('TYPE', 'set') === 'set' ? sorted(this.read('SMEMBERS', 'set')) : this.read('DUMP', 'set'),
      zset: this.read('DUMP', 'zset'),
      list: this.read('DUMP', 'list'),
      ttl: KINDS.map((kind) => this.read('PEXPIRETIME', kind)),
      keys: sorted(this.read('KEYS', '*')),
      size: this.read('DBSIZE'),
    };
  }
}

function sorted(values: Plain): Plain[] {
  return (values as string[]).toSorted();
}

function sortedPairs(values: Plain): Plain[] {
  const list = values as string[];
  return list.flatMap((field, i) => (i % 2 === 0 ? [`${field}=${list[i + 1]}`] : [])).toSorted();
}

/** An entry in an order of its own. */
function plainEntry(entry: Entry | undefined): unknown {
  if (entry === undefined) return undefined;
  const cells = [...entry.cells].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    ...entry,
    cells: cells.map(([, { field, value, pair, expiresAtMs }]) => ({ field, value, pair, expiresAtMs })),
  };
}

/** Two copies with a common past, then apart. */
function apart(past: readonly Words[], left: readonly Words[], right: readonly Words[]): [Copy, Copy] {
  const copies: [Copy, Copy] = [new Copy(1), new Copy(2)];
  copies[0].run(past);
  copies[1].take(copies[0].sent.splice(0));
  copies[1].harness.advance(past.length);
  copies[0].run(left);
  copies[1].run(right);
  return copies;
}

/** What expires has expired for both or for none. */
function setClocks(a: Copy, b: Copy): void {
  const nowMs = Math.max(a.harness.nowMs, b.harness.nowMs);
  for (const { harness } of [a, b]) harness.advance(nowMs - harness.nowMs);
}

/** The fields of a key whose cells `copy` has written since `base`, if only to take them out again. */
function touched(copy: Copy, base: Copy, kind: Kind): Set<string> {
  const before = base.entry(kind)?.cells;
  const cells = [...(copy.entry(kind)?.cells ?? [])];
  const changed = cells.filter(([key, { pair }]) => before?.get(key)?.pair.stamp !== pair.stamp);
  return new Set(changed.map(([, { field }]) => field.toString()));
}

describe('copies that were apart', () => {
  it('are equal after they have exchanged what they changed, whatever that was', () => {
    const commands = commandLists(fc.oneof({ weight: 8, arbitrary: gentle }, { weight: 1, arbitrary: drastic }));
    fc.assert(
      fc.property(commands, commands, commands, (past, left, right) => {
        const [a, b] = apart(past, left, right);
        const merged = KINDS.map((kind) => {
          const [one, other] = [a.entry(kind), b.entry(kind)];
          return plainEntry(one !== undefined && other !== undefined ? merge(one, other) : (one ?? other));
        });
        const [sentA, sentB] = [a.sent.splice(0), b.sent.splice(0)];
        a.take(sentB);
        b.take(sentA);
        const isMerged = KINDS.map((kind) => plainEntry(a.entry(kind)));
        setClocks(a, b);
        const state = a.state();
        expect(b.state()).to.deep.equal(state);
        // Once more: what arrives twice changes nothing.
        a.take(sentA);
        b.take([...sentA, ...sentB]);
        expect(b.state()).to.deep.equal(state);
        expect(a.state()).to.deep.equal(state);
        expect(isMerged).to.deep.equal(merged);
      }),
      { numRuns: 400 },
    );
  });

  it('have what only one of them has touched as that one left it', () => {
    const commands = commandLists(gentle);
    fc.assert(
      fc.property(commands, commands, commands, (past, left, right) => {
        const [base] = apart(past, [], []);
        const [a, b] = apart(past, left, right);
        const before = [base, a, b].map(elements);
        const [touchedByLeft, touchedByRight] = [a, b].map((side) => ({
          hash: touched(side, base, 'hash'),
          set: touched(side, base, 'set'),
          zset: touched(side, base, 'zset'),
          // What one side has pushed is its own, and what one side has taken out is gone.
          list: new Set<string>(),
        }));
        a.take(b.sent);
        const after = elements(a);
        for (const kind of KINDS) {
          const [was, one, other] = before.map((all) => all[kind]);
          const names = new Set([...was.keys(), ...one.keys(), ...other.keys()]);
          for (const element of names) {
            const isOfLeft = one.get(element) !== was.get(element);
            const isOfRight = other.get(element) !== was.get(element);
            if (touchedByLeft[kind].has(element) && touchedByRight[kind].has(element)) continue;
            const expected = isOfLeft ? one.get(element) : isOfRight ? other.get(element) : undefined;
            if (isOfLeft || isOfRight) expect(after[kind].get(element), `${kind} ${element}`).to.equal(expected);
          }
        }
        for (const side of [a, b]) expectOrder(listOf(a), before[side === a ? 1 : 2].list);
      }),
      { numRuns: 400 },
    );
  });
});

function listOf(copy: Copy): string[] {
  return copy.read('LRANGE', 'list', '0', '-1') as string[];
}

/** The elements of each type, with what they hold. */
function elements(copy: Copy): Record<Kind, Map<string, Plain>> {
  const pairs = (values: Plain): Map<string, Plain> => {
    const list = values as string[];
    return new Map(list.flatMap((field, i) => (i % 2 === 0 ? [[field, list[i + 1]]] : [])));
  };
  return {
    hash: pairs(copy.read('HGETALL', 'hash')),
    set: new Map((copy.read('SMEMBERS', 'set') as string[]).map((member) => [member, true])),
    zset: pairs(copy.read('ZRANGE', 'zset', '0', '-1', 'WITHSCORES')),
    list: new Map(listOf(copy).map((element) => [element, true])),
  };
}

/** What a side still sees of its own list is in the order that it had there. */
function expectOrder(after: readonly string[], before: ReadonlyMap<string, Plain>): void {
  const kept = [...before.keys()].filter((element) => after.includes(element));
  expect(after.filter((element) => before.has(element))).to.deep.equal(kept);
}
