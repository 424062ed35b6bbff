/**
 * Random runs of the append-only file on a disk whose syncs take their time, that is full at times, and whose power fails,
 * against the plain model of aof-put-log.ts.
 */

import fc from 'fast-check';

import { DiskError } from '../../../lib/base/errors.js';
import { LogFailedError } from '../../../lib/storage/log/aof-failed-error.js';
import { DiskFullError } from '../../../lib/storage/log/disk-full-error.js';
import { keepRandomly } from '../../sim/crash-fate.js';
import type { Fault, MemoryDiskOptions, StepName } from '../../sim/memory-disk.js';
import { MemoryDisk, PowerFailure } from '../../sim/memory-disk.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import { settled } from './aof-harness.js';
import { PutLog, recoverPuts } from './aof-put-log.js';

const SEGMENT_BYTES = 2000;

const PLAIN = ['requestSync', 'sync', 'rotate', 'flush', 'fill', 'makeRoom', 'reopen', 'kill'] as const;
type PlainType = (typeof PLAIN)[number];

type Command =
  | { readonly type: PlainType }
  | { readonly type: 'put' | 'endSyncs'; readonly times: number }
  | { readonly type: 'crash'; readonly seed: number }
  | { readonly type: 'fail'; readonly name: StepName; readonly code: string };

const plainCommand: fc.Arbitrary<Command> = fc.record({
  type: fc.constantFrom(...PLAIN, 'flush', 'flush', 'makeRoom'),
});

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ type: fc.constant('put' as const), times: fc.integer({ min: 1, max: 5 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant('endSyncs' as const), times: fc.integer({ min: 1, max: 9 }) }),
  },
  { weight: 10, arbitrary: plainCommand },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('crash' as const), seed: fc.nat() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('fail' as const),
      name: fc.constantFrom<StepName[]>('create', 'append', 'truncate', 'sync', 'rename', 'remove', 'syncdir'),
      code: fc.constantFrom('EIO', 'ENOSPC'),
    }),
  },
);

/** A log and its disk, driven by commands. */
class Runner {
  private readonly puts = new PutLog();
  private disk: MemoryDisk;
  private ends: (() => void)[] = [];
  private flushing: Promise<void> | undefined;
  private fault: { name: StepName; code: string } | undefined;
  private isFull = false;
  /** What went wrong in the background. */
  private defect: Error | undefined;

  private readonly plainCommands: Record<PlainType, () => void> = {
    requestSync: () => this.puts.log.requestSync(),
    sync: () => void this.puts.log.sync().catch(() => undefined),
    rotate: () => this.puts.rotate(),
    flush: () => this.flush(),
    fill: () => (this.isFull = true),
    makeRoom: () => (this.isFull = false),
    reopen: () => {
      this.puts.log.close();
      this.kill();
    },
    kill: () => this.kill(),
  };

  constructor() {
    this.disk = new MemoryDisk(this.diskOptions());
    this.puts.open(this.disk, SEGMENT_BYTES);
  }

  async run(command: Command): Promise<void> {
    try {
      await this.apply(command);
    } catch (error) {
      if (!(error instanceof LogFailedError || error instanceof DiskFullError)) throw error;
    }
    await settled();
    if (this.defect !== undefined) throw this.defect;
  }

  /** After the last command: the power fails once more. */
  end(seed: number): void {
    const next = this.disk.crash(keepRandomly(new SeededRandom(seed)));
    this.puts.check(recoverPuts(next, SEGMENT_BYTES), 'in the end');
  }

  private async apply(command: Command): Promise<void> {
    if (command.type === 'endSyncs') await this.endSyncs(command.times);
    else if (command.type === 'put') this.puts.put(command.times);
    else if (command.type === 'crash') this.crash(command.seed);
    else if (command.type === 'fail') this.fault = command;
    else this.plainCommands[command.type]();
  }

  private async endSyncs(times: number): Promise<void> {
    for (let time = 0; time < times; time++) {
      this.ends.shift()?.();
      await settled();
    }
  }

  private flush(): void {
    if (this.flushing !== undefined) return;
    const flushing = this.puts.flush().catch((error: unknown) => this.judge(error));
    this.flushing = flushing;
    void flushing.then(() => {
      if (this.flushing === flushing) this.flushing = undefined;
    });
  }

  /** A flush may fail with the disk and the log, or because the log was closed. */
  private judge(error: unknown): void {
    const isExpected = [DiskError, LogFailedError, PowerFailure].some((type) => error instanceof type);
    const isClosed = error instanceof Error && error.message.includes('was closed');
    if (!isExpected && !isClosed) this.defect = error instanceof Error ? error : new Error(String(error));
  }

  private kill(): void {
    this.restart(this.disk.kill(this.diskOptions()));
  }

  private crash(seed: number): void {
    this.restart(this.disk.crash(keepRandomly(new SeededRandom(seed)), this.diskOptions()));
  }

  private restart(disk: MemoryDisk): void {
    this.disk = disk;
    this.ends = [];
    this.flushing = undefined;
    this.fault = undefined;
    this.isFull = false;
    this.puts.open(disk, SEGMENT_BYTES);
  }

  private diskOptions(): MemoryDiskOptions {
    const plan = ({ name }: { name: StepName }): Fault | undefined => {
      if (this.isFull && (name === 'append' || name === 'create')) {
        return { kind: 'error', code: 'ENOSPC', takenBytes: 20 };
      }
      if (name !== this.fault?.name) return undefined;
      const { code } = this.fault;
      this.fault = undefined;
      return { kind: 'error', code, takenBytes: 20 };
    };
    return { plan, later: (run) => this.ends.push(run) };
  }
}

describe('AppendOnlyFile against a plain model', function () {
  this.timeout(60_000);
  it('comes back from every crash as it was at one moment, with all that was reported durable', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 60, size: 'max' }), fc.nat(), async (commands, seed) => {
        const runner = new Runner();
        for (const next of commands) await runner.run(next);
        runner.end(seed);
      }),
      { numRuns: 800 },
    );
  });
});
