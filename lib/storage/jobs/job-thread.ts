/** The module that runs in the threads of ThreadedJobs. */

import type { ThreadHost } from '../../host/ports.js';
import { runCompaction } from './compact.js';
import { runFlush } from './flush.js';
import type { CompactionJob, CompactionResult, FlushJob, FlushResult } from './job.js';
import type { WordWait } from './job-control.js';
import { JobAbortedError, JobControl } from './job-control.js';
import { ThreadPace } from './pace.js';

export interface ThreadOrder {
  readonly job: FlushJob | CompactionJob;
  /** Of a JobControl. */
  readonly control: SharedArrayBuffer;
}

/** That a job was broken off is an answer: threads carry only the errors of base/ over. */
export type ThreadAnswer = FlushResult | CompactionResult | 'aborted';

/** See ThreadModule. */
export function serve(host: ThreadHost): (message: unknown) => ThreadAnswer {
  const { disk, clock } = host;
  const wait: WordWait = (words, index, value, timeoutMs) => host.wait(words, index, value, timeoutMs);
  return (message) => {
    const { job, control } = message as ThreadOrder;
    const pace = new ThreadPace(new JobControl(control), clock, wait);
    try {
      return job.kind === 'flush' ? runFlush(disk, job, pace) : runCompaction(disk, job, pace);
    } catch (error) {
      if (error instanceof JobAbortedError) return 'aborted';
      throw error;
    }
  };
}
