import type { Clock } from '../../host/ports.js';
import type { JobControl, WordWait } from './job-control.js';
import { JobAbortedError } from './job-control.js';

/** A job tells what it reads and writes, in pieces of some KiB, and is held back to the rate that its control allows. */
export interface Pace {
  /** So many bytes were read or written. May wait. Throws JobAbortedError if the job was broken off. */
  spend(bytes: number): void;
}

/** Shorter waits than this are put off: they take longer than they are meant to. */
const WAIT_MS_MIN = 5;

/** For a job that runs on the main thread: it may be broken off, but does not wait. */
export class AbortablePace implements Pace {
  private readonly control: JobControl;

  constructor(control: JobControl) {
    this.control = control;
  }

  spend(): void {
    refuseIfAborted(this.control);
  }
}

/**
 * For a job in a thread of its own. What is spent is a debt that the passing time pays off at the rate, and the job waits until it is paid.
 * Time in which nothing was owed is not saved up: the disk is to have no bursts.
 */
export class ThreadPace implements Pace {
  private readonly control: JobControl;
  private readonly clock: Clock;
  private readonly wait: WordWait;
  private debtBytes = 0;
  private paidUs: number;

  constructor(control: JobControl, clock: Clock, wait: WordWait) {
    this.control = control;
    this.clock = clock;
    this.wait = wait;
    this.paidUs = clock.monotonicUs();
  }

  spend(bytes: number): void {
    const { control } = this;
    this.pay(control.bytesPerSecond);
    this.debtBytes += bytes;
    for (;;) {
      // Read before the others: what changes after this ends the wait.
      const { changes, bytesPerSecond } = control;
      refuseIfAborted(control);
      this.pay(bytesPerSecond);
      const owedMs = bytesPerSecond === 0 ? 0 : (this.debtBytes / bytesPerSecond) * 1000;
      if (owedMs < WAIT_MS_MIN) return;
      control.waitForChange(this.wait, changes, owedMs);
    }
  }

  /** Takes off what the time since the last call has paid. Without a rate nothing is owed. */
  private pay(bytesPerSecond: number): void {
    const nowUs = this.clock.monotonicUs();
    const paidBytes = bytesPerSecond === 0 ? Infinity : ((nowUs - this.paidUs) * bytesPerSecond) / 1e6;
    this.paidUs = nowUs;
    this.debtBytes = Math.max(this.debtBytes - paidBytes, 0);
  }
}

function refuseIfAborted(control: JobControl): void {
  if (control.isAborted) throw new JobAbortedError('the job was broken off');
}
