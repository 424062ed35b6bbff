/** The module that runs in the threads of ThreadedJobs. */

import type { Disk, ThreadHost } from '../../host/ports.js';
import { runBackup } from './backup.js';
import { runCompaction } from './compact.js';
import { runDigest } from './digest.js';
import { runFlush } from './flush.js';
import type { Job, JobResult } from './job.js';
import type { WordWait } from './job-control.js';
import { JobAbortedError, JobControl } from './job-control.js';
import type { Pace } from './pace.js';
import { ThreadPace } from './pace.js';
import { Scratch } from '../../base/scratch.js';

export interface ThreadOrder {
  readonly job: Job;
  /** Of a JobControl. */
  readonly control: SharedArrayBuffer;
}

/** That a job was broken off is an answer: threads carry only the errors of base/ over. */
export type ThreadAnswer = JobResult | 'aborted';

/** See ThreadModule. */
export function serve(host: ThreadHost): (message: unknown) => ThreadAnswer {
  const { disk, clock } = host;
  const scratch = new Scratch();
  const wait: WordWait = (words, index, value, timeoutMs) => host.wait(words, index, value, timeoutMs);
  return (message) => {
    const { job, control } = message as ThreadOrder;
    const pace = new ThreadPace(new JobControl(control), clock, wait);
    try {
      return run(disk, job, pace, scratch);
    } catch (error) {
      if (error instanceof JobAbortedError) return 'aborted';
      throw error;
    }
  };
}

function run(disk: Disk, job: Job, pace: Pace, scratch: Scratch): JobResult {
  switch (job.kind) {
    case 'flush':
      return runFlush(disk, job, pace, scratch);
    case 'compact':
      return runCompaction(disk, job, pace, scratch);
    case 'digest':
      return runDigest(disk, job, pace);
    default:
      return runBackup(disk, job, pace);
  }
}
