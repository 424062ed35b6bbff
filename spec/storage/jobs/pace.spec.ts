import { expect } from 'chai';

import { JobAbortedError, JobControl } from '../../../lib/storage/jobs/job-control.js';
import { AbortablePace, ThreadPace } from '../../../lib/storage/jobs/pace.js';

/** A clock that only waiting moves. */
class Bench {
  readonly control = new JobControl();
  nowUs = 5_000_000;
  readonly waits: number[] = [];
  /** Runs when a job waits; returns how long of it passes. */
  onWait: (timeoutMs: number) => number = (timeoutMs) => timeoutMs;
  readonly pace = new ThreadPace(
    this.control,
    { monotonicUs: () => this.nowUs, wallMs: () => 0, wallUs: () => 0, threadCpuUs: () => 0 },
    (words, index, value, timeoutMs) => {
      expect(Atomics.load(words, index), 'it would not wait at all').to.equal(value);
      this.waits.push(timeoutMs);
      this.nowUs += this.onWait(timeoutMs) * 1000;
    },
  );
}

describe('JobControl', () => {
  it('is the same to everyone who holds its memory', () => {
    const control = new JobControl();
    const other = new JobControl(control.shared);
    expect([other.isAborted, other.bytesPerSecond, other.changes]).to.deep.equal([false, 0, 0]);
    control.bytesPerSecond = 3 * 2 ** 30;
    expect(other.bytesPerSecond).to.equal(3 * 2 ** 30);
    control.abort();
    expect([other.isAborted, other.changes]).to.deep.equal([true, 2]);
  });

  it('keeps a small rate above none', () => {
    const control = new JobControl();
    control.bytesPerSecond = 1;
    expect(control.bytesPerSecond).to.equal(1024);
    control.bytesPerSecond = 0;
    expect(control.bytesPerSecond).to.equal(0);
  });
});

describe('AbortablePace', () => {
  it('throws once the job was broken off', () => {
    const control = new JobControl();
    const pace = new AbortablePace(control);
    pace.spend();
    control.abort();
    expect(() => pace.spend()).to.throw(JobAbortedError);
  });
});

describe('ThreadPace', () => {
  it('does not wait without a rate', () => {
    const bench = new Bench();
    bench.pace.spend(2 ** 40);
    expect(bench.waits).to.deep.equal([]);
  });

  it('holds the job back to the rate', () => {
    const bench = new Bench();
    bench.control.bytesPerSecond = 2 ** 20;
    for (let i = 0; i < 256; i++) bench.pace.spend(2 ** 14);
    expect((bench.nowUs - 5_000_000) / 1e6).to.be.within(3.99, 4.01);
  });

  it('puts off waits that are too short', () => {
    const bench = new Bench();
    bench.control.bytesPerSecond = 2 ** 20;
    bench.pace.spend(4096);
    expect(bench.waits).to.deep.equal([]);
    bench.pace.spend(4096);
    expect(bench.waits).to.deep.equal([7.8125]);
  });

  it('does not save up the time in which nothing was spent', () => {
    const bench = new Bench();
    bench.control.bytesPerSecond = 2 ** 20;
    bench.pace.spend(1);
    bench.nowUs += 60_000_000;
    bench.pace.spend(2 ** 20);
    expect(bench.waits).to.deep.equal([1000]);
  });

  it('goes on at a new rate at once', () => {
    const bench = new Bench();
    bench.control.bytesPerSecond = 2 ** 20;
    bench.onWait = (timeoutMs) => {
      bench.control.bytesPerSecond = 4 * 2 ** 20;
      return bench.waits.length === 1 ? 500 : timeoutMs;
    };
    bench.pace.spend(2 ** 21);
    // The half second before the change is counted at the new rate.
    expect(bench.waits).to.deep.equal([2000]);
    bench.pace.spend(2 ** 22);
    expect(bench.waits).to.deep.equal([2000, 1000]);
    bench.control.bytesPerSecond = 0;
    bench.pace.spend(2 ** 40);
    expect(bench.waits).to.have.length(2);
  });

  it('throws when the job is broken off while it waits', () => {
    const bench = new Bench();
    bench.control.bytesPerSecond = 1024;
    bench.onWait = () => {
      bench.control.abort();
      return 1;
    };
    expect(() => bench.pace.spend(2 ** 20)).to.throw(JobAbortedError);
    expect(bench.waits).to.have.length(1);
  });
});
