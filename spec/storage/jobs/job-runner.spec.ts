import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import { CorruptionError, DiskError } from '../../../lib/base/errors.js';
import { NodeThreads } from '../../../lib/host/node-threads.js';
import { runFlush } from '../../../lib/storage/jobs/flush.js';
import { JobAbortedError, JobControl } from '../../../lib/storage/jobs/job-control.js';
import { InlineJobs, ThreadedJobs } from '../../../lib/storage/jobs/job-runner.js';
import type { CompactionJob, FlushJob } from '../../../lib/storage/jobs/job.js';
import type { TableMeta } from '../../../lib/storage/sstable/table-meta.js';
import type { MemoryDisk } from '../../sim/memory-disk.js';
import type { LogRecord } from './job-harness.js';
import {
  DIRECTORY,
  OPTIONS,
  ORIGIN,
  POSITION_KEY,
  dataDisk,
  plantSegment,
  readTable,
  tableNames,
} from './job-harness.js';

const SEGMENT = '/aof/0000000001.aof';

function records(count: number): LogRecord[] {
  return Array.from({ length: count }, (_, i) => {
    const pair = { stamp: 10 + i, origin: ORIGIN };
    const cell = { type: 1, field: Buffer.alloc(0), value: Buffer.alloc(100, 120), pair, expiresAtMs: 0 } as const;
    const change = {
      deletedUpTo: { ...pair, origin: ORIGIN - 1 },
      expiry: { atMs: 0, pair: { stamp: 0, origin: 0 } },
      cells: new Map([['\x01', cell]]),
    };
    return { kind: 'change', db: 3, key: `key ${i}`, change };
  });
}

function flushJob(disk: MemoryDisk, count = 20): FlushJob {
  return {
    kind: 'flush',
    directory: DIRECTORY,
    segments: [plantSegment(disk, 1, records(count))],
    positionKey: POSITION_KEY,
    origin: ORIGIN,
    floors: [],
    givenUp: [],
    foreign: false,
    outputs: { firstId: 7, count: 8, seed: { high: 1, low: 2 } },
    options: OPTIONS,
  };
}

function compactionJob(tables: readonly TableMeta[]): CompactionJob {
  return {
    kind: 'compact',
    db: 3,
    directory: DIRECTORY,
    runs: tables.map((table) => [table]),
    deeper: Float64Array.of(0, 1),
    floor: 0,
    slotFloors: [],
    nowMs: 0,
    deadUpTo: undefined,
    origin: ORIGIN,
    tableBytes: 2 ** 20,
    outputs: { firstId: 20, count: 2, seed: { high: 5, low: 6 } },
    options: OPTIONS,
  };
}

function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail('it was to be rejected'),
    (error: unknown) => error,
  );
}

describe('InlineJobs', () => {
  it('runs each job when its time comes, in one go', async () => {
    const disk = dataDisk();
    const due: (() => void)[] = [];
    const jobs = new InlineJobs(disk, (run) => due.push(run));
    const flushed = jobs.flush(flushJob(disk), new JobControl());
    expect(tableNames(disk)).to.deep.equal([]);
    due.shift()?.();
    expect(tableNames(disk)).to.deep.equal(['0000000007.sst']);
    const compacted = jobs.compact(compactionJob((await flushed).tables), new JobControl());
    due.shift()?.();
    const [table] = (await compacted).tables;
    expect(readTable(disk, table)).to.have.length(20);
  });

  it('rejects with what the job threw', async () => {
    const disk = dataDisk();
    const jobs = new InlineJobs(disk);
    const job = flushJob(disk);
    disk.remove(DIRECTORY + SEGMENT);
    expect(await failure(jobs.flush(job, new JobControl()))).to.be.instanceOf(DiskError);
  });

  it('breaks off by the control, and when it was stopped', async () => {
    const disk = dataDisk();
    const jobs = new InlineJobs(disk);
    const control = new JobControl();
    control.abort();
    expect(await failure(jobs.flush(flushJob(disk), control))).to.be.instanceOf(JobAbortedError);
    const late = failure(jobs.flush(flushJob(disk), new JobControl()));
    await jobs.stop();
    expect(await late).to.be.instanceOf(JobAbortedError);
    expect(tableNames(disk)).to.deep.equal([]);
  });
});

describe('ThreadedJobs', function () {
  this.timeout(10_000);
  let directory: string;
  let jobs: ThreadedJobs;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'ringkv-jobs-'));
    mkdirSync(join(directory, 'aof'));
    mkdirSync(join(directory, 'tables'));
    jobs = new ThreadedJobs(new NodeThreads());
  });

  afterEach(async () => {
    await jobs.stop();
    rmSync(directory, { recursive: true });
  });

  /** The job on the real disk, and what it comes to on a memory disk. */
  function realJob(count?: number): { job: FlushJob; twin: FlushJob; disk: MemoryDisk } {
    const disk = dataDisk();
    const twin = flushJob(disk, count);
    writeFileSync(directory + SEGMENT, disk.contentOf(DIRECTORY + SEGMENT));
    return { job: { ...twin, directory }, twin, disk };
  }

  const tables = (): string[] => readdirSync(join(directory, 'tables'));

  it('flushes and compacts in threads, with the same outcome as here', async () => {
    const { job, twin, disk } = realJob(3000);
    const flushed = await jobs.flush(job, new JobControl());
    expect(flushed).to.deep.equal(runFlush(disk, twin, { spend: () => undefined }));
    const compacted = await jobs.compact({ ...compactionJob(flushed.tables), directory }, new JobControl());
    expect(compacted).to.include({ recordsIn: 3000, recordsOut: 3000, liveCount: 3000 });
    expect(tables()).to.deep.equal(['0000000007.sst', '0000000020.sst']);
  });

  it('rejects with the errors of the disk, and with damage, as they are', async () => {
    const { job } = realJob();
    const damaged = { ...job, segments: [{ ...job.segments[0], fileId: { high: 0, low: 0 } }] };
    const corruption = await failure(jobs.flush(damaged, new JobControl()));
    expect(corruption).to.be.instanceOf(CorruptionError);
    expect(corruption).to.include({ path: directory + SEGMENT, offset: 0 });
    rmSync(directory + SEGMENT);
    const missing = await failure(jobs.flush(job, new JobControl()));
    expect(missing).to.be.instanceOf(DiskError);
    expect(missing).to.include({ path: directory + SEGMENT, code: 'ENOENT' });
  });

  it('breaks a job off that is held back, which leaves nothing behind', async () => {
    const { job } = realJob(3000);
    const control = new JobControl();
    control.bytesPerSecond = 1024;
    const asked = failure(jobs.flush(job, control));
    control.abort();
    expect(await asked).to.be.instanceOf(JobAbortedError);
    expect(tables()).to.deep.equal([]);
  });

  it('lets a job go on when its rate is raised', async () => {
    const { job } = realJob(3000);
    const control = new JobControl();
    control.bytesPerSecond = 1024;
    const asked = jobs.flush(job, control);
    control.bytesPerSecond = 0;
    expect((await asked).records).to.equal(3000);
  });

  it('breaks off what runs when it is stopped', async () => {
    const { job } = realJob(3000);
    const control = new JobControl();
    control.bytesPerSecond = 1024;
    const asked = failure(jobs.flush(job, control));
    await jobs.stop();
    expect(await asked).to.be.instanceOf(JobAbortedError);
    expect(tables()).to.deep.equal([]);
    expect(existsSync(directory + SEGMENT)).to.equal(true);
  });

  it('does not let a compaction hold up a flush', async () => {
    const { job } = realJob(3000);
    const flushed = await jobs.flush(job, new JobControl());
    const slow = new JobControl();
    slow.bytesPerSecond = 1024;
    const compaction = failure(jobs.compact({ ...compactionJob(flushed.tables), directory }, slow));
    const next = { ...job, outputs: { ...job.outputs, firstId: 30 } };
    expect((await jobs.flush(next, new JobControl())).records).to.equal(3000);
    slow.abort();
    expect(await compaction).to.be.instanceOf(JobAbortedError);
    expect(tables()).to.deep.equal(['0000000007.sst', '0000000030.sst']);
  });
});
