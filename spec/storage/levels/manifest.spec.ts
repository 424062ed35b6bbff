/** The manifest when the power fails, when the disk fails, and when it is damaged. */

import { expect } from 'chai';

import { CorruptionError, DiskError } from '../../../lib/base/errors.js';
import { encodeCurrent, manifestPath } from '../../../lib/storage/levels/manifest-directory.js';
import { Manifest } from '../../../lib/storage/levels/manifest.js';
import { ManifestFailedError } from '../../../lib/storage/levels/manifest-failed-error.js';
import { manifestFrames, readManifest } from '../../../lib/storage/levels/manifest-reader.js';
import type { Version } from '../../../lib/storage/levels/version.js';
import type { CrashFate } from '../../sim/crash-fate.js';
import { keepEverything, keepFirst, keepNothing, keepOnlyAppend, keepRandomly } from '../../sim/crash-fate.js';
import type { Fault, Step } from '../../sim/memory-disk.js';
import { MemoryDisk } from '../../sim/memory-disk.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import { DIRECTORY, History, editOf, expectTidy, stateOf } from './manifest-harness.js';

const BYTES_MAX = 2500;

const fates: readonly (readonly [string, (seed: number) => CrashFate])[] = [
  ['nothing', () => keepNothing],
  ['everything', () => keepEverything],
  ['entries only', () => ({ ...keepNothing, keepsEntry: () => true })],
  ['data only', () => ({ ...keepEverything, keepsEntry: () => false })],
  ...[0, 1, 2].map((index) => [`append ${index}`, () => keepOnlyAppend(index)] as const),
  ...[1, 15, 39, 41, 300, 511, 512].map((bytes) => [`${bytes} bytes`, () => keepFirst(bytes)] as const),
  ...Array.from(
    { length: 16 },
    (_, n) => [`random ${n}`, (at: number) => keepRandomly(new SeededRandom(at * 100 + n))] as const,
  ),
];

/** A first start, edits until the manifest has been replaced, a second start, more edits. */
async function run(disk: MemoryDisk, history: History): Promise<void> {
  for (let start = 0; start < 2; start++) {
    await history.open(disk, BYTES_MAX);
    for (let n = 0; n < 12; n++) await history.log();
    await history.set?.close();
  }
}

function newDisk(plan?: (step: Step) => Fault | undefined): MemoryDisk {
  const disk = new MemoryDisk();
  disk.makeDirectory(DIRECTORY);
  return disk.crash(keepEverything, plan && { plan });
}

/** Runs until the power fails at this step, or to the end. */
async function runUntil(step: number): Promise<{ disk: MemoryDisk; history: History }> {
  const disk = newDisk(({ number }) => (number === step ? { kind: 'power' } : undefined));
  const history = new History();
  const done = run(disk, history).catch((error: unknown) => {
    if (!disk.isDead) throw error;
  });
  await Promise.race([done, disk.died]);
  return { disk, history };
}

async function completeRun(): Promise<{ disk: MemoryDisk; history: History; steps: Step[] }> {
  const steps: Step[] = [];
  const disk = newDisk((step) => {
    steps.push(step);
    return undefined;
  });
  const history = new History();
  await run(disk, history);
  return { disk, history, steps };
}

function versionOn(disk: MemoryDisk): Version {
  const found = readManifest(disk, DIRECTORY);
  if (found === undefined) throw new Error('there is no manifest');
  return found.version;
}

describe('Manifest', function () {
  this.timeout(60_000);

  it('is replaced at every start and when it has grown long, and the old one is removed', async () => {
    const { disk, history, steps } = await completeRun();
    expect(history.acknowledged).to.equal(24);
    const names = steps.filter(({ name }) => name === 'rename').map(({ path }) => path);
    expect(names).to.deep.equal(Array.from({ length: names.length }, () => `${DIRECTORY}/CURRENT`));
    expect(names.length).to.be.greaterThan(3);
    expectTidy(disk);
    expect(steps.filter(({ name }) => name === 'remove').length).to.equal(names.length - 1);
  });

  it('comes back after a power failure at any step with what was acknowledged, or the edit after it', async () => {
    const { steps } = await completeRun();
    expect(new Set(steps.map(({ name }) => name))).to.include.all.keys('create', 'append', 'sync', 'rename', 'syncdir');
    for (let step = 1; step <= steps.length; step++) {
      const { disk, history } = await runUntil(step);
      for (const [name, fate] of fates) {
        await history.checkBoot(disk.crash(fate(step)), `step ${step}, kept ${name}`);
      }
    }
  });

  it('comes back the same when the power fails again at any step of the next start', async () => {
    const { steps } = await completeRun();
    for (let step = 1; step <= steps.length; step += 3) {
      const { disk, history } = await runUntil(step);
      const first = disk.crash(keepRandomly(new SeededRandom(step)));
      for (let again = 1, isInterrupted = true; isInterrupted; again++) {
        const plan = ({ number }: Step): Fault | undefined => (number === again ? { kind: 'power' } : undefined);
        const second = first.crash(keepEverything, { plan });
        const opening = new History().open(second, BYTES_MAX).catch((error: unknown) => {
          if (!second.isDead) throw error;
        });
        await Promise.race([opening, second.died]);
        isInterrupted = second.isDead;
        for (const fate of [keepNothing, keepEverything, keepRandomly(new SeededRandom(step * 100 + again))]) {
          await history.checkBoot(second.crash(fate), `step ${step}, again at ${again}`);
        }
      }
    }
  });

  it('loses nothing when only the process ends', async () => {
    const { steps } = await completeRun();
    for (let step = 1; step <= steps.length; step++) {
      const { disk, history } = await runUntil(step);
      await history.checkBoot(disk.kill(), `step ${step}`);
    }
  });

  it('goes on after a full disk, whatever found no room', async () => {
    const { steps } = await completeRun();
    for (const { number: step, name } of steps) {
      if (name === 'sync' || name === 'syncdir') continue;
      const disk = newDisk(({ number }) =>
        number === step ? { kind: 'error', code: 'ENOSPC', takenBytes: 9 } : undefined,
      );
      const history = new History();
      await run(disk, history).catch((error: unknown) => {
        expect(error).to.be.instanceOf(DiskError);
      });
      expect(history.set?.failed, `step ${step}: ${name}`).to.equal(undefined);
      for (const error of history.refused) expect(error).to.be.instanceOf(DiskError).with.property('code', 'ENOSPC');
      expect(history.refused.length).to.be.at.most(1);
      await history.checkBoot(disk.crash(keepNothing), `step ${step}: ${name}`);
    }
  });

  it('fails and changes nothing any more after any other error, and after an error of a sync', async () => {
    const { steps } = await completeRun();
    let latched = 0;
    for (const { number: step, name } of steps) {
      for (const code of name === 'sync' || name === 'syncdir' ? ['EIO', 'ENOSPC'] : ['EIO']) {
        const disk = newDisk(({ number }) => (number === step ? { kind: 'error', code, takenBytes: 9 } : undefined));
        const history = new History();
        await run(disk, history).catch((error: unknown) => {
          expect([DiskError, ManifestFailedError].some((type) => error instanceof type)).to.equal(true);
        });
        const { set } = history;
        if (set?.failed !== undefined) {
          latched++;
          const { stepCount } = disk;
          await history.log();
          expect(disk.stepCount, `step ${step}: ${name}`).to.equal(stepCount);
          expect(history.refused.at(-1)).to.be.instanceOf(ManifestFailedError);
        }
        for (const fate of [keepNothing, keepEverything, keepRandomly(new SeededRandom(step))]) {
          await history.checkBoot(disk.crash(fate), `step ${step}: ${name} ${code}`);
        }
      }
    }
    expect(latched).to.be.greaterThan(60);
  });

  it('fails when what found no room cannot be cut off again', async () => {
    const disk = newDisk(({ number, name }) => {
      if (name === 'truncate') return { kind: 'error', code: 'EIO' };
      return number > 12 && name === 'append' ? { kind: 'error', code: 'ENOSPC', takenBytes: 3 } : undefined;
    });
    const history = new History();
    await history.open(disk, BYTES_MAX);
    for (let n = 0; n < 4; n++) await history.log();
    expect(history.set?.failed).to.be.instanceOf(ManifestFailedError);
    await history.checkBoot(disk.crash(keepEverything), 'after it');
  });
});

describe('readManifest', function () {
  this.timeout(60_000);

  async function closedAfter(edits: number): Promise<{ disk: MemoryDisk; path: string; bytes: Buffer; state: string }> {
    const disk = newDisk();
    const history = new History();
    await history.open(disk, 1_000_000);
    for (let n = 0; n < edits; n++) await history.log();
    await history.set?.close();
    const state = stateOf(versionOn(disk));
    history.check(versionOn(disk), 'closed');
    const path = manifestPath(DIRECTORY, 1);
    return { disk, path, bytes: Buffer.from(disk.contentOf(path)), state };
  }

  it('finds every flipped bit of the manifest and of CURRENT', async () => {
    const { disk, path, bytes, state } = await closedAfter(4);
    for (const [name, content] of [
      [path, bytes],
      [`${DIRECTORY}/CURRENT`, Buffer.from(disk.contentOf(`${DIRECTORY}/CURRENT`))],
    ] as const) {
      for (let at = 0; at < content.length; at++) {
        const damaged = Buffer.from(content);
        damaged[at] ^= 1 << (at % 8);
        disk.plant(name, damaged);
        // Behind the last edit is only the seal that makes damage to it show.
        if (name === path && at >= content.length - 16) {
          expect(stateOf(versionOn(disk))).to.equal(state);
          continue;
        }
        expect(() => readManifest(disk, DIRECTORY), `${name} at ${at}`)
          .to.throw(CorruptionError)
          .with.property('path', name);
      }
      disk.plant(name, content);
    }
  });

  it('takes any cut of what was not acknowledged as the trace of a crash, and refuses a cut snapshot', async () => {
    const { disk, path, bytes, state } = await closedAfter(3);
    const frames = [...manifestFrames(disk, path, 1)];
    const seal = frames.findIndex(({ edit }) => edit === undefined);
    const snapshotEnd = frames[seal + 1].offset;
    for (let size = 0; size < bytes.length; size++) {
      disk.plant(path, bytes.subarray(0, size));
      if (size < snapshotEnd) {
        expect(() => readManifest(disk, DIRECTORY), `${size} bytes`).to.throw(CorruptionError, 'durable');
      } else {
        expect(readManifest(disk, DIRECTORY)?.number).to.equal(1);
      }
    }
    disk.plant(path, bytes);
    expect(stateOf(versionOn(disk))).to.equal(state);
  });

  it('names the file and the offset of damage', async () => {
    const { disk, path, bytes } = await closedAfter(4);
    const frames = [...manifestFrames(disk, path, 1)];
    const { offset } = frames[frames.length - 4];
    bytes[offset + 20] ^= 1;
    disk.plant(path, bytes);
    const error = expect(() => readManifest(disk, DIRECTORY)).to.throw(CorruptionError, 'no crash does that');
    error.with.property('offset', offset);
  });

  it('finds nothing in a new directory, and refuses one that has lost CURRENT', async () => {
    const disk = newDisk();
    expect(readManifest(disk, DIRECTORY)).to.equal(undefined);
    expect(readManifest(disk, '/nowhere')).to.equal(undefined);
    disk.makeDirectory(`${DIRECTORY}/tables`);
    expect(readManifest(disk, DIRECTORY)).to.equal(undefined);
    disk.plant(`${DIRECTORY}/tables/0000000001.sst`, Buffer.alloc(9));
    expect(() => readManifest(disk, DIRECTORY))
      .to.throw(CorruptionError, 'tables/0000000001.sst is there')
      .with.property('path', `${DIRECTORY}/CURRENT`);
    disk.remove(`${DIRECTORY}/tables/0000000001.sst`);
    disk.plant(manifestPath(DIRECTORY, 2), Buffer.alloc(9));
    expect(() => readManifest(disk, DIRECTORY)).to.throw(CorruptionError, 'manifest-0000000002 is there');
    await new History().open(disk, 100).then(
      () => expect.fail('it opened'),
      (error: unknown) => expect(error).to.be.instanceOf(CorruptionError),
    );
    expect(disk.list(DIRECTORY)).to.deep.equal(['manifest-0000000002', 'tables']);
  });

  it('refuses a CURRENT that names no manifest, and a manifest under another name', async () => {
    const { disk, path, bytes } = await closedAfter(1);
    disk.plant(`${DIRECTORY}/CURRENT`, encodeCurrent(2));
    expect(() => readManifest(disk, DIRECTORY)).to.throw(CorruptionError, 'CURRENT names it');
    disk.plant(manifestPath(DIRECTORY, 2), bytes);
    expect(() => readManifest(disk, DIRECTORY)).to.throw(CorruptionError, 'written as number 1');
    expect(disk.exists(path)).to.equal(true);
    for (const text of ['', 'manifest-0000000001\n', `${encodeCurrent(1).toString()}\n`, 'x'.repeat(100)]) {
      disk.plant(`${DIRECTORY}/CURRENT`, Buffer.from(text));
      expect(() => readManifest(disk, DIRECTORY)).to.throw(CorruptionError, 'does not name a manifest');
    }
  });

  it('refuses edits that do not fit together, and such as it does not know', async () => {
    const disk = newDisk();
    const random = new SeededRandom(1);
    const options = { disk, random, directory: DIRECTORY, bytesMax: 1000, report: () => undefined };
    (await Manifest.begin(options, [editOf(1), editOf(2), editOf(6)])).close();
    expect(() => readManifest(disk, DIRECTORY)).to.throw(CorruptionError, 'removes a table that is not there');
    const newer = { nodes: [1] } as object;
    (await Manifest.begin(options, [editOf(1), newer])).close();
    expect(() => readManifest(disk, DIRECTORY)).to.throw(CorruptionError, 'edit.nodes: expected no such key');
  });
});
