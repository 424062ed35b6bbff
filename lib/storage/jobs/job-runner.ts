import type { Disk, JobThread, Threads } from '../../host/ports.js';
import { runCompaction } from './compact.js';
import { runFlush } from './flush.js';
import type { CompactionJob, CompactionResult, FlushJob, FlushResult } from './job.js';
import type { JobControl } from './job-control.js';
import { JobAbortedError } from './job-control.js';
import { AbortablePace } from './pace.js';
import type { ThreadAnswer, ThreadOrder } from './job-thread.js';

/**
 * Who runs the jobs. Both promises reject with DiskError and CorruptionError as the disk has it, with JobAbortedError if the control said
 * so, and with ThreadDiedError if the thread is gone.
 */
export interface BackgroundJobs {
  flush(job: FlushJob, control: JobControl): Promise<FlushResult>;
  compact(job: CompactionJob, control: JobControl): Promise<CompactionResult>;
  /** Breaks off what runs and waits until it has ended. Nothing may be asked afterwards. */
  stop(): Promise<void>;
}

/** In threads: one for flushes, which must not wait for a long compaction, and one for compactions. */
export class ThreadedJobs implements BackgroundJobs {
  private readonly flushes: JobThread;
  private readonly compactions: JobThread;
  private readonly running = new Set<{ readonly control: JobControl; readonly answer: Promise<unknown> }>();

  constructor(threads: Threads) {
    const moduleUrl = new URL('./job-thread.js', import.meta.url).href;
    this.flushes = threads.start(moduleUrl, 'ringkv flush');
    this.compactions = threads.start(moduleUrl, 'ringkv compaction');
  }

  flush(job: FlushJob, control: JobControl): Promise<FlushResult> {
    return this.run(this.flushes, job, control) as Promise<FlushResult>;
  }

  compact(job: CompactionJob, control: JobControl): Promise<CompactionResult> {
    return this.run(this.compactions, job, control) as Promise<CompactionResult>;
  }

  async stop(): Promise<void> {
    const running = [...this.running];
    for (const { control } of running) control.abort();
    await Promise.allSettled(running.map(({ answer }) => answer));
    await Promise.all([this.flushes.stop(), this.compactions.stop()]);
  }

  private async run(thread: JobThread, job: FlushJob | CompactionJob, control: JobControl): Promise<unknown> {
    const order: ThreadOrder = { job, control: control.shared };
    const asked = { control, answer: thread.request(order) };
    this.running.add(asked);
    try {
      const answer = (await asked.answer) as ThreadAnswer;
      if (answer === 'aborted') throw new JobAbortedError('the job was broken off');
      return answer;
    } finally {
      this.running.delete(asked);
    }
  }
}

/** On this thread, each job in one go: for specs and for the simulator, who say by `later` when. */
export class InlineJobs implements BackgroundJobs {
  private readonly disk: Disk;
  private readonly later: (run: () => void) => void;
  private isStopped = false;

  constructor(disk: Disk, later: (run: () => void) => void = queueMicrotask) {
    this.disk = disk;
    this.later = later;
  }

  flush(job: FlushJob, control: JobControl): Promise<FlushResult> {
    return this.run(() => runFlush(this.disk, job, new AbortablePace(control)));
  }

  compact(job: CompactionJob, control: JobControl): Promise<CompactionResult> {
    return this.run(() => runCompaction(this.disk, job, new AbortablePace(control)));
  }

  /** No job is ever in the middle here; those that have not begun are refused when their time comes. */
  stop(): Promise<void> {
    this.isStopped = true;
    return Promise.resolve();
  }

  private run<T>(job: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.later(() => {
        try {
          if (this.isStopped) throw new JobAbortedError('the job was broken off before it began');
          resolve(job());
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
  }
}
