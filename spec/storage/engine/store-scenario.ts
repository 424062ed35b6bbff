/** A short life of a store that goes through everything that changes files: for specs that fail each step of it in turn. */

import type { StoreSettings } from '../../../lib/storage/engine/store-options.js';
import type { StoreBench } from './store-bench.js';

export const SCENARIO_SETTINGS: Partial<StoreSettings> = {
  segmentBytesMax: 400,
  openFilesMax: 2,
  levels: { level0Tables: 2, levelBaseBytes: 800, levelFanout: 2, tableBytes: 600 },
};

export const SCENARIO_NAMES = Array.from({ length: 6 }, (_, i) => `key${i}`);

/** Part by part, so that what goes wrong in one keeps no other from being tried. */
export const SCENARIO: readonly ((bench: StoreBench) => Promise<void>)[] = [
  async (bench) => {
    for (const name of SCENARIO_NAMES) await bench.set(0, name, `first ${name}`.padEnd(60, '.'));
    await bench.set(1, 'other', 'database');
    await bench.remove(0, 'key1');
    await bench.set(0, 'key2', 'x'.repeat(700), bench.nowMs + 50);
    await bench.quiesce();
  },
  async (bench) => {
    bench.spillAll();
    await bench.append(0, 'key3', ' and more');
    await bench.expire(0, 'key4', bench.nowMs + 100_000);
    await bench.set(0, 'key5', 'y'.repeat(300));
    await bench.set(1, 'another', 'z'.repeat(200));
    await bench.quiesce();
  },
  async (bench) => {
    await bench.flush(1);
    await bench.swap(0, 2);
    await bench.set(1, 'other', 'again');
    await bench.quiesce();
    await bench.flushAll();
    await bench.quiesce();
  },
  (bench) => bench.reopen(),
  async (bench) => {
    await bench.advance(20_000);
    await bench.expire(2, 'key4', 0);
    await bench.set(0, 'key1', 'v'.repeat(450));
    await bench.remove(2, 'key5');
    await bench.flushAll();
    await bench.compactAll();
    bench.spillAll();
    await bench.quiesce();
  },
  async (bench) => {
    await bench.append(2, 'key1', '!');
    await bench.set(2, 'key4', 'w'.repeat(200));
    await bench.flush(0);
    await bench.set(0, 'last', 'one');
    await bench.quiesce();
    await bench.sync();
  },
];

/** Lives through it, as far as the disk lets it. */
export async function liveThrough(bench: StoreBench): Promise<void> {
  for (const part of SCENARIO) await part(bench);
}
