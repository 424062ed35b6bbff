import { expect } from 'chai';
import { keepEverything, keepNothing, keepRandomly } from '../../sim/crash-fate.js';
import type { Fault, Step } from '../../sim/memory-disk.js';
import { MemoryDisk, PowerFailure } from '../../sim/memory-disk.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import { HintBench, MEMBER, OTHER, flushMicrotasks, hint } from './hint-bench.js';

const DIRECTORY = `/data/hints/${MEMBER}`;

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

/** Keeps hints [from, to), one a second, and lets them be synced. */
async function keepAll(bench: HintBench, from: number, to: number, bytes = 0): Promise<void> {
  for (let i = from; i < to; i++) {
    expect(bench.hints.keep(MEMBER, hint(i, bytes))).to.equal(true);
    bench.nowMs += 1000;
    bench.hints.tick();
    await flushMicrotasks();
  }
}

describe('Hints', () => {
  it('hands over what a member has missed, in order, and keeps nothing of it', async () => {
    const bench = new HintBench();
    await keepAll(bench, 0, 100);
    bench.hints.keep(OTHER, hint(1000));
    expect(bench.hints.figures).to.include({ count: 101, oldestAgeSeconds: 100 });
    expect(bench.deliverAll()).to.deep.equal(numbers(0, 100));
    expect(bench.hints.figures).to.include({ count: 1, replayedCount: 100, droppedCount: 0 });
    await flushMicrotasks();
    expect(bench.disk.list(DIRECTORY)).to.deep.equal([]);
  });

  it('keeps nothing for who is left out, and drops what it had kept', async () => {
    const bench = new HintBench();
    await keepAll(bench, 0, 10);
    bench.hints.keep(OTHER, hint(1000));
    bench.leftOut.add(MEMBER);
    expect(bench.hints.keep(MEMBER, hint(10))).to.equal(false);
    bench.hints.dropNeedless();
    await flushMicrotasks();
    expect(bench.hints.figures).to.include({ count: 1, droppedCount: 10 });
    expect(bench.disk.list(DIRECTORY)).to.deep.equal([]);
    bench.leftOut.delete(MEMBER);
    expect(bench.hints.keep(MEMBER, hint(11))).to.equal(true);
    expect(bench.deliverAll()).to.deep.equal([11]);
  });

  it('sends those behind it that come during a replay', async () => {
    const bench = new HintBench();
    await keepAll(bench, 0, 3);
    bench.up.add(MEMBER);
    bench.hints.tick();
    expect(bench.takeSent()).to.deep.equal([0, 1, 2]);
    bench.hints.keep(MEMBER, hint(3));
    bench.hints.replay(MEMBER);
    expect(bench.takeSent()).to.deep.equal([3]);
    for (const id of numbers(0, 4)) bench.hints.acknowledged(MEMBER, id);
    expect(bench.hints.figures).to.include({ count: 0, bytes: 0 });
  });

  it('has little in flight, and sends no faster than it may', () => {
    const bench = new HintBench();
    for (let i = 0; i < 4000; i++) bench.hints.keep(MEMBER, hint(i, 4096));
    bench.up.add(MEMBER);
    bench.hints.tick();
    expect(bench.sent.length).to.be.within(6, 8);
    // Whoever answers at once has about 8 MiB a second.
    const fromMs = bench.nowMs;
    expect(bench.deliverAll().length).to.be.at.least(4000);
    expect(bench.nowMs - fromMs).to.be.within(1500, 3000);
  });

  it('sends again what was in flight when the link broke, or was not taken, or is not acknowledged for long', async () => {
    const bench = new HintBench();
    await keepAll(bench, 0, 5);
    bench.up.add(MEMBER);
    bench.hints.tick();
    expect(bench.takeSent()).to.deep.equal([0, 1, 2, 3, 4]);
    for (const id of [0, 1, 3]) bench.hints.acknowledged(MEMBER, id);
    bench.hints.lost(MEMBER);
    bench.takes = false;
    bench.hints.tick();
    bench.takes = true;
    bench.hints.tick();
    expect(bench.takeSent()).to.deep.equal([2, 3, 4]);
    // Of the attempt before: counts for nothing.
    bench.hints.acknowledged(MEMBER, 4);
    expect(bench.hints.figures.count).to.equal(3);
    bench.nowMs += 2100;
    bench.hints.tick();
    expect(bench.takeSent()).to.deep.equal([2, 3, 4]);
    expect(bench.deliverAll()).to.deep.equal([]);
    bench.nowMs += 2100;
    expect(bench.deliverAll()).to.deep.equal([2, 3, 4]);
    expect(bench.hints.figures).to.include({ count: 0, bytes: 0, replayedCount: 5 });
  });

  it('sends after a restart what was not acknowledged, and of one file perhaps more', async () => {
    const bench = new HintBench();
    bench.windowSeconds = 160; // a file has what came within 10 seconds
    await keepAll(bench, 0, 40);
    bench.up.add(MEMBER);
    bench.hints.tick();
    for (const { id } of bench.sent.splice(0).slice(0, 25)) bench.hints.acknowledged(MEMBER, id);
    await bench.hints.close();
    const next = new HintBench(bench.disk.crash(keepEverything), bench.nowMs);
    const sent = next.deliverAll();
    expect(sent).to.deep.equal(numbers(sent[0], 40));
    expect(sent[0]).to.be.within(15, 25);
    expect(next.hints.figures).to.include({ count: 0, bytes: 0 });
  });

  it('never has more than it may, for all members together, and counts the rest', async () => {
    const bench = new HintBench();
    bench.bytesMax = 1000;
    let kept = 0;
    for (let i = 0; i < 20; i++) if (bench.hints.keep(i % 2 === 0 ? MEMBER : OTHER, hint(i, 100))) kept++;
    expect(kept).to.be.within(6, 9);
    expect(bench.hints.figures).to.include({ count: kept, keptCount: kept, droppedCount: 20 - kept });
    expect(bench.hints.figures.bytes).to.be.at.most(1000);
    expect(bench.warnings).to.have.length(1);
    await flushMicrotasks();
    bench.deliverAll();
    expect(bench.hints.keep(MEMBER, hint(20, 100))).to.equal(true);
  });

  it('drops what is older than the window, while the member is away', async () => {
    const bench = new HintBench();
    bench.windowSeconds = 160;
    await keepAll(bench, 0, 20);
    bench.nowMs += 150_000;
    bench.hints.tick();
    const { count, droppedCount } = bench.hints.figures;
    expect(count + droppedCount).to.equal(20);
    expect(droppedCount).to.be.within(9, 12);
    expect(bench.deliverAll()).to.deep.equal(numbers(droppedCount, 20));
  });

  it('goes on after files that were half sent have become too old', async () => {
    const bench = new HintBench();
    bench.windowSeconds = 160;
    await keepAll(bench, 0, 20);
    bench.up.add(MEMBER);
    bench.hints.tick();
    bench.sent.length = 0;
    bench.up.clear();
    bench.hints.lost(MEMBER);
    bench.nowMs += 300_000;
    bench.hints.tick();
    expect(bench.hints.figures).to.include({ count: 0, bytes: 0, droppedCount: 20 });
    await keepAll(bench, 20, 25);
    expect(bench.deliverAll()).to.deep.equal(numbers(20, 25));
  });

  it('passes on what it has for members that are gone, again until others have it, and keeps nothing of it', async () => {
    const bench = new HintBench();
    await keepAll(bench, 0, 3);
    bench.hints.keep(OTHER, hint(4));
    bench.hints.retain([OTHER]);
    bench.keepsWhatIsPassedOn = false;
    const pass = async (hints: HintBench): Promise<void> => {
      for (let i = 0; i < 3; i++) {
        hints.nowMs += 2500;
        hints.hints.tick();
        await flushMicrotasks();
      }
    };
    await pass(bench);
    expect(bench.passedOn.splice(0)).to.deep.equal([0, 1, 2, 0, 1, 2, 0, 1, 2]);
    expect(bench.sent).to.deep.equal([]);
    const restarted = new HintBench(bench.disk.crash(keepEverything));
    restarted.hints.retain([OTHER]);
    await pass(restarted);
    expect(restarted.passedOn).to.deep.equal([0, 1, 2]);
    expect(restarted.hints.figures).to.include({ count: 1, droppedCount: 0, replayedCount: 3 });
    expect(restarted.disk.exists(DIRECTORY)).to.equal(false);
    expect(restarted.warnings).to.deep.equal([]);
  });

  it('hands over what it keeps to who is a member again, for that would come back to it for ever (seed 10000092)', async () => {
    const bench = new HintBench();
    await keepAll(bench, 0, 2);
    bench.hints.retain([OTHER]);
    bench.hints.retain([OTHER, MEMBER]);
    bench.hints.keep(MEMBER, hint(2));
    expect(bench.deliverAll()).to.deep.equal([0, 1, 2]);
    expect(bench.passedOn).to.deep.equal([]);
  });

  it('syncs no file that was handed over while an earlier one was being synced (soak:resize: a node ended)', async () => {
    const waiting: (() => void)[] = [];
    const bench = new HintBench(new MemoryDisk({ later: (run) => waiting.push(run) }));
    bench.hints.keep(MEMBER, hint(0));
    bench.nowMs += 1_000_000;
    let isDurable: boolean | undefined;
    bench.hints.keep(MEMBER, hint(1), (is) => (isDurable = is));
    expect(bench.deliverAll()).to.deep.equal([0, 1]);
    for (let step = 0; step < 20; step++) {
      waiting.shift()?.();
      await flushMicrotasks();
    }
    expect(isDurable).to.equal(true);
    expect(bench.hints.figures).to.include({ count: 0, replayedCount: 2 });
    expect(bench.warnings).to.deep.equal([]);
  });

  it('says that a hint is durable when a crash cannot take it any more, and not before', async () => {
    const waiting: (() => void)[] = [];
    const disk = new MemoryDisk({ later: (run) => waiting.push(run) });
    const bench = new HintBench(disk);
    const told: number[] = [];
    const lastOnDisk = (): number[] => new HintBench(disk.snapshot(keepNothing)).deliverAll();
    for (let i = 0; i < 3; i++) bench.hints.keep(MEMBER, hint(i), () => told.push(i));
    for (let step = 0; step < 20; step++) {
      expect(lastOnDisk()).to.include.members(told);
      waiting.shift()?.();
      await flushMicrotasks();
    }
    expect(told).to.deep.equal([0, 1, 2]);
    expect(waiting).to.deep.equal([]);
  });

  it('has every durable hint after the power has failed at any step, and nothing that never was one', async () => {
    for (let seed = 1; seed <= 150; seed++) {
      const random = new SeededRandom(seed);
      const failsAt = 1 + (random.uint32() % 60);
      const plan = ({ number }: Step): Fault | undefined => (number === failsAt ? { kind: 'power' } : undefined);
      const disk = new MemoryDisk({ plan });
      const durable: number[] = [];
      let kept = 0;
      let nowMs = 0;
      try {
        const bench = new HintBench(disk);
        bench.windowSeconds = 60;
        for (; kept < 30 && !disk.isDead; kept++) {
          const i = kept;
          const wants = random.uint32() % 3 === 0;
          bench.hints.keep(MEMBER, hint(i, random.uint32() % 2000), wants ? (is) => is && durable.push(i) : undefined);
          bench.nowMs += 700;
          nowMs = bench.nowMs;
          bench.hints.tick();
          if (random.uint32() % 2 === 0) await flushMicrotasks();
        }
      } catch (error) {
        if (!(error instanceof PowerFailure)) throw error;
      }
      const next = new HintBench(disk.crash(keepRandomly(random)), nowMs);
      const found = next.deliverAll();
      expect(found, `seed ${seed}`).to.include.members(durable);
      expect(found, `seed ${seed}`).to.deep.equal([...new Set(found)].sort((a, b) => a - b));
      expect(Math.max(0, ...found), `seed ${seed}`).to.be.at.most(kept);
      expect(next.hints.figures, `seed ${seed}`).to.include({ count: 0, bytes: 0 });
    }
  });

  it('is clear when nothing that was kept can come back with a power failure, and not before (simulator, scenario everything, seed 2400039)', async () => {
    const waiting: (() => void)[] = [];
    const later = (run: () => void): void => void waiting.push(run);
    const before = new HintBench(new MemoryDisk({ later }));
    for (const member of [MEMBER, OTHER]) before.hints.keep(member, hint(0), () => undefined);
    const drain = async (bench: HintBench): Promise<number> => {
      let cameBack = 0;
      for (let step = 0; step < 40 && bench.hints.obstacle !== undefined; step++) {
        const left = new HintBench(bench.disk.snapshot(keepNothing));
        cameBack += left.deliverAll(MEMBER).length + left.deliverAll(OTHER).length;
        waiting.shift()?.();
        await flushMicrotasks();
        bench.nowMs += 1000;
        bench.hints.tick();
      }
      expect(bench.hints.obstacle).to.equal(undefined);
      const left = new HintBench(bench.disk.snapshot(keepNothing));
      expect([...left.deliverAll(MEMBER), ...left.deliverAll(OTHER)]).to.deep.equal([]);
      return cameBack;
    };
    for (let step = 0; step < 20; step++) {
      waiting.shift()?.();
      await flushMicrotasks();
    }
    expect(before.hints.obstacle).to.not.equal(undefined);
    // The process ends when it has removed one of two, and not made that durable.
    expect(before.deliverAll(MEMBER)).to.deep.equal([0]);
    waiting.shift()?.();
    const next = new HintBench(before.disk.kill({ later }), 5000);
    waiting.length = 0;
    next.hints.retain([MEMBER]);
    expect(next.hints.obstacle).to.not.equal(undefined);
    expect(await drain(next)).to.be.above(0);
  });

  it('is not clear before what cannot be read has another name, so that no later process reads it', async () => {
    const bench = new HintBench();
    await keepAll(bench, 0, 1);
    expect(bench.deliverAll()).to.deep.equal([0]);
    await flushMicrotasks();
    expect(bench.hints.obstacle).to.equal(undefined);
    await keepAll(bench, 1, 2);
    const onRead = (): Fault => ({ kind: 'error', code: 'EIO' });
    let fault: Fault | undefined = { kind: 'error', code: 'EIO' };
    const plan = ({ name }: Step): Fault | undefined => (name === 'rename' ? fault : undefined);
    const unreadable = new HintBench(bench.disk.crash(keepEverything, { onRead, plan }));
    unreadable.hints.tick();
    await flushMicrotasks();
    expect(unreadable.hints.figures).to.include({ count: 0, unreadableFiles: 1 });
    expect(unreadable.hints.obstacle).to.contain('cannot be read');
    fault = undefined;
    unreadable.nowMs += 1000;
    unreadable.hints.tick();
    await flushMicrotasks();
    expect(unreadable.hints.obstacle).to.equal(undefined);
    const later = new HintBench(unreadable.disk.crash(keepNothing));
    await flushMicrotasks();
    expect(later.deliverAll()).to.deep.equal([]);
    expect(later.hints.figures).to.include({ count: 0, unreadableFiles: 1 });
  });

  it('removes what was handed over as soon as the disk lets it, if it did not at first', async () => {
    let fault: Fault | undefined;
    const plan = ({ name }: Step): Fault | undefined => (name === 'remove' ? fault : undefined);
    const bench = new HintBench(new MemoryDisk({ plan }));
    await keepAll(bench, 0, 1);
    bench.hints.keep(OTHER, hint(1));
    fault = { kind: 'error', code: 'EIO' };
    expect(bench.deliverAll()).to.deep.equal([0]);
    await flushMicrotasks();
    bench.hints.retain([MEMBER]);
    for (let second = 0; second < 4; second++) {
      bench.nowMs += 1000;
      bench.hints.tick();
      await flushMicrotasks();
    }
    expect(bench.disk.list('/data/hints')).to.deep.equal([MEMBER, OTHER]);
    expect(bench.hints.obstacle).to.match(/node a+ has cannot be removed: /);
    const { length } = bench.warnings;
    fault = undefined;
    for (let second = 0; second < 4; second++) {
      bench.nowMs += 1000;
      bench.hints.tick();
      await flushMicrotasks();
    }
    expect(bench.hints.obstacle).to.equal(undefined);
    expect(bench.disk.list(DIRECTORY)).to.deep.equal([]);
    expect(bench.warnings.slice(length)).to.deep.equal([]);
  });

  it('does not try again to remove what the disk is removing', async () => {
    const waiting: (() => void)[] = [];
    let attempts = 0;
    const plan = ({ name }: Step): Fault | undefined => {
      if (name !== 'remove') return undefined;
      attempts++;
      return { kind: 'error', code: 'EIO' };
    };
    const bench = new HintBench(new MemoryDisk({ plan, later: (run) => void waiting.push(run) }));
    bench.hints.keep(MEMBER, hint(0));
    expect(bench.deliverAll()).to.deep.equal([0]);
    while (waiting.length > 0) {
      waiting.shift()?.();
      await flushMicrotasks();
    }
    expect(attempts).to.equal(1);
    for (let second = 0; second < 4; second++) {
      bench.nowMs += 1000;
      bench.hints.tick();
    }
    expect(attempts).to.equal(2);
  });

  it('keeps what is whole of a damaged file, and says what is lost', async () => {
    const bench = new HintBench();
    await keepAll(bench, 0, 10, 100);
    await bench.hints.close();
    const disk = bench.disk.crash(keepEverything);
    const [name] = disk.list(DIRECTORY);
    const content = Buffer.from(disk.contentOf(`${DIRECTORY}/${name}`));
    content[content.indexOf('hint 4 ') + 3] ^= 1;
    content.fill(0, content.indexOf('hint 7 ') - 10, content.indexOf('hint 7 '));
    disk.plant(`${DIRECTORY}/${name}`, content);
    const next = new HintBench(disk, bench.nowMs);
    expect(next.hints.figures).to.include({ count: 8 });
    expect(next.hints.figures.lostBytes).to.be.within(230, 260);
    expect(next.warnings).to.have.length(1);
    expect(next.warnings[0]).to.match(/is damaged in 2 places/);
    expect(next.deliverAll()).to.deep.equal([0, 1, 2, 3, 5, 6, 8, 9]);
    expect(next.warnings).to.have.length(1);
    expect(next.hints.figures).to.include({ count: 0, bytes: 0 });
  });

  it('sets a file aside whose header is damaged, and goes on with the others', async () => {
    const bench = new HintBench();
    bench.windowSeconds = 160;
    await keepAll(bench, 0, 15);
    await bench.hints.close();
    const disk = bench.disk.crash(keepEverything);
    const path = `${DIRECTORY}/${disk.list(DIRECTORY)[0]}`;
    const content = Buffer.from(disk.contentOf(path));
    content[20] ^= 1;
    disk.plant(path, content);
    const next = new HintBench(disk, bench.nowMs);
    expect(next.warnings).to.have.length(1);
    expect(next.deliverAll()).to.deep.equal(numbers(11, 15));
    await flushMicrotasks();
    expect([disk.exists(path), disk.exists(`${path}.unreadable`)]).to.deep.equal([false, true]);
    expect(next.hints.figures.unreadableFiles).to.equal(1);
    expect(next.hints.keep(MEMBER, hint(20))).to.equal(true);
    expect(next.deliverAll()).to.deep.equal([20]);
  });

  it('goes on in a new file when the disk was full, and drops what did not fit', async () => {
    let isFull = false;
    const fault = { kind: 'error', code: 'ENOSPC', takenBytes: 7 } as const;
    const disk = new MemoryDisk({ plan: ({ name }) => (isFull && name === 'append' ? fault : undefined) });
    const bench = new HintBench(disk);
    await keepAll(bench, 0, 3);
    isFull = true;
    expect(bench.hints.keep(MEMBER, hint(3))).to.equal(false);
    expect(bench.hints.keep(MEMBER, hint(4))).to.equal(false);
    isFull = false;
    await keepAll(bench, 5, 8);
    expect(bench.hints.figures).to.include({ count: 6, droppedCount: 2 });
    expect(new HintBench(disk.snapshot(keepNothing), bench.nowMs).deliverAll()).to.deep.equal([0, 1, 2, 5, 6, 7]);
    expect(bench.deliverAll()).to.deep.equal([0, 1, 2, 5, 6, 7]);
  });

  it('tells nobody that a hint is durable whose sync has failed', async () => {
    let fails = true;
    const disk = new MemoryDisk({
      plan: ({ name }) => (fails && name === 'sync' ? { kind: 'error', code: 'EIO' } : undefined),
    });
    const bench = new HintBench(disk);
    const told: unknown[] = [];
    bench.hints.keep(MEMBER, hint(0), (is) => told.push([0, is]));
    await flushMicrotasks();
    fails = false;
    bench.hints.keep(MEMBER, hint(1), (is) => told.push([1, is]));
    await flushMicrotasks();
    expect(told).to.deep.equal([
      [0, false],
      [1, true],
    ]);
    expect(new HintBench(disk.snapshot(keepNothing)).deliverAll()).to.deep.equal([1]);
  });

  it('rests when what it has kept cannot be read, and tries again', async () => {
    let fails = false;
    const disk = new MemoryDisk({ onRead: () => (fails ? { kind: 'error', code: 'EIO' } : undefined) });
    const bench = new HintBench(disk);
    await keepAll(bench, 0, 3);
    fails = true;
    expect(bench.deliverAll()).to.deep.equal([]);
    fails = false;
    bench.nowMs += 11_000;
    expect(bench.deliverAll()).to.deep.equal([0, 1, 2]);
  });

  it('gives a file up that cannot be read for a minute, and goes on with the others', async () => {
    let path = '';
    const disk = new MemoryDisk({
      onRead: (read) => (read === path ? { kind: 'error', code: 'EIO' } : undefined),
    });
    const bench = new HintBench(disk);
    bench.windowSeconds = 160;
    await keepAll(bench, 0, 15);
    path = `${DIRECTORY}/${disk.list(DIRECTORY)[0]}`;
    const got: number[] = [];
    for (let i = 0; i < 8; i++) {
      got.push(...bench.deliverAll());
      bench.nowMs += 11_000;
    }
    await flushMicrotasks();
    expect(got).to.deep.equal(numbers(11, 15));
    expect(bench.hints.figures).to.include({ count: 0, unreadableFiles: 1 });
    expect(bench.hints.obstacle).to.equal(undefined);
  });
});
