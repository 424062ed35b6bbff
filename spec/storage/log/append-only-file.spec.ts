import { expect } from 'chai';

import { AssertionError } from '../../../lib/base/assert.js';
import { DiskError } from '../../../lib/base/errors.js';
import { LogFailedError } from '../../../lib/storage/log/aof-failed-error.js';
import { FILE_HEADER_BYTES, FRAME_HEADER_BYTES, FRAME_PAYLOAD_BYTES_MAX } from '../../../lib/storage/log/aof-frame.js';
import { DiskFullError } from '../../../lib/storage/log/disk-full-error.js';
import { keepNothing } from '../../sim/crash-fate.js';
import type { Fault, Step } from '../../sim/memory-disk.js';
import { MemoryDisk } from '../../sim/memory-disk.js';
import { appendAll, openLog, segment, settled, thrownBy } from './aof-harness.js';
import { diskThatFails, diskWithLittleRoom, disksWithHeldSyncs } from './aof-disks.js';

describe('AppendOnlyFile append', () => {
  it('keeps payloads of all sizes in order, in both forms', async () => {
    const disk = new MemoryDisk();
    const { log, payloads } = openLog(disk);
    expect(payloads).to.deep.equal([]);
    const texts = [1, 2, 65_535, 65_536, 65_537, 200_000, 3].map((size, index) => String(index).repeat(size));
    appendAll(log, ...texts);
    appendAll(log, ...texts);
    await log.sync();
    log.close();
    expect(openLog(disk).payloads).to.deep.equal([...texts, ...texts]);
  });

  it('takes a range of the buffer, and of the framed one leaves all but the header as it was', async () => {
    const disk = new MemoryDisk();
    const { log } = openLog(disk);
    const buffer = Buffer.from('ab' + '................' + 'payload' + 'yz');
    log.append(buffer, 18, 25);
    log.appendFramed(buffer, 2, 25);
    expect(buffer.toString('latin1')).to.match(/^ab.{16}payloadyz$/s);
    await log.sync();
    expect(openLog(disk.kill()).payloads).to.deep.equal(['payload', 'payload']);
  });

  it('appends payloads that lie one behind the other with one write, each a frame of its own', async () => {
    let appends = 0;
    const plan = ({ name }: Step): undefined => void (appends += Number(name === 'append'));
    const disk = new MemoryDisk({ plan });
    const { log } = openLog(disk);
    const header = '.'.repeat(FRAME_HEADER_BYTES);
    const buffer = Buffer.from(`ab${header}first${header}second${header}!yz`);
    const ends = [1, 2, 3].map((frames) => 2 + frames * FRAME_HEADER_BYTES + [5, 11, 12][frames - 1]);
    appendAll(log, 'before');
    appends = 0;
    log.appendAllFramed(buffer, 2, ends);
    expect(appends).to.equal(1);
    expect(log.position).to.equal(4 * FRAME_HEADER_BYTES + 'beforefirstsecond!'.length);
    await log.sync();
    appendAll(log, 'behind');
    await log.sync();
    expect(openLog(disk.kill()).payloads).to.deep.equal(['before', 'first', 'second', '!', 'behind']);
  });

  it('appends all of such payloads, or none', async () => {
    const { disk, state } = diskWithLittleRoom(['append'], 'ENOSPC', 40);
    const { log } = openLog(disk);
    appendAll(log, 'a');
    const { position } = log;
    state.hasRoom = false;
    const buffer = Buffer.from(`${'.'.repeat(FRAME_HEADER_BYTES)}first${'.'.repeat(FRAME_HEADER_BYTES)}second`);
    const ends = [FRAME_HEADER_BYTES + 5, buffer.length];
    thrownBy(DiskFullError, () => log.appendAllFramed(buffer, 0, ends));
    expect(log.position).to.equal(position);
    state.hasRoom = true;
    log.appendAllFramed(buffer, 0, ends);
    await log.sync();
    expect(openLog(disk.crash(keepNothing)).payloads).to.deep.equal(['a', 'first', 'second']);
  });

  it('counts in its position what it appended, headers too', () => {
    const { log } = openLog(new MemoryDisk());
    appendAll(log, 'abc');
    expect(log.position).to.equal(FRAME_HEADER_BYTES + 3);
    log.rotate();
    appendAll(log, 'de');
    expect(log.position).to.equal(2 * FRAME_HEADER_BYTES + 5);
    expect(log.syncedPosition).to.equal(0);
  });

  it('names the file that a payload came from', () => {
    const disk = new MemoryDisk();
    const { log } = openLog(disk);
    appendAll(log, 'a');
    log.rotate();
    appendAll(log, 'b');
    log.close();
    expect(openLog(disk).sources).to.deep.equal([segment(1), segment(2)]);
  });

  it('refuses a payload of no bytes, or of too many', () => {
    const { log } = openLog(new MemoryDisk());
    expect(() => log.append(Buffer.alloc(0))).to.throw(AssertionError);
    const length = FRAME_PAYLOAD_BYTES_MAX + 1;
    expect(() => log.append({ length } as Uint8Array)).to.throw(AssertionError);
  });

  it('allows payloads of 513 MB', () => {
    expect(FRAME_PAYLOAD_BYTES_MAX).to.be.greaterThan(513 * 2 ** 20);
  });
});

describe('AppendOnlyFile open', () => {
  it('goes on in the last segment', async () => {
    const disk = new MemoryDisk();
    for (const text of ['a', 'b', 'c']) {
      const { log } = openLog(disk);
      appendAll(log, text);
      await log.sync();
      log.close();
    }
    expect(disk.list('/data/aof')).to.deep.equal(['0000000001.aof']);
    expect(openLog(disk).payloads).to.deep.equal(['a', 'b', 'c']);
  });

  it('makes durable what a killed process had not synced', () => {
    const disk = new MemoryDisk();
    const { log } = openLog(disk);
    appendAll(log, 'a');
    log.rotate();
    appendAll(log, 'b');
    const next = disk.kill();
    expect(openLog(next).payloads).to.deep.equal(['a', 'b']);
    expect(openLog(next.crash(keepNothing)).payloads).to.deep.equal(['a', 'b']);
  });

  it('writes again what a process left whose sync failed: the system takes it for written, and it is not', async () => {
    const { disk, arm } = diskThatFails('sync', { kind: 'error', code: 'EIO' });
    const { log } = openLog(disk);
    appendAll(log, 'a');
    await log.sync();
    appendAll(log, 'b');
    arm();
    expect(await log.sync().catch((cause: unknown) => cause)).to.be.instanceOf(LogFailedError);
    const next = disk.kill();
    expect(openLog(next).payloads).to.deep.equal(['a', 'b']);
    expect(openLog(next.crash(keepNothing)).payloads).to.deep.equal(['a', 'b']);
  });

  it('leaves foreign files alone, and says so', () => {
    const disk = new MemoryDisk();
    openLog(disk).log.close();
    for (const name of ['notes.txt', '0000000000.aof', '9999999999.aof', '1.aof']) {
      disk.plant(`/data/aof/${name}`, Buffer.from('mine'));
    }
    expect(openLog(disk).reports)
      .to.have.length(4)
      .and.to.include('/data/aof/notes.txt is not a file of the log: left alone');
    expect(disk.contentOf('/data/aof/9999999999.aof').toString()).to.equal('mine');
  });
});

describe('AppendOnlyFile sync', () => {
  it('makes everything appended before durable, and reports the position', async () => {
    const disk = new MemoryDisk();
    const { log, synced } = openLog(disk);
    appendAll(log, 'a', 'b');
    const { position } = log;
    await log.sync();
    expect(log.syncedPosition).to.equal(position);
    expect(synced).to.deep.equal([position]);
    appendAll(log, 'c');
    expect(openLog(disk.crash(keepNothing)).payloads).to.deep.equal(['a', 'b']);
  });

  it('is shared: one runs, one more serves all who came meanwhile', async () => {
    const { disk, endSync } = disksWithHeldSyncs();
    const { log, synced } = openLog(disk);
    const before = disk.syncCount;
    const done: number[] = [];
    const positions: number[] = [];
    for (let i = 0; i < 10; i++) {
      appendAll(log, `payload ${i}`);
      positions.push(log.position);
      void log.sync().then(() => done.push(i));
      log.requestSync();
    }
    expect(disk.syncCount - before).to.equal(1);
    await endSync();
    expect(done).to.deep.equal([0]);
    expect(synced).to.deep.equal([positions[0]]);
    expect(disk.syncCount - before).to.equal(2);
    await endSync();
    expect(done).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(synced).to.deep.equal([positions[0], positions[9]]);
    expect(await endSync()).to.equal(false);
    expect(disk.syncCount - before).to.equal(2);
  });

  it('costs nothing when all is durable', async () => {
    const disk = new MemoryDisk();
    const { log } = openLog(disk);
    appendAll(log, 'a');
    await log.sync();
    const { stepCount } = disk;
    await log.sync();
    log.requestSync();
    await settled();
    expect(disk.stepCount).to.equal(stepCount);
  });

  it('does not call back from inside a call', () => {
    const { log, synced } = openLog(new MemoryDisk());
    appendAll(log, 'a');
    log.requestSync();
    void log.sync();
    expect(synced).to.deep.equal([]);
  });
});

describe('AppendOnlyFile rotate', () => {
  it('happens by itself when a segment is full', () => {
    const disk = new MemoryDisk();
    const { log } = openLog(disk, { segmentBytesMax: 200 });
    const texts = Array.from({ length: 10 }, (_, index) => `${index}`.repeat(70));
    appendAll(log, ...texts);
    expect(log.segmentNumber).to.equal(5);
    expect(openLog(disk.kill(), { segmentBytesMax: 200 }).payloads).to.deep.equal(texts);
  });

  it('reports no later segment durable before the earlier ones', async () => {
    const { disk, endSync } = disksWithHeldSyncs();
    const { log, synced } = openLog(disk);
    appendAll(log, 'a');
    const first = log.position;
    log.rotate();
    appendAll(log, 'b');
    void log.sync();
    await endSync(); // the directory
    expect(synced).to.deep.equal([]);
    await endSync(); // segment 1
    expect(synced).to.deep.equal([first]);
    await endSync(); // segment 2
    expect(synced).to.deep.equal([first, log.position]);
  });

  it('makes the old segment durable unasked, then says so in the new one', async () => {
    const disk = new MemoryDisk();
    const { log, synced } = openLog(disk);
    appendAll(log, 'a');
    log.rotate();
    await settled();
    expect(synced).to.deep.equal([log.position]);
    expect(disk.contentOf(segment(2))).to.have.length(FILE_HEADER_BYTES + FRAME_HEADER_BYTES);
    expect(openLog(disk.crash(keepNothing)).payloads).to.deep.equal(['a']);
  });

  it('leaves no gap when segments follow each other faster than the directory is synced', () => {
    const { disk } = disksWithHeldSyncs();
    const { log } = openLog(disk);
    for (let time = 0; time < 3; time++) {
      appendAll(log, 'a');
      log.rotate();
    }
    const lastOnly = { ...keepNothing, keepsEntry: (path: string) => path.endsWith('4.aof') };
    expect(openLog(disk.crash(lastOnly)).payloads).to.deep.equal([]);
  });
});

describe('AppendOnlyFile failed', () => {
  const broken: Fault = { kind: 'error', code: 'EIO', takenBytes: 5 };

  it('latches a failed write: nothing more is appended, written or synced', async () => {
    const { disk, arm } = diskThatFails('append', broken);
    const { log, failures } = openLog(disk);
    appendAll(log, 'a');
    await log.sync();
    arm();
    const error = thrownBy(LogFailedError, () => log.append(Buffer.from('b')));
    expect(error.cause).to.be.instanceOf(DiskError).with.property('code', 'EIO');
    expect(log.failed).to.equal(error);
    const { stepCount } = disk;
    expect(thrownBy(LogFailedError, () => log.append(Buffer.from('c')))).to.equal(error);
    expect(thrownBy(LogFailedError, () => appendAll(log, 'c'))).to.equal(error);
    expect(thrownBy(LogFailedError, () => log.rotate())).to.equal(error);
    expect(await log.sync().catch((cause: unknown) => cause)).to.equal(error);
    log.requestSync();
    await settled();
    log.close();
    expect(disk.stepCount).to.equal(stepCount);
    expect(failures).to.deep.equal([error]);
    expect(openLog(disk.kill()).payloads).to.deep.equal(['a']);
  });

  it('latches a failed sync, and all who wait hear of it', async () => {
    const { disk, arm } = diskThatFails('sync', broken);
    const { log, failures, synced } = openLog(disk);
    appendAll(log, 'a');
    arm();
    const waiting = [log.sync(), log.sync()].map((promise) => promise.catch((cause: unknown) => cause));
    const errors = await Promise.all(waiting);
    expect(errors).to.deep.equal([log.failed, log.failed]);
    expect(log.failed?.cause).to.be.instanceOf(DiskError).with.property('code', 'EIO');
    expect(() => appendAll(log, 'b')).to.throw(LogFailedError);
    expect(failures).to.deep.equal([log.failed]);
    expect(synced).to.deep.equal([]);
    expect(openLog(disk.crash(keepNothing)).payloads).to.deep.equal([]);
  });

  it('latches a failed sync of the directory, and of a retired segment', async () => {
    for (const name of ['syncdir', 'sync'] as const) {
      const { disk, arm } = diskThatFails(name, broken);
      const { log, failures } = openLog(disk);
      appendAll(log, 'a');
      arm();
      log.rotate();
      appendAll(log, 'b');
      await settled();
      expect(failures, name).to.have.length(1);
      expect(log.syncedPosition).to.equal(0);
    }
  });

  it('latches a segment that cannot be made', () => {
    const { disk, arm } = diskThatFails('create', broken);
    const { log, failures } = openLog(disk);
    appendAll(log, 'a');
    arm();
    expect(() => log.rotate()).to.throw(LogFailedError, 'create failed');
    expect(failures).to.have.length(1);
  });

  it('hears nothing of a sync that ends after a failed write', async () => {
    const { disk, endSync } = disksWithHeldSyncs();
    const { log, synced } = openLog(disk);
    appendAll(log, 'a');
    const waiting = log.sync().catch((cause: unknown) => cause);
    disk.remove(segment(1));
    disk.plant(segment(2), Buffer.from('in the way'));
    expect(() => log.rotate()).to.throw(LogFailedError);
    await endSync();
    expect(await waiting).to.equal(log.failed);
    expect(synced).to.deep.equal([]);
  });
});

describe('AppendOnlyFile isEmpty', () => {
  it('says whether anything is in the log that was not released, after a restart too', async () => {
    const disk = new MemoryDisk();
    const { log } = openLog(disk);
    expect([log.isEmpty, log.segmentBytes]).to.deep.equal([true, FILE_HEADER_BYTES]);
    appendAll(log, 'a');
    expect([log.isEmpty, log.segmentBytes]).to.deep.equal([false, FILE_HEADER_BYTES + FRAME_HEADER_BYTES + 1]);
    log.rotate();
    await log.whenDurable(1);
    const [flushed] = log.closedSegments;
    expect([log.isEmpty, log.segmentBytes]).to.deep.equal([false, disk.sizeOf(segment(2))]);
    await log.release(1);
    expect(log.isEmpty).to.equal(true);
    const { log: next } = openLog(disk.kill(), { flushed });
    expect(next.isEmpty).to.equal(true);
    appendAll(next, 'b');
    next.close();
    expect(openLog(disk.kill(), { flushed }).log.isEmpty).to.equal(false);
  });
});

describe('AppendOnlyFile close', () => {
  it('says in the file that all is durable, if it is', async () => {
    const disk = new MemoryDisk();
    const { log } = openLog(disk);
    appendAll(log, 'a');
    await log.sync();
    const size = disk.contentOf(segment(1)).length;
    log.close();
    log.close();
    expect(disk.contentOf(segment(1))).to.have.length(size + FRAME_HEADER_BYTES);
    const second = openLog(disk).log;
    appendAll(second, 'b');
    second.close();
    expect(disk.contentOf(segment(1))).to.have.length(size + 2 * FRAME_HEADER_BYTES + 1);
    expect(() => appendAll(second, 'c')).to.throw(AssertionError);
  });

  it('tells whoever waits for a sync', async () => {
    const { disk } = disksWithHeldSyncs();
    const { log } = openLog(disk);
    appendAll(log, 'a');
    const waiting = log.sync().catch((cause: unknown) => cause);
    log.close();
    expect(await waiting)
      .to.be.instanceOf(Error)
      .with.property('message')
      .that.includes('closed');
  });
});
