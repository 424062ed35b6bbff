import { expect } from 'chai';
import fc from 'fast-check';

import { slotOf } from '../../../lib/base/position.js';
import { SlotSet } from '../../../lib/base/slot-set.js';
import { SlotDrop } from '../../../lib/data/slot-drop.js';
import { WriteBatch } from '../../../lib/record/write-batch.js';
import { keepNothing } from '../../sim/crash-fate.js';
import { ReplicaBench } from './replica-bench.js';

const TAGS = ['{a}', '{b}', '{c}'];
const KEYS = TAGS.flatMap((tag) => [0, 1, 2].map((i) => `${tag}${i}`));
const OTHER_ORIGIN = 9;
const RUNS = 60;
/** So much has to end at most before it is noted that slots were given up. */
const STEPS_MAX = 50;

const bytesOf = (text: string): Buffer => Buffer.from(text);
const slotOfKey = (key: string): number => slotOf(bytesOf(key), 0, key.length);

const is = <T extends string>(...types: T[]): fc.Arbitrary<T> => fc.constantFrom(...types);
const command = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({ type: is('set', 'set', 'delete', 'take', 'take'), key: fc.constantFrom(...KEYS) }),
  },
  { weight: 8, arbitrary: fc.record({ type: is('giveUp', 'takeBack'), key: fc.constantFrom(...KEYS) }) },
  { weight: 3, arbitrary: fc.record({ type: is('load'), key: fc.constantFrom(...KEYS) }) },
  { weight: 8, arbitrary: fc.record({ type: is('flush', 'compact', 'spill', 'drop'), key: fc.constant('') }) },
  {
    weight: 6,
    arbitrary: fc.record({ type: is('proceed', 'proceed', 'proceed', 'settle', 'crash'), key: fc.constant('') }),
  },
);
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

/** A copy of the data, and what it must show of the slots that it holds. */
class Trial {
  private readonly bench: ReplicaBench;
  private drop: SlotDrop;
  private readonly model = new Map<string, string>();
  /** Slots that are another node's, and those of them that are noted to be given up. */
  private readonly away = new Set<number>();
  private readonly noted = new Set<number>();
  /** Slots to which something was written here since they were given up last. */
  private readonly written = new Set<number>();
  private count = 0;

  constructor(bench: ReplicaBench) {
    this.bench = bench;
    this.drop = new SlotDrop(bench.keyspace, bench.clock);
  }

  async run({ type, key }: Command): Promise<void> {
    const { bench } = this;
    const slot = slotOfKey(key);
    if (type === 'set' || type === 'delete') this.write(type, key, slot);
    else if (type === 'take') this.take(key, slot);
    else if (type === 'giveUp') this.giveUp(slot);
    else if (type === 'takeBack') await this.takeBack(slot);
    else if (type === 'load') bench.load(key);
    else if (type === 'flush') bench.flushTables();
    else if (type === 'compact') bench.compact();
    else if (type === 'spill') bench.spill();
    else if (type === 'drop') this.drop.run(0);
    else if (type === 'proceed') await bench.proceed(3);
    else if (type === 'settle') await bench.settle();
    else if (type === 'crash') await this.crash();
  }

  async end(): Promise<void> {
    const { bench } = this;
    while (this.drop.run(1000));
    this.check();
    await bench.settle();
    await bench.finish(bench.store.flushAll());
    await bench.finish(bench.store.compactAll());
    bench.spill();
    this.check();
    const keys = KEYS.filter((key) => !this.away.has(slotOfKey(key)));
    const { words } = await bench.digestTables();
    expect(Buffer.from(words.buffer).equals(Buffer.from(bench.digestKeys(keys).words.buffer)), 'leaves').to.equal(true);
    await this.crash();
    this.check();
  }

  private write(type: 'set' | 'delete', key: string, slot: number): void {
    if (this.away.has(slot)) return;
    this.enter(slot);
    this.written.add(slot);
    if (type === 'set') {
      const value = `${++this.count}`;
      this.bench.run('SET', key, value);
      this.model.set(key, value);
    } else {
      this.bench.run('DEL', key);
      this.model.delete(key);
    }
  }

  /** What others have written long ago, and kept: it is older than all that was ever deleted here. */
  private take(key: string, slot: number): void {
    if (this.away.has(slot) || !this.noted.has(slot) || this.written.has(slot)) return;
    this.enter(slot);
    const value = `old ${++this.count}`;
    const batch = new WriteBatch(OTHER_ORIGIN);
    batch.entry(0, bytesOf(key), 0, key.length, 1, this.count);
    batch.string(this.count, true, bytesOf(value), 0, value.length);
    this.bench.take(Buffer.from(batch.buffer.subarray(batch.start, batch.end)));
    this.bench.commit();
    this.model.set(key, value);
  }

  private enter(slot: number): void {
    this.drop.finish(slot);
    this.bench.store.slots?.hold(slot);
  }

  /** It is noted, and nobody has looked for what is there of it in vain. */
  private async takeBack(slot: number): Promise<void> {
    if (!this.away.has(slot)) return;
    for (let i = 0; !this.noted.has(slot) && i < STEPS_MAX; i++) await this.bench.proceed(1);
    if (!this.noted.has(slot)) return;
    this.away.delete(slot);
    this.enter(slot);
    this.checkKeys();
  }

  private giveUp(slot: number): void {
    if (this.away.has(slot)) return;
    this.away.add(slot);
    this.noted.delete(slot);
    this.written.delete(slot);
    for (const key of KEYS) if (slotOfKey(key) === slot) this.model.delete(key);
    this.giveUpAll();
  }

  private giveUpAll(): void {
    const { bench, away, noted } = this;
    const given = new SlotSet();
    for (const slot of away) if (bench.store.slots?.has(slot) === true) given.add(slot);
    this.drop.begin(given, 1 - bench.persistence.giveUp(given, ''));
    const slots = [...away];
    bench.goOn(
      bench.store.noteSlots('').then(() => {
        for (const slot of slots) if (away.has(slot)) noted.add(slot);
      }),
    );
  }

  private async crash(): Promise<void> {
    const { bench } = this;
    await bench.sync();
    await bench.crash(keepNothing);
    this.drop = new SlotDrop(bench.keyspace, bench.clock);
    this.giveUpAll();
  }

  private check(): void {
    this.checkKeys();
    const { db } = this.bench;
    if (!db.isEstimate) expect(db.size, 'keys').to.equal(this.model.size);
  }

  private checkKeys(): void {
    for (const key of KEYS) {
      if (this.away.has(slotOfKey(key))) continue;
      const value = this.model.get(key);
      expect(this.bench.run('GET', key), key).to.equal(
        value === undefined ? '$-1\r\n' : `$${value.length}\r\n${value}\r\n`,
      );
    }
  }
}

describe('Slots that were given up', function () {
  this.timeout(60_000);

  it('show nothing from before when they are taken back, whatever is left of them on disk, and after a crash', () =>
    fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 10, maxLength: 60 }), async (commands) => {
        const trial = new Trial(await ReplicaBench.create(1));
        for (const one of commands) await trial.run(one);
        await trial.end();
      }),
      { numRuns: RUNS },
    ));

  const runAll = async (commands: readonly Command[]): Promise<void> => {
    const trial = new Trial(await ReplicaBench.create(1));
    for (const one of commands) await trial.run(one);
    await trial.end();
  };
  const key = '{a}0';

  it('show nothing of a log that was not in tables yet when the power fails', () =>
    runAll([
      { type: 'set', key },
      { type: 'giveUp', key },
      { type: 'takeBack', key },
      { type: 'take', key },
      { type: 'crash', key: '' },
    ]));

  it('show nothing of tables that are still there', () =>
    runAll([
      { type: 'set', key },
      { type: 'set', key: '{b}0' },
      { type: 'flush', key: '' },
      { type: 'settle', key: '' },
      { type: 'giveUp', key },
      { type: 'takeBack', key },
    ]));
});
