import type { Disk, JobThread, Threads } from '../../host/ports.js';
import { runBackup } from './backup.js';
import { runCompaction } from './compact.js';
import { runDigest } from './digest.js';
import { runFlush } from './flush.js';
import type {
  BackupJob,
  BackupResult,
  CompactionJob,
  CompactionResult,
  DigestJob,
  DigestResult,
  FlushJob,
  FlushResult,
  Job,
} from './job.js';
import type { JobControl } from './job-control.js';
import { JobAbortedError } from './job-control.js';
import { AbortablePace } from './pace.js';
import type { ThreadAnswer, ThreadOrder } from './job-thread.js';

/**
 * Who runs the jobs. The promises reject with DiskError and CorruptionError as the disk has it, with JobAbortedError if the control said
 * so, and with ThreadDiedError if the thread is gone.
 */
export interface BackgroundJobs {
  flush(job: FlushJob, control: JobControl): Promise<FlushResult>;
  compact(job: CompactionJob, control: JobControl): Promise<CompactionResult>;
  backup(job: BackupJob, control: JobControl): Promise<BackupResult>;
  digest(job: DigestJob, control: JobControl): Promise<DigestResult>;
  /** Breaks off what runs and waits until it has ended. Nothing may be asked afterwards. */
  stop(): Promise<void>;
}

const MODULE_URL = new URL('./job-thread.js', import.meta.url).href;

/** In threads: one for flushes, which must not wait for a long compaction, one for compactions, and one for each backup, and each digest, as long as that takes. */
export class ThreadedJobs implements BackgroundJobs {
  private readonly threads: Threads;
  private readonly flushes: JobThread;
  private readonly compactions: JobThread;
  private readonly running = new Set<{ readonly control: JobControl; readonly answer: Promise<unknown> }>();

  constructor(threads: Threads) {
    this.threads = threads;
    this.flushes = threads.start(MODULE_URL, 'ringkv flush');
    this.compactions = threads.start(MODULE_URL, 'ringkv compaction');
  }

  flush(job: FlushJob, control: JobControl): Promise<FlushResult> {
    return this.run(this.flushes, job, control) as Promise<FlushResult>;
  }

  compact(job: CompactionJob, control: JobControl): Promise<CompactionResult> {
    return this.run(this.compactions, job, control) as Promise<CompactionResult>;
  }

  async backup(job: BackupJob, control: JobControl): Promise<BackupResult> {
    return (await this.runApart('ringkv backup', job, control)) as BackupResult;
  }

  async digest(job: DigestJob, control: JobControl): Promise<DigestResult> {
    return (await this.runApart('ringkv digest', job, control)) as DigestResult;
  }

  async stop(): Promise<void> {
    const running = [...this.running];
    for (const { control } of running) control.abort();
    await Promise.allSettled(running.map(({ answer }) => answer));
    await Promise.all([this.flushes.stop(), this.compactions.stop()]);
  }

  /** In a thread that is there for this job alone. */
  private async runApart(name: string, job: Job, control: JobControl): Promise<unknown> {
    const thread = this.threads.start(MODULE_URL, name);
    try {
      return await this.run(thread, job, control);
    } finally {
      await thread.stop();
    }
  }

  private async run(thread: JobThread, job: Job, control: JobControl): Promise<unknown> {
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

  backup(job: BackupJob, control: JobControl): Promise<BackupResult> {
    return this.run(() => runBackup(this.disk, job, new AbortablePace(control)));
  }

  digest(job: DigestJob, control: JobControl): Promise<DigestResult> {
    return this.run(() => runDigest(this.disk, job, new AbortablePace(control)));
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
