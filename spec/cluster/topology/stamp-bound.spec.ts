import { expect } from 'chai';
import fc from 'fast-check';
import { CorruptionError, DiskError } from '../../../lib/base/errors.js';
import { HybridClock, STAMPS_PER_MS, firstStampOf } from '../../../lib/base/stamp.js';
import { StampBound } from '../../../lib/cluster/topology/stamp-bound.js';
import { StampFile } from '../../../lib/cluster/topology/stamp-file.js';
import { keepEverything, keepNothing, keepRandomly } from '../../sim/crash-fate.js';
import type { CrashFate } from '../../sim/crash-fate.js';
import type { Fault, Step } from '../../sim/memory-disk.js';
import { MemoryDisk } from '../../sim/memory-disk.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import { settled } from '../../storage/log/aof-harness.js';
import { BenchClock, BenchTimers, START_MS } from '../../server/node-bench.js';

const DIRECTORY = '/data';
const PATH = StampFile.pathIn(DIRECTORY);
const SECOND = 1000 * STAMPS_PER_MS;

/** A machine whose wall clock can be set, and its process, as far as that gives stamps. */
class Bench {
  readonly clock = new BenchClock();
  readonly lines: string[] = [];
  /** All that were ever given. */
  readonly given: number[] = [];
  disk: MemoryDisk;
  stamps!: HybridClock;
  bound!: StampBound;
  fault: ((step: Step) => Fault | undefined) | undefined;
  /** Syncs that are under way end when the spec says so. */
  isSlow = false;
  private timers = new BenchTimers(this.clock);
  private ends: (() => void)[] = [];

  constructor() {
    this.disk = new MemoryDisk(this.diskOptions());
    this.disk.makeDirectory(DIRECTORY);
    this.disk.syncDirectory('/');
  }

  /** A process starts; resolves to the milliseconds that it waits. */
  async start(): Promise<number> {
    this.timers = new BenchTimers(this.clock);
    this.stamps = new HybridClock(() => this.clock.wallMs());
    this.bound = new StampBound({
      disk: this.disk,
      clock: this.clock,
      timers: this.timers,
      directory: DIRECTORY,
      stamps: this.stamps,
      report: (line) => this.lines.push(line),
    });
    const begunUs = this.clock.us;
    let isOpen = false;
    const opened = this.bound.open().finally(() => (isOpen = true));
    opened.catch(() => undefined); // awaited below
    await settled();
    while (!isOpen) {
      await this.pass(1);
      await settled();
    }
    await opened;
    return Math.floor((this.clock.us - begunUs) / 1000);
  }

  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 50) {
      this.clock.us += Math.min(left, 50) * 1000;
      this.stamps.tick();
      this.timers.fire();
      await settled();
    }
  }

  give(count = 1): number {
    for (let i = 0; i < count; i++) {
      this.given.push(this.stamps.next());
      const last = this.given.at(-1) ?? 0;
      expect(this.durableBound()).to.be.at.least(last);
    }
    return this.given.at(-1) ?? 0;
  }

  /** The power fails, and comes back. */
  async crash(fate: CrashFate = keepNothing): Promise<number> {
    this.ends = [];
    this.disk = this.disk.crash(fate, this.diskOptions());
    return this.start();
  }

  endSyncs(): Promise<void> {
    for (const end of this.ends.splice(0)) end();
    return settled();
  }

  /** What the next boot would find, whatever the disk forgets. */
  durableBound(): number {
    return StampFile.read(this.disk.snapshot(keepNothing), DIRECTORY)?.bound ?? -1;
  }

  private diskOptions(): ConstructorParameters<typeof MemoryDisk>[0] {
    return {
      plan: (step) => this.fault?.(step),
      later: (run) => {
        if (this.isSlow) this.ends.push(run);
        else queueMicrotask(run);
      },
    };
  }
}

async function started(): Promise<Bench> {
  const bench = new Bench();
  await bench.start();
  return bench;
}

describe('StampBound', () => {
  it('has no stamp given twice, whatever the power failures, the disk and the wall clock do', async function () {
    this.timeout(60_000);
    const action = fc.oneof(
      fc.record({ give: fc.integer({ min: 1, max: 20 }) }),
      fc.record({ passMs: fc.integer({ min: 1, max: 3000 }) }),
      fc.record({ jumpMs: fc.integer({ min: -10_000_000, max: 10_000_000 }) }),
      fc.record({ observeMs: fc.integer({ min: -1000, max: 5000 }) }),
      fc.record({ isSlow: fc.boolean() }),
      fc.record({ crash: fc.integer({ min: 0, max: 1000 }) }),
      fc.record({ isEnd: fc.integer({ min: 0, max: 2 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 25 }), async (actions) => {
        const bench = await started();
        for (const each of actions) {
          if ('give' in each) bench.give(each.give);
          else if ('passMs' in each) await bench.pass(each.passMs);
          else if ('jumpMs' in each) bench.clock.wallOffsetMs += each.jumpMs;
          else if ('observeMs' in each) bench.stamps.observe(firstStampOf(bench.stamps.nowMs + each.observeMs));
          else if ('isSlow' in each) {
            bench.isSlow = each.isSlow;
            await bench.endSyncs();
          } else {
            if ('isEnd' in each) {
              bench.bound.close();
              bench.give(each.isEnd);
            }
            bench.isSlow = false;
            const fate = 'crash' in each ? keepRandomly(new SeededRandom(each.crash)) : keepEverything;
            expect(await bench.crash(fate)).to.be.at.most(1100);
          }
        }
        const { given } = bench;
        for (let i = 1; i < given.length; i++) expect(given[i]).to.be.above(given[i - 1]);
      }),
      { numRuns: 100 },
    );
  });

  it('is moved in the background, a second ahead at most, and gives the clock no reason to wait', async () => {
    const bench = await started();
    let syncs = 0;
    bench.fault = ({ name }) => {
      if (name === 'sync') syncs++;
      return undefined;
    };
    for (let i = 0; i < 100; i++) {
      await bench.pass(50);
      expect(bench.give()).to.be.at.least(firstStampOf(bench.clock.wallMs()));
      expect(bench.durableBound() - bench.stamps.latest).to.be.within(SECOND / 4, SECOND);
    }
    expect(syncs).to.be.within(5, 12);
  });

  it('stays while nobody uses the clock', async () => {
    const bench = await started();
    bench.give();
    await bench.pass(120_000);
    const before = bench.durableBound();
    await bench.pass(120_000);
    expect(bench.durableBound()).to.equal(before);
    bench.give();
    await settled();
    expect(bench.give()).to.be.at.least(firstStampOf(bench.clock.wallMs()));
  });

  it('has the clock stand still and count while the disk is slow', async () => {
    const bench = await started();
    bench.isSlow = true;
    await bench.pass(10_000);
    const first = bench.give();
    expect(bench.give(1000)).to.equal(first + 1000);
    expect(first).to.be.below(firstStampOf(bench.clock.wallMs() - 8000));
    for (let i = 0; i < 4; i++) await bench.endSyncs();
    expect(bench.give()).to.be.at.least(firstStampOf(bench.clock.wallMs()));
  });

  it('is moved at once when there is nothing left below it', async () => {
    const bench = await started();
    bench.isSlow = true;
    bench.stamps.observe(firstStampOf(START_MS + 5000));
    expect(bench.give()).to.equal(firstStampOf(START_MS + 5000) + 1);
    await bench.endSyncs();
    await bench.endSyncs();
    expect(bench.durableBound()).to.equal(bench.stamps.latest + SECOND);
  });

  it('waits at the start until the wall clock has passed it, not after a clean end', async () => {
    const bench = await started();
    bench.give();
    expect(await bench.crash()).to.be.within(900, 1100);
    await bench.pass(5000);
    bench.give();
    await bench.pass(100_000);
    expect(await bench.crash()).to.equal(0);
    const last = bench.give();
    bench.bound.close();
    expect(await bench.crash()).to.equal(0);
    bench.clock.wallOffsetMs -= 3_600_000;
    expect(bench.give()).to.be.above(last);
  });

  it('waits a second at most, and says so, when the wall clock was set back', async () => {
    const bench = await started();
    const last = bench.give();
    bench.clock.wallOffsetMs -= 3_600_000;
    expect(await bench.crash()).to.be.within(1000, 1100);
    expect(bench.give()).to.be.above(last);
    expect(bench.lines).to.deep.equal([
      'The wall clock is 3601001 ms behind the stamps of this node, which go on from there',
    ]);
  });

  it('says why it cannot be moved, as long as that is so', async () => {
    const bench = await started();
    bench.fault = ({ name }) =>
      name === 'create' || name === 'append' ? { kind: 'error', code: 'ENOSPC' } : undefined;
    bench.give();
    await bench.pass(1000);
    expect(bench.bound.failure).to.contain('failed: injected');
    expect(bench.lines).to.have.length(1);
    bench.stamps.observe(firstStampOf(START_MS + 5000));
    expect(() => bench.stamps.next()).to.throw(DiskError);
    expect(bench.stamps.latest).to.equal(firstStampOf(START_MS + 5000));
    bench.fault = undefined;
    await bench.pass(100);
    expect(bench.bound.failure).to.equal(undefined);
    bench.give();
  });

  it('is not taken from a file that is damaged', async () => {
    const bench = await started();
    const damaged = Buffer.from(bench.disk.contentOf(PATH));
    damaged[damaged.length >> 1] ^= 1;
    bench.disk.plant(PATH, damaged);
    const error = await bench.crash().catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(CorruptionError);
  });
});
