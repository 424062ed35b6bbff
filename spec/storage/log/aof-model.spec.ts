/**
 * Random runs of the append-only file on a disk whose syncs take their time and whose power fails, against the plain
 * model of aof-put-log.ts.
 */

import fc from 'fast-check';

import { LogFailedError } from '../../../lib/storage/log/aof-failed-error.js';
import type { Rewrite } from '../../../lib/storage/log/append-only-file.js';
import { keepRandomly } from '../../sim/crash-fate.js';
import type { Fault, MemoryDiskOptions, StepName } from '../../sim/memory-disk.js';
import { MemoryDisk } from '../../sim/memory-disk.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import { settled } from './aof-harness.js';
import { PutLog, recoverPuts } from './aof-put-log.js';

const SEGMENT_BYTES = 2000;

type PlainType =
  ('requestSync' | 'sync' | 'rotate' | 'beginRewrite' | 'writeState') | ('finish' | 'abort' | 'reopen' | 'kill');

type Command =
  | { readonly type: PlainType }
  | { readonly type: 'put' | 'endSyncs'; readonly times: number }
  | { readonly type: 'crash'; readonly seed: number }
  | { readonly type: 'fail'; readonly name: StepName; readonly code: string };

const plainCommand: fc.Arbitrary<Command> = fc.record({
  type: fc.constantFrom(
    ...(['requestSync', 'sync', 'rotate', 'beginRewrite', 'beginRewrite', 'writeState', 'writeState'] as const),
    ...(['finish', 'finish', 'finish', 'abort', 'reopen', 'kill'] as const),
  ),
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
      name: fc.constantFrom<StepName[]>('create', 'append', 'sync', 'rename', 'remove', 'syncdir'),
      code: fc.constantFrom('EIO', 'ENOSPC'),
    }),
  },
);

/** A log, its disk and its rewrite, driven by commands. */
class Runner {
  private readonly puts = new PutLog();
  private disk: MemoryDisk;
  private ends: (() => void)[] = [];
  private rewrite: Rewrite | undefined;
  private rewriteState: 'none' | 'begun' | 'copied' | 'finishing' = 'none';
  private fault: { name: StepName; code: string } | undefined;
  private hasFailed = false;

  private readonly plainCommands: Record<PlainType, () => void> = {
    requestSync: () => this.puts.log.requestSync(),
    sync: () => void this.puts.log.sync().catch(() => undefined),
    rotate: () => this.puts.log.rotate(),
    beginRewrite: () => this.beginRewrite(),
    writeState: () => this.writeState(),
    finish: () => this.finish(),
    abort: () => this.abort(),
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
      await settled();
    } catch (error) {
      if (!(error instanceof LogFailedError) && this.fault === undefined && !this.hasFailed) throw error;
    }
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

  private beginRewrite(): void {
    if (this.rewriteState !== 'none') return;
    this.rewrite = this.puts.log.beginRewrite();
    this.rewriteState = 'begun';
  }

  private writeState(): void {
    if (this.rewrite === undefined || this.rewriteState !== 'begun') return;
    this.rewriteState = 'copied';
    this.puts.writeState(this.rewrite);
  }

  /** Only a rewrite with a copy of the whole state may be finished. */
  private finish(): void {
    const { rewrite } = this;
    if (rewrite === undefined || this.rewriteState !== 'copied') return;
    this.rewriteState = 'finishing';
    const over = (): void => {
      if (this.rewrite === rewrite) this.forgetRewrite();
    };
    rewrite.finish().then(over, over);
  }

  private abort(): void {
    this.rewrite?.abort();
    this.forgetRewrite();
  }

  private kill(): void {
    this.restart(this.disk.kill(this.diskOptions()));
  }

  private crash(seed: number): void {
    this.restart(this.disk.crash(keepRandomly(new SeededRandom(seed)), this.diskOptions()));
  }

  private forgetRewrite(): void {
    this.rewrite = undefined;
    this.rewriteState = 'none';
  }

  private restart(disk: MemoryDisk): void {
    this.disk = disk;
    this.ends = [];
    this.forgetRewrite();
    this.fault = undefined;
    this.hasFailed = false;
    this.puts.open(disk, SEGMENT_BYTES);
  }

  private diskOptions(): MemoryDiskOptions {
    const plan = ({ name }: { name: StepName }): Fault | undefined => {
      if (name !== this.fault?.name) return undefined;
      const { code } = this.fault;
      this.fault = undefined;
      this.hasFailed = true;
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
      { numRuns: 300 },
    );
  });
});
