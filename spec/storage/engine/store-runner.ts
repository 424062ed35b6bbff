/** Random operations on a store, and who carries them out: what clients ask for goes on beside whatever follows. */

import fc from 'fast-check';

import type { StoreSettings } from '../../../lib/storage/engine/store-options.js';
import { keepRandomly } from '../../sim/crash-fate.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import type { StoreBench } from './store-bench.js';
import { WriteRefused } from './store-bench.js';

/** Few, so that they meet in all levels; some are in one slot, next to each other. */
const NAMES = Array.from({ length: 14 }, (_, i) => (i < 10 ? `key${i}` : `{tag}${i}`));

export const settings: fc.Arbitrary<Partial<StoreSettings>> = fc.record({
  segmentBytesMax: fc.constantFrom(100, 400, 1500, 6000),
  indexBytesMax: fc.constantFrom(1, 400, 2 ** 20),
  openFilesMax: fc.constantFrom(1, 3, 100),
  compression: fc.constantFrom(0, 1),
  levels: fc.record({
    level0Tables: fc.integer({ min: 1, max: 4 }),
    levelBaseBytes: fc.constantFrom(300, 2000, 10_000),
    levelFanout: fc.constantFrom(2, 4, 10),
    tableBytes: fc.constantFrom(1, 700, 5000),
  }),
});

const db = fc.constantFrom(0, 0, 0, 0, 1, 2);
const key = { db, name: fc.constantFrom(...NAMES) };
/** The last ones are blocks of their own. */
const bytes = fc.constantFrom(0, 1, 20, 20, 20, 100, 100, 300, 3000, 20_000);
/** When something expires, from now: never, in the past, soon, late. */
const ttlMs = fc.constantFrom(0, 0, 0, -5, 1, 30, 200, 1500, 20_000, 10 ** 9);

/** How far the wall clock is set back before a restart. */
const setBackMs = fc.constantFrom(0, 0, 0, 1, 60_000);

const is = <T extends string>(...types: T[]): fc.Arbitrary<T> => fc.constantFrom(...types);

const clientCommand = fc.oneof(
  { weight: 12, arbitrary: fc.record({ type: is('set'), ...key, bytes, ttlMs }) },
  { weight: 4, arbitrary: fc.record({ type: is('append'), ...key, bytes }) },
  { weight: 4, arbitrary: fc.record({ type: is('remove'), ...key }) },
  { weight: 4, arbitrary: fc.record({ type: is('expire'), ...key, ttlMs }) },
  { weight: 8, arbitrary: fc.record({ type: is('get'), ...key }) },
  { weight: 3, arbitrary: fc.record({ type: is('keys', 'flush', 'keys', 'keys'), db }) },
  { weight: 1, arbitrary: fc.record({ type: is('swap'), a: db, b: db }) },
  { weight: 1, arbitrary: fc.record({ type: is('flushAll', 'compactAll') }) },
);

const serverCommand = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: is('advance'), count: fc.constantFrom(1, 10, 100, 1000, 10_000) }) },
  { weight: 5, arbitrary: fc.record({ type: is('spill'), count: fc.constantFrom(1, 4, 100) }) },
  { weight: 8, arbitrary: fc.record({ type: is('proceed'), count: fc.constantFrom(1, 3, 10, 50) }) },
  { weight: 4, arbitrary: fc.record({ type: is('sweep', 'settle', 'settle', 'reload') }) },
  { weight: 2, arbitrary: fc.record({ type: is('reopen', 'kill', 'crash'), settings, seed: fc.nat(), setBackMs }) },
);

type ClientCommand = typeof clientCommand extends fc.Arbitrary<infer T> ? T : never;
type ServerCommand = typeof serverCommand extends fc.Arbitrary<infer T> ? T : never;
export type Command = { readonly client: ClientCommand } | { readonly server: ServerCommand };

export const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 37, arbitrary: fc.record({ client: clientCommand }) },
  { weight: 23, arbitrary: fc.record({ server: serverCommand }) },
);

export class Runner {
  private readonly bench: StoreBench;
  /** What went wrong beside. */
  private readonly defects: unknown[] = [];
  private count = 0;
  /** What expires does so by the clock: a run has either keys that do, or a clock that is set back. */
  private hasExpiring = false;
  private isSetBack = false;

  constructor(bench: StoreBench) {
    this.bench = bench;
  }

  async run(command: Command): Promise<void> {
    this.count++;
    if ('client' in command) this.goOn(this.ask(command.client));
    else await this.serve(command.server);
    this.checkDefects();
  }

  /** After the last command: everything is there, wherever it is, and nothing else. */
  async end(): Promise<void> {
    const { bench } = this;
    await bench.settle();
    this.checkDefects();
    await bench.finish(bench.check(NAMES));
    await bench.flushAll();
    await bench.compactAll();
    bench.spillAll();
    await bench.finish(bench.check(NAMES));
    await bench.settle();
    bench.checkFiles();
    await bench.reopen();
    await bench.finish(bench.check(NAMES));
    await bench.settle();
    bench.checkFiles();
  }

  private ask(command: ClientCommand): Promise<unknown> {
    const { bench } = this;
    switch (command.type) {
      case 'set':
        return bench.set(command.db, command.name, this.text(command.bytes), this.atMs(command.ttlMs));
      case 'append':
        return bench.append(command.db, command.name, this.text(command.bytes));
      case 'expire':
        return bench.expire(command.db, command.name, this.atMs(command.ttlMs));
      case 'swap':
        return bench.swap(command.a, command.b);
      case 'remove':
      case 'get':
        return bench[command.type](command.db, command.name);
      case 'keys':
      case 'flush':
        return bench[command.type](command.db);
      default:
        return bench[command.type]();
    }
  }

  private async serve(command: ServerCommand): Promise<void> {
    const { bench } = this;
    switch (command.type) {
      case 'spill':
      case 'proceed':
      case 'advance':
        await bench[command.type](command.count);
        break;
      case 'settle':
        await bench.settle();
        await bench.finish(bench.check());
        bench.checkFiles();
        break;
      case 'sweep':
      case 'reload':
        await bench[command.type]();
        break;
      case 'crash':
        this.setBack(command.setBackMs);
        await bench.crash(keepRandomly(new SeededRandom(command.seed)), command.settings);
        break;
      default:
        this.setBack(command.setBackMs);
        await bench[command.type](command.settings);
    }
  }

  private setBack(ms: number): void {
    if (ms === 0 || this.hasExpiring) return;
    this.isSetBack = true;
    this.bench.clock.setBack(ms);
  }

  private goOn(answer: Promise<unknown>): void {
    const { disk } = this.bench;
    answer.catch((error: unknown) => {
      const isClosed = disk.isDead || (error instanceof Error && error.message.includes('closed'));
      if (!isClosed && !(error instanceof WriteRefused)) this.defects.push(error);
    });
  }

  private checkDefects(): void {
    if (this.defects.length > 0) throw this.defects[0];
  }

  private text(length: number): string {
    return `${this.count}:`.padEnd(Math.max(length, 5), `${this.count},`);
  }

  private atMs(ttlMs: number): number {
    if (ttlMs === 0 || this.isSetBack) return 0;
    this.hasExpiring = true;
    return this.bench.nowMs + ttlMs;
  }
}
