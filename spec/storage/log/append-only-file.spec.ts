import { expect } from 'chai';

import { AssertionError } from '../../../lib/base/assert.js';
import { DiskError } from '../../../lib/base/errors.js';
import { LogFailedError } from '../../../lib/storage/log/aof-failed-error.js';
import { FILE_HEADER_BYTES, FRAME_HEADER_BYTES, FRAME_PAYLOAD_BYTES_MAX } from '../../../lib/storage/log/aof-frame.js';
import { keepNothing } from '../../sim/crash-fate.js';
import type { Fault, Step } from '../../sim/memory-disk.js';
import { MemoryDisk } from '../../sim/memory-disk.js';
import { appendAll, base, openLog, segment, settled, thrownBy } from './aof-harness.js';

/** A disk whose syncs end when `endSync` is called, which says whether there was one. */
function disksWithHeldSyncs(): { disk: MemoryDisk; endSync: () => Promise<boolean> } {
  const ends: (() => void)[] = [];
  const disk = new MemoryDisk({ later: (run) => ends.push(run) });
  const endSync = async (): Promise<boolean> => {
    const end = ends.shift();
    end?.();
    await settled();
    return end !== undefined;
  };
  return { disk, endSync };
}

/** A disk on which the n-th step of this name, counted from `arm()`, goes wrong. */
function diskThatFails(name: Step['name'], fault: Fault, nth = 1): { disk: MemoryDisk; arm: () => void } {
  let left = Infinity;
  const plan = (step: Step): Fault | undefined => (step.name === name && --left === 0 ? fault : undefined);
  return { disk: new MemoryDisk({ plan }), arm: () => (left = nth) };
}

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
    const { log } = openLog(disk, '/data', 200);
    const texts = Array.from({ length: 10 }, (_, index) => `${index}`.repeat(70));
    appendAll(log, ...texts);
    expect(log.segmentNumber).to.equal(5);
    expect(openLog(disk.kill(), '/data', 200).payloads).to.deep.equal(texts);
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
    log.rotate();
    log.rotate();
    log.rotate();
    const lastOnly = { ...keepNothing, keepsEntry: (path: string) => path.endsWith('4.aof') };
    expect(openLog(disk.crash(lastOnly)).payloads).to.deep.equal([]);
  });
});

describe('AppendOnlyFile failed', () => {
  const full: Fault = { kind: 'error', code: 'ENOSPC', takenBytes: 5 };
  const broken: Fault = { kind: 'error', code: 'EIO' };

  it('latches a failed write: nothing more is appended, written or synced', async () => {
    const { disk, arm } = diskThatFails('append', full);
    const { log, failures } = openLog(disk);
    appendAll(log, 'a');
    await log.sync();
    arm();
    const error = thrownBy(LogFailedError, () => log.append(Buffer.from('b')));
    expect(error.cause).to.be.instanceOf(DiskError).with.property('code', 'ENOSPC');
    expect(log.failed).to.equal(error);
    const { stepCount } = disk;
    expect(thrownBy(LogFailedError, () => log.append(Buffer.from('c')))).to.equal(error);
    expect(thrownBy(LogFailedError, () => appendAll(log, 'c'))).to.equal(error);
    expect(thrownBy(LogFailedError, () => log.rotate())).to.equal(error);
    expect(thrownBy(LogFailedError, () => log.beginRewrite())).to.equal(error);
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
    const { disk, arm } = diskThatFails('create', full);
    const { log, failures } = openLog(disk);
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

describe('AppendOnlyFile beginRewrite', () => {
  it('puts the snapshot in place of the segments before it', async () => {
    const disk = new MemoryDisk();
    const { log } = openLog(disk);
    appendAll(log, 'a', 'b');
    log.rotate();
    appendAll(log, 'c');
    const rewrite = log.beginRewrite();
    rewrite.append(Buffer.from('abc'));
    appendAll(log, 'd');
    rewrite.appendFramed(Buffer.from('?'.repeat(FRAME_HEADER_BYTES) + 'more'), 0, FRAME_HEADER_BYTES + 4);
    await rewrite.finish();
    expect(disk.list('/data/aof')).to.deep.equal(['0000000002.base', '0000000003.aof']);
    expect(openLog(disk.kill()).payloads).to.deep.equal(['abc', 'more', 'd']);
  });

  it('can be done again, and once more after a restart', async () => {
    const disk = new MemoryDisk();
    for (let round = 0; round < 3; round++) {
      const { log } = openLog(disk);
      for (let time = 0; time < 2; time++) {
        appendAll(log, 'x');
        const rewrite = log.beginRewrite();
        rewrite.append(Buffer.from(`snapshot ${round} ${time}`));
        await rewrite.finish();
      }
      appendAll(log, `after ${round}`);
      await log.sync();
      log.close();
    }
    expect(disk.list('/data/aof')).to.deep.equal(['0000000006.base', '0000000007.aof']);
    expect(openLog(disk).payloads).to.deep.equal(['snapshot 2 1', 'after 2']);
  });

  it('makes the log durable before the snapshot counts', async () => {
    const disk = new MemoryDisk();
    const { log } = openLog(disk);
    const rewrite = log.beginRewrite();
    appendAll(log, 'seen by the snapshot');
    rewrite.append(Buffer.from('snapshot'));
    await rewrite.finish();
    expect(log.syncedPosition).to.equal(log.position);
    expect(openLog(disk.crash(keepNothing)).payloads).to.deep.equal(['snapshot', 'seen by the snapshot']);
  });

  it('writes large snapshots, of small and large payloads, and syncs them bit by bit', async () => {
    const disk = new MemoryDisk();
    const { log } = openLog(disk);
    const rewrite = log.beginRewrite();
    const before = disk.syncCount;
    const sizes = [10, 300_000, 65_520, 65_521, 5, ...Array.from({ length: 200 }, () => 70_000)];
    const texts = sizes.map((size, index) => String.fromCharCode(97 + (index % 26)).repeat(size));
    for (const text of texts) {
      rewrite.append(Buffer.from(text));
      await rewrite.caughtUp();
    }
    expect(disk.syncCount - before).to.be.within(3, 8);
    await rewrite.finish();
    expect(openLog(disk.crash(keepNothing)).payloads).to.deep.equal(texts);
  });

  it('lets the caller wait for a disk that is slower than the writing', async () => {
    const { disk, endSync } = disksWithHeldSyncs();
    const { log } = openLog(disk);
    const rewrite = log.beginRewrite();
    while (await endSync()); // of the rotation
    const part = Buffer.alloc(2 ** 20);
    for (let i = 0; i < 10; i++) rewrite.append(part);
    let isCaughtUp = false;
    const caughtUp = rewrite.caughtUp().then(() => (isCaughtUp = true));
    await settled();
    expect(isCaughtUp).to.equal(false);
    await endSync();
    await caughtUp;
  });

  it('leaves everything as it was when it is aborted, and may begin anew', async () => {
    const disk = new MemoryDisk();
    const { log } = openLog(disk);
    appendAll(log, 'a');
    const rewrite = log.beginRewrite();
    rewrite.append(Buffer.from('snapshot'));
    expect(() => log.beginRewrite()).to.throw(AssertionError);
    rewrite.abort();
    rewrite.abort();
    expect(() => rewrite.append(Buffer.from('more'))).to.throw('aborted');
    appendAll(log, 'b');
    expect(disk.list('/data/aof')).to.deep.equal(['0000000001.aof', '0000000002.aof']);
    const again = log.beginRewrite();
    again.append(Buffer.from('ab'));
    await again.finish();
    expect(openLog(disk.kill()).payloads).to.deep.equal(['ab']);
  });

  it('fails alone when only the snapshot cannot be written, and the log goes on', async () => {
    const { disk, arm } = diskThatFails('append', { kind: 'error', code: 'ENOSPC', takenBytes: 100 });
    const { log } = openLog(disk);
    appendAll(log, 'a');
    const rewrite = log.beginRewrite();
    await settled();
    arm();
    expect(() => rewrite.append(Buffer.alloc(300_000))).to.throw(DiskError, 'injected');
    const error = await rewrite.finish().catch((cause: unknown) => cause);
    expect(error).to.be.instanceOf(DiskError);
    expect(log.failed).to.equal(undefined);
    appendAll(log, 'b');
    await log.sync();
    expect(disk.list('/data/aof')).to.deep.equal(['0000000001.aof', '0000000002.aof']);
    expect(openLog(disk.crash(keepNothing)).payloads).to.deep.equal(['a', 'b']);
  });

  it('fails alone when the snapshot cannot be synced', async () => {
    const { disk, arm } = diskThatFails('sync', { kind: 'error', code: 'EIO' });
    const { log } = openLog(disk);
    appendAll(log, 'a');
    const rewrite = log.beginRewrite();
    rewrite.append(Buffer.from('snapshot'));
    await log.sync();
    arm();
    expect(await rewrite.finish().catch((cause: unknown) => cause)).to.be.instanceOf(DiskError);
    expect(log.failed).to.equal(undefined);
    expect(openLog(disk.kill()).payloads).to.deep.equal(['a']);
  });

  it('fails the log when its name cannot be made durable: the names of segments are in the same directory', async () => {
    const { disk, arm } = diskThatFails('syncdir', { kind: 'error', code: 'EIO' });
    const { log, failures } = openLog(disk);
    appendAll(log, 'a');
    const rewrite = log.beginRewrite();
    rewrite.append(Buffer.from('snapshot'));
    await log.sync();
    arm();
    expect(await rewrite.finish().catch((cause: unknown) => cause)).to.be.instanceOf(LogFailedError);
    expect(failures).to.deep.equal([log.failed]);
    expect(disk.exists(segment(1))).to.equal(true);
    expect(openLog(disk.kill()).payloads).to.deep.equal(['snapshot']);
  });

  it('is aborted when the log is closed, also while it finishes', async () => {
    const { disk, endSync } = disksWithHeldSyncs();
    const { log } = openLog(disk);
    appendAll(log, 'a');
    const rewrite = log.beginRewrite();
    rewrite.append(Buffer.from('snapshot'));
    const finished = rewrite.finish().catch((cause: unknown) => cause);
    await endSync();
    log.close();
    expect(await finished).to.be.instanceOf(Error);
    while (await endSync());
    expect(openLog(disk.kill()).payloads).to.deep.equal(['a']);
  });

  it('may begin anew while the files that the last one replaced are being removed', async () => {
    const { disk, endSync } = disksWithHeldSyncs();
    const { log } = openLog(disk);
    const rewrite = log.beginRewrite();
    rewrite.append(Buffer.from('snapshot'));
    const finished = rewrite.finish();
    while (disk.exists(segment(1))) await endSync();
    rewrite.abort();
    const again = log.beginRewrite();
    again.append(Buffer.from('snapshot again'));
    const finishedAgain = again.finish();
    while (await endSync());
    await finished;
    await finishedAgain;
    expect(openLog(disk.kill()).payloads).to.deep.equal(['snapshot again']);
  });

  it('goes on when an old file cannot be removed, and the next start removes it', async () => {
    const { disk, arm } = diskThatFails('remove', { kind: 'error', code: 'EIO' });
    const { log, reports } = openLog(disk);
    const rewrite = log.beginRewrite();
    rewrite.append(Buffer.from('snapshot'));
    arm();
    await rewrite.finish();
    expect(reports.join()).to.include('removing it failed');
    expect(disk.list('/data/aof')).to.include('0000000001.aof');
    const next = disk.kill();
    expect(openLog(next).payloads).to.deep.equal(['snapshot']);
    expect(next.list('/data/aof')).to.deep.equal(['0000000001.base', '0000000002.aof']);
  });
});

describe('AppendOnlyFile sizeBytes', () => {
  it('is the size of the files that are there, through rotations, rewrites and restarts', async () => {
    const disk = new MemoryDisk();
    let { log } = openLog(disk);
    const check = (): void => {
      const names = disk.list('/data/aof');
      const size = (name: string): number => disk.contentOf(`/data/aof/${name}`).length;
      const sum = (sizes: number[]): number => sizes.reduce((total, bytes) => total + bytes, 0);
      expect(log.sizeBytes).to.equal(sum(names.map(size)));
      expect(log.baseSizeBytes).to.equal(sum(names.filter((name) => name.endsWith('.base')).map(size)));
    };
    check();
    for (let round = 0; round < 3; round++) {
      appendAll(log, 'abc');
      log.rotate();
      appendAll(log, 'defg');
      check();
      await log.sync();
      const rewrite = log.beginRewrite();
      rewrite.append(Buffer.from('abcdefg'));
      await rewrite.finish();
      check();
      await log.sync();
      log.close();
      ({ log } = openLog(disk));
      check();
    }
    expect(disk.exists(base(6))).to.equal(true);
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
