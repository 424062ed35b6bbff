/**
 * A bit of the disk is not what it was. Whatever file it is in: nothing wrong is ever answered. Damage to a table is the end of that
 * table; what it may hold is refused, everything else goes on, after a restart too. With a manifest or a log that is damaged, the store does not
 * even open.
 */

import { expect } from 'chai';

import { CorruptionError } from '../../../lib/base/errors.js';
import { PositionHasher } from '../../../lib/base/position.js';
import { DamagedDataError } from '../../../lib/storage/engine/damaged-data-error.js';
import { tablesDirectory } from '../../../lib/storage/levels/table-files.js';
import { aofDirectory } from '../../../lib/storage/log/aof-directory.js';
import { FRAME_HEADER_BYTES } from '../../../lib/storage/log/aof-frame.js';
import { Compression } from '../../../lib/storage/sstable/compression.js';
import { tablePath } from '../../../lib/storage/sstable/table-format.js';
import type { TableMeta } from '../../../lib/storage/sstable/table-meta.js';
import { keepEverything } from '../../sim/crash-fate.js';
import type { MemoryDisk } from '../../sim/memory-disk.js';
import { DIRECTORY, POSITION_KEY, StoreBench, damagesOf } from './store-bench.js';

const NAMES = Array.from({ length: 12 }, (_, i) => `key${i}`);
/** Set anew after the first tables were made, and after all of them: nothing needs to be known of them from before. */
const OVERWRITTEN = ['key2', 'key3', 'key8', 'key9', 'key10'];
const IN_LOG = ['key6'];
const SETTINGS = {
  segmentBytesMax: 1e6,
  levels: { level0Tables: 10, levelBaseBytes: 1e6, levelFanout: 10, tableBytes: 24_000 },
};
/** Bytes at both ends of a file of which each is tried, and the distance of those in between. */
const EDGE_BYTES = 300;
const STRIDE = 61;
/** Every so many of the flips go on to see what comes after. */
const SAMPLE = 25;

/** A store that was closed, with tables in two levels and something in the log. */
interface Original {
  readonly bench: StoreBench;
  readonly tables: readonly TableMeta[];
}

async function makeOriginal(compression: Compression): Promise<Original> {
  const bench = await StoreBench.create({ settings: { ...SETTINGS, compression } });
  for (const [i, name] of NAMES.entries()) {
    await bench.set(0, name, `${name} `.repeat(i % 3 === 0 ? 900 : 10), i === 5 ? bench.nowMs + 10 ** 9 : 0);
  }
  await bench.set(1, 'other', 'database');
  await bench.flushAll();
  await bench.compactAll();
  await bench.append(0, 'key0', 'and more');
  await bench.append(0, 'key1', 'and more');
  // Enough of them that nothing is compacted for the sake of its deletes.
  for (const name of [...OVERWRITTEN, 'more', 'and', 'yet', 'others']) await bench.set(0, name, 'new');
  await bench.remove(0, 'key3');
  await bench.expire(0, 'key4', bench.nowMs + 10 ** 9);
  await bench.flushAll();
  await bench.quiesce();
  await bench.set(0, 'key6', 'in the log');
  await bench.append(0, 'key7', 'in the log');
  await bench.sync();
  const tables = [...(bench.store.inside?.versions.current.tables() ?? [])];
  await bench.store.close();
  bench.disk.kill();
  return { bench, tables };
}

/** The disk of the original, with one bit of a file flipped. */
function flipped({ bench }: Original, path: string, at: number): MemoryDisk {
  const disk = bench.disk.crash(keepEverything);
  const content = Buffer.from(disk.contentOf(path));
  content[at] ^= 1 << ((at * 7 + 3) % 8);
  disk.plant(path, content);
  return disk;
}

/** Opens a disk, with what the original had as the model. */
async function openAs({ bench }: Original, disk: MemoryDisk): Promise<StoreBench> {
  const next = StoreBench.prepare({ settings: SETTINGS });
  next.model = bench.model.clone();
  await next.open(disk);
  return next;
}

function* offsetsOf(bytes: number): Generator<number> {
  for (let at = 0; at < bytes; at += at < EDGE_BYTES || at >= bytes - EDGE_BYTES ? 1 : STRIDE) yield at;
}

function isDamage(error: unknown): boolean {
  return error instanceof CorruptionError || error instanceof DamagedDataError;
}

/** Asks for every key: those that are refused for damage. Whatever is answered is checked. */
async function refusedKeys(bench: StoreBench): Promise<string[]> {
  const refused: string[] = [];
  for (const name of NAMES) {
    try {
      await bench.get(0, name);
    } catch (error) {
      if (!isDamage(error)) throw error;
      refused.push(name);
    }
  }
  await bench.get(1, 'other').catch((error: unknown) => {
    if (!isDamage(error)) throw error;
    refused.push('other');
  });
  return refused;
}

function mayHold(table: TableMeta, name: string): boolean {
  const hasher = new PositionHasher(POSITION_KEY);
  hasher.hash(Buffer.from(name), 0, name.length);
  const isIn = table.smallest <= hasher.position && hasher.position <= table.largest;
  return isIn && table.db === (name === 'other' ? 1 : 0);
}

function quarantinedOf(bench: StoreBench): number[] {
  return [...(bench.store.inside?.versions.current.quarantined.keys() ?? [])];
}

/** Compaction reads what nobody has asked for. */
async function compact(bench: StoreBench): Promise<void> {
  await bench.compactAll().catch((error: unknown) => {
    if (!isDamage(error)) throw error;
  });
  await bench.quiesce();
}

/** What was refused can be written again, and everything else goes on, after a restart too. */
async function liveWith(bench: StoreBench, refused: readonly string[], table: TableMeta): Promise<void> {
  await bench.set(0, refused[0], 'written again');
  await bench.set(0, 'new', 'key');
  await bench.flushAll();
  await bench.quiesce();
  bench.spillAll();
  expect(await refusedKeys(bench)).to.deep.equal(refused.slice(1));
  await bench.get(0, 'new');
  await bench.keys(0).then(
    () => expect.fail('keys were listed'),
    (error: unknown) => expect(isDamage(error), String(error)).to.equal(true),
  );
  await bench.keys(2);
  await bench.reopen();
  expect(quarantinedOf(bench)).to.deep.equal([table.id]);
  expect(await refusedKeys(bench)).to.deep.equal(refused.slice(1));
  await bench.flush(0);
  await bench.set(0, 'key0', 'after all');
  await bench.flushAll();
  await bench.quiesce();
  expect(quarantinedOf(bench), 'after FLUSHDB').to.deep.equal([]);
  await bench.check(NAMES);
  bench.checkFiles();
}

describe('Store with a flipped bit', function () {
  this.timeout(600_000);

  for (const [name, compression] of Object.entries(Compression)) {
    it(`refuses what a damaged table may hold, and nothing else (compression ${name})`, async () => {
      const original = await makeOriginal(compression);
      expect(original.tables).to.have.length.greaterThan(2);
      let flips = 0;
      let lives = 0;
      for (const table of original.tables) {
        const path = tablePath(tablesDirectory(DIRECTORY), table.id);
        for (const at of offsetsOf(table.fileBytes)) {
          const disk = flipped(original, path, at);
          const when = `byte ${at} of ${path}`;
          expect(damagesOf(disk).join(), `ringkv check of ${when}`).to.include(path.slice(DIRECTORY.length + 1));
          const bench = await openAs(original, disk);
          const refused = await refusedKeys(bench);
          for (const each of refused) expect(mayHold(table, each), `${each}, ${when}`).to.equal(true);
          if (refused.length === 0) await compact(bench);
          await bench.quiesce();
          expect(quarantinedOf(bench), when).to.deep.equal([table.id]);
          expect(bench.reports.join(), when).to.include(`${path} is quarantined`);
          if (table.db === 0 && refused.length > 0 && flips++ % SAMPLE === 0) {
            // Those that were read before it was known are refused from now on, too.
            bench.spillAll();
            const isNewest = table.id === Math.max(...original.tables.map(({ id }) => id));
            const answered = isNewest ? IN_LOG : [...IN_LOG, ...OVERWRITTEN];
            const must = NAMES.filter((each) => mayHold(table, each) && !answered.includes(each));
            expect(await refusedKeys(bench), when).to.deep.equal(must);
            await liveWith(bench, must, table);
            lives++;
          }
        }
      }
      expect(lives).to.be.greaterThan(20);
    });
  }

  it('does not open with a damaged manifest', async () => {
    const original = await makeOriginal(Compression.NONE);
    const names = original.bench.disk.crash(keepEverything).list(DIRECTORY);
    for (const name of names.filter((each) => /^(CURRENT|manifest-)/.test(each))) {
      await expectRefusal(original, `${DIRECTORY}/${name}`);
    }
  });

  it('does not open with a damaged log', async () => {
    const original = await makeOriginal(Compression.NONE);
    const folder = aofDirectory(DIRECTORY);
    for (const name of original.bench.disk.crash(keepEverything).list(folder)) {
      await expectRefusal(original, `${folder}/${name}`);
    }
  });

  /** Every bit of the file is one that counts; but the last frame says only that all before it was durable. */
  async function expectRefusal(original: Original, path: string): Promise<void> {
    const { length } = original.bench.disk.crash(keepEverything).contentOf(path);
    for (let at = 0; at < length; at++) {
      let error: unknown;
      const disk = flipped(original, path, at);
      const damages = damagesOf(disk).join();
      const bench = await openAs(original, disk).catch((cause: unknown) => {
        error = cause;
        return undefined;
      });
      if (bench === undefined) {
        expect(error, `byte ${at} of ${path}`).to.be.instanceOf(CorruptionError);
        expect(damages, `ringkv check of byte ${at} of ${path}`).to.include(path.slice(DIRECTORY.length + 1));
        expect((error as CorruptionError).path).to.equal(path);
      } else {
        await bench.check(NAMES);
        expect(at, `a flip in ${path} that does no harm`).to.be.at.least(length - FRAME_HEADER_BYTES);
      }
    }
  }
});
