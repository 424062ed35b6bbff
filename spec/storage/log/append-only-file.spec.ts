import { expect } from 'chai';

import { AssertionError } from '../../../lib/base/assert.js';
import { DiskError } from '../../../lib/base/errors.js';
import { LogFailedError } from '../../../lib/storage/log/aof-failed-error.js';
import {
  FILE_HEADER_BYTES,
  FRAME_HEADER_BYTES,
  FRAME_PAYLOAD_BYTES_MAX,
  decodeFileHeader,
} from '../../../lib/storage/log/aof-frame.js';
import type { AppendOnlyFile, ClosedSegment } from '../../../lib/storage/log/append-only-file.js';
import { DiskFullError } from '../../../lib/storage/log/disk-full-error.js';
import { keepEverything, keepNothing } from '../../sim/crash-fate.js';
import type { Fault, Step } from '../../sim/memory-disk.js';
import { MemoryDisk } from '../../sim/memory-disk.js';
import type { LogOptions, OpenedLog } from './aof-harness.js';
import { appendAll, openLog, segment, settled, thrownBy } from './aof-harness.js';

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

/** A disk that has no room for these steps while `hasRoom` is false. */
function diskWithLittleRoom(names: readonly Step['name'][], code: string, takenBytes = 0) {
  const state = { hasRoom: true };
  const plan = ({ name }: Step): Fault | undefined =>
    state.hasRoom || !names.includes(name) ? undefined : { kind: 'error', code, takenBytes };
  return { disk: new MemoryDisk({ plan }), state };
}

describe('AppendOnlyFile without room', () => {
  it('takes nothing of the payload, in both forms, and takes it when there is room again', async () => {
    for (const code of ['ENOSPC', 'EDQUOT']) {
      for (const takenBytes of [0, 1, FRAME_HEADER_BYTES, 30]) {
        const { disk, state } = diskWithLittleRoom(['append'], code, takenBytes);
        const { log, failures } = openLog(disk);
        appendAll(log, 'before');
        const { position, sizeBytes } = log;
        state.hasRoom = false;
        const framed = Buffer.from('?'.repeat(FRAME_HEADER_BYTES) + 'a payload of some length', 'latin1');
        const large = Buffer.alloc(100_000, 'l');
        for (let time = 0; time < 3; time++) {
          const error = thrownBy(DiskFullError, () => log.appendFramed(framed, 0, framed.length));
          expect(error).to.include({ code: 'DISKFULL', path: segment(1) });
          expect(error.cause).to.be.instanceOf(DiskError).with.property('code', code);
          expect(error.message).to.include(segment(1)).and.include('no room');
          thrownBy(DiskFullError, () => log.append(large));
        }
        expect([log.position, log.sizeBytes, disk.sizeOf(segment(1))]).to.deep.equal([position, sizeBytes, sizeBytes]);
        expect([log.failed, failures]).to.deep.equal([undefined, []]);
        state.hasRoom = true;
        log.appendFramed(framed, 0, framed.length);
        log.append(large);
        await log.sync();
        const expected = ['before', 'a payload of some length', large.toString('latin1')];
        expect(openLog(disk.crash(keepNothing)).payloads).to.deep.equal(expected);
      }
    }
  });

  it('cuts off the header of a large payload, too, that was written before it', () => {
    const { disk, arm } = diskThatFails('append', { kind: 'error', code: 'ENOSPC', takenBytes: 70_000 }, 2);
    const { log } = openLog(disk);
    const { sizeBytes } = log;
    arm();
    expect(() => log.append(Buffer.alloc(100_000))).to.throw(DiskFullError);
    expect(disk.sizeOf(segment(1))).to.equal(sizeBytes);
  });

  it('syncs what was appended before, and a sync that runs meanwhile ends well', async () => {
    const ends: (() => void)[] = [];
    let hasRoom = true;
    const full: Fault = { kind: 'error', code: 'ENOSPC', takenBytes: 20 };
    const plan = ({ name }: Step): Fault | undefined => (name === 'append' && !hasRoom ? full : undefined);
    const disk = new MemoryDisk({ plan, later: (run) => ends.push(run) });
    const { log, synced } = openLog(disk);
    appendAll(log, 'a');
    log.requestSync();
    hasRoom = false;
    expect(() => appendAll(log, 'b')).to.throw(DiskFullError);
    ends.shift()?.();
    await settled();
    expect(synced).to.deep.equal([log.position]);
    expect(openLog(disk.crash(keepNothing)).payloads).to.deep.equal(['a']);
  });

  it('makes the cut durable before there is a next segment, which says how long this one is', () => {
    const { disk, state } = diskWithLittleRoom(['append'], 'ENOSPC', 9);
    const { log } = openLog(disk);
    appendAll(log, 'a');
    state.hasRoom = false;
    thrownBy(DiskFullError, () => appendAll(log, 'b'));
    state.hasRoom = true;
    log.rotate();
    appendAll(log, 'c');
    const undone = { ...keepEverything, keepsTruncation: () => false };
    expect(openLog(disk.crash(undone)).payloads).to.deep.equal(['a', 'c']);
  });

  it('does not take the cut for durable when a sync ends that began before it', async () => {
    const ends: (() => void)[] = [];
    let hasRoom = true;
    const full: Fault = { kind: 'error', code: 'ENOSPC', takenBytes: 9 };
    const plan = ({ name }: Step): Fault | undefined => (name === 'append' && !hasRoom ? full : undefined);
    const disk = new MemoryDisk({ plan, later: (run) => ends.push(run) });
    const { log } = openLog(disk);
    appendAll(log, 'a');
    log.requestSync();
    hasRoom = false;
    thrownBy(DiskFullError, () => appendAll(log, 'b'));
    ends.shift()?.();
    await settled();
    hasRoom = true;
    log.rotate();
    const undone = { ...keepEverything, keepsTruncation: () => false };
    expect(openLog(disk.crash(undone)).payloads).to.deep.equal(['a']);
  });

  it('latches if what was written cannot be cut off again', () => {
    let isBroken = false;
    const plan = ({ name }: Step): Fault | undefined =>
      isBroken ? { kind: 'error', code: name === 'truncate' ? 'EIO' : 'ENOSPC', takenBytes: 20 } : undefined;
    const { log, failures } = openLog(new MemoryDisk({ plan }));
    isBroken = true;
    const error = thrownBy(LogFailedError, () => appendAll(log, 'a'));
    expect(error.cause).to.have.property('code', 'EIO');
    expect(failures).to.deep.equal([error]);
    isBroken = false;
    expect(thrownBy(LogFailedError, () => appendAll(log, 'b'))).to.equal(error);
  });

  it('stays in its segment when there is none for the next one, and goes on in that when there is', async () => {
    const kinds: [Step['name'], string][] = [
      ['create', 'ENOSPC'],
      ['create', 'EDQUOT'],
      ['create', 'EMFILE'],
      ['create', 'ENFILE'],
      ['append', 'ENOSPC'],
    ];
    for (const [name, code] of kinds) {
      const { disk, state } = diskWithLittleRoom([name], code, 17);
      const rotated: number[] = [];
      const options: LogOptions = { segmentBytesMax: 100, onRotated: ({ number }) => rotated.push(number) };
      const { log } = openLog(disk, options);
      appendAll(log, 'a'.repeat(100));
      state.hasRoom = false;
      for (let time = 0; time < 3; time++) {
        expect(thrownBy(DiskFullError, () => appendAll(log, 'b')).path).to.equal(segment(2));
        thrownBy(DiskFullError, () => log.rotate());
      }
      expect([log.segmentNumber, log.closedSegments, log.failed, rotated]).to.deep.equal([1, [], undefined, []]);
      expect(disk.list('/data/aof')).to.deep.equal(['0000000001.aof']);
      await log.sync();
      state.hasRoom = true;
      appendAll(log, 'b');
      expect([log.segmentNumber, rotated]).to.deep.equal([2, [1]]);
      await log.sync();
      expect(openLog(disk.crash(keepNothing)).payloads).to.deep.equal(['a'.repeat(100), 'b']);
    }
  });

  it('latches if the half-made next segment cannot be removed', () => {
    const plan = ({ name, path }: Step): Fault | undefined =>
      path === segment(2) && name !== 'create' ? { kind: 'error', code: 'ENOSPC' } : undefined;
    const { log } = openLog(new MemoryDisk({ plan }));
    appendAll(log, 'a');
    expect(() => log.rotate()).to.throw(LogFailedError, 'could neither be written nor removed');
  });

  it('latches EMFILE at a write: that is no want of room', () => {
    const { disk, arm } = diskThatFails('append', { kind: 'error', code: 'EMFILE' });
    const { log } = openLog(disk);
    arm();
    expect(() => appendAll(log, 'a')).to.throw(LogFailedError);
  });

  it('leaves out a seal, and says so in the next frame that it can write', async () => {
    const { disk, state } = diskWithLittleRoom(['append'], 'ENOSPC', 9);
    const { log, failures } = openLog(disk);
    appendAll(log, 'a');
    log.rotate();
    appendAll(log, 'b');
    const size = disk.sizeOf(segment(2));
    state.hasRoom = false;
    await log.sync();
    log.close();
    expect([disk.sizeOf(segment(2)), failures]).to.deep.equal([size, []]);
    expect(openLog(disk.crash(keepNothing)).payloads).to.deep.equal(['a', 'b']);
  });
});

describe('AppendOnlyFile closedSegments', () => {
  const facts = (disk: MemoryDisk, number: number): ClosedSegment => {
    const content = disk.contentOf(segment(number));
    const header = decodeFileHeader(segment(number), 'segment', content);
    if (header === undefined) throw new Error('no header');
    return { number, sizeBytes: content.length, fileId: header.fileId, nextFileId: header.nextFileId };
  };

  it('are those behind the current one, as they are on the disk, of this instance and of those before', async () => {
    const disk = new MemoryDisk();
    const rotated: ClosedSegment[] = [];
    const options: LogOptions = { segmentBytesMax: 200, onRotated: (closed) => rotated.push(closed) };
    let { log } = openLog(disk, options);
    expect(log.closedSegments).to.deep.equal([]);
    for (let round = 0; round < 3; round++) {
      appendAll(log, 'x'.repeat(180), 'y'.repeat(50));
      log.rotate();
      const expected = Array.from({ length: log.segmentNumber - 1 }, (_, index) => facts(disk, index + 1));
      expect(log.closedSegments).to.deep.equal(expected);
      expect(rotated).to.deep.equal(expected);
      await log.sync();
      log.close();
      ({ log } = openLog(disk, options));
      expect(log.closedSegments).to.deep.equal(expected);
    }
  });

  it('are told of before the append that closed one goes on', () => {
    const seen: unknown[] = [];
    const { log } = openLog(new MemoryDisk(), {
      segmentBytesMax: 50,
      onRotated: ({ number }) => seen.push([number, log.segmentNumber, log.closedSegments.length, log.position]),
    });
    appendAll(log, 'x'.repeat(60));
    appendAll(log, 'y');
    expect(seen).to.deep.equal([[1, 2, 1, 76]]);
  });

  it('never hold one without payloads: it is not rotated, also when it is full or has a seal', async () => {
    const disk = new MemoryDisk();
    const { log } = openLog(disk, { segmentBytesMax: 1 });
    expect(log.rotate()).to.equal(false);
    appendAll(log, 'a');
    expect(log.rotate()).to.equal(true);
    await settled();
    expect(disk.sizeOf(segment(2))).to.equal(FILE_HEADER_BYTES + FRAME_HEADER_BYTES);
    expect(log.rotate()).to.equal(false);
    log.close();
    const { log: next } = openLog(disk);
    expect(next.rotate()).to.equal(false);
    appendAll(next, 'b');
    next.close();
    const { log: last } = openLog(disk);
    expect(last.rotate()).to.equal(true);
    expect(last.closedSegments.map(({ number }) => number)).to.deep.equal([1, 2]);
  });
});

describe('AppendOnlyFile whenDurable', () => {
  it('resolves when the segment and the name of the next are durable, in order', async () => {
    const { disk, endSync } = disksWithHeldSyncs();
    const { log } = openLog(disk);
    const durable: number[] = [];
    for (const number of [1, 2]) {
      appendAll(log, 'a');
      log.rotate();
      void log.whenDurable(number).then(() => durable.push(number));
    }
    const seen: number[][] = [];
    while (await endSync()) seen.push([...durable]);
    // The directory with the name of 2, then with that of 3; segment 1, segment 2, the header of 3.
    expect(seen).to.deep.equal([[], [], [1], [1, 2], [1, 2]]);
    await log.whenDurable(1);
    expect(() => log.whenDurable(3)).to.throw(AssertionError);
  });

  it('waits for the name of the next segment also where a sync covered all before the rotation', async () => {
    const { disk, endSync } = disksWithHeldSyncs();
    const { log } = openLog(disk);
    appendAll(log, 'a');
    log.requestSync();
    log.rotate();
    let isDurable = false;
    void log.whenDurable(1).then(() => (isDurable = true));
    await endSync(); // segment 1
    expect([isDurable, log.syncedPosition]).to.deep.equal([false, log.position]);
    void log.whenDurable(1).then(() => (isDurable = true));
    await settled();
    expect(isDurable).to.equal(false);
    expect(openLog(disk.crash(keepNothing)).log.segmentNumber).to.equal(1);
    const second = disksWithHeldSyncs();
    const { log: other } = openLog(second.disk);
    appendAll(other, 'a');
    other.requestSync();
    other.rotate();
    const waiting = other.whenDurable(1);
    await second.endSync(); // segment 1
    await second.endSync(); // the directory
    await waiting;
    expect(second.disk.crash(keepNothing).exists(segment(2))).to.equal(true);
  });

  it('resolves for what was there at the start', async () => {
    const disk = new MemoryDisk();
    const { log } = openLog(disk);
    appendAll(log, 'a');
    log.rotate();
    appendAll(log, 'b');
    const { log: next } = openLog(disk.kill());
    await next.whenDurable(1);
  });

  it('rejects when the log fails or is closed before, and goes on resolving for what is durable', async () => {
    const { disk, arm } = diskThatFails('sync', { kind: 'error', code: 'EIO' });
    const { log } = openLog(disk);
    appendAll(log, 'a');
    log.rotate();
    await log.whenDurable(1);
    appendAll(log, 'b');
    await settled();
    arm();
    log.rotate();
    const error = await log.whenDurable(2).catch((cause: unknown) => cause);
    expect(error).to.be.instanceOf(LogFailedError).and.to.equal(log.failed);
    expect(await log.whenDurable(2).catch((cause: unknown) => cause)).to.equal(error);
    await log.whenDurable(1);

    const held = disksWithHeldSyncs();
    const { log: other } = openLog(held.disk);
    appendAll(other, 'a');
    other.rotate();
    const waiting = other.whenDurable(1).catch((cause: unknown) => cause);
    other.close();
    expect(String(await waiting)).to.include('was closed');
  });
});

describe('AppendOnlyFile release', () => {
  const threeClosed = async (disk: MemoryDisk): Promise<OpenedLog> => {
    const opened = openLog(disk);
    for (const text of ['a', 'b', 'c']) {
      appendAll(opened.log, text);
      opened.log.rotate();
    }
    appendAll(opened.log, 'd');
    await opened.log.whenDurable(3);
    return opened;
  };

  it('removes closed segments in order, and sizeBytes tells', async () => {
    const disk = new MemoryDisk();
    const { log } = await threeClosed(disk);
    const sizeOnDisk = (): number =>
      disk.list('/data/aof').reduce((total, name) => total + disk.sizeOf(`/data/aof/${name}`), 0);
    expect(log.sizeBytes).to.equal(sizeOnDisk());
    const [, second] = log.closedSegments;
    for (const number of [1, 2]) {
      const released = log.release(number);
      expect(log.closedSegments[0].number).to.equal(number + 1);
      await released;
      expect(disk.list('/data/aof')).to.have.length(4 - number);
      expect(log.sizeBytes).to.equal(sizeOnDisk());
    }
    expect(openLog(disk.kill(), { flushed: second }).payloads).to.deep.equal(['c', 'd']);
  });

  it('leaves the files where they are while the log is held, and takes them away when nobody holds it', async () => {
    const disk = new MemoryDisk();
    const { log } = await threeClosed(disk);
    log.hold();
    log.hold();
    const { sizeBytes } = log;
    await log.release(1);
    await log.release(2);
    log.unhold();
    await settled();
    expect(disk.list('/data/aof')).to.have.length(4);
    expect(log.sizeBytes).to.be.lessThan(sizeBytes);
    log.unhold();
    await settled();
    expect(disk.list('/data/aof')).to.deep.equal(['0000000003.aof', '0000000004.aof']);
    await log.release(3);
    expect(disk.list('/data/aof')).to.have.length(1);
  });

  it('leaves to the next start what was held when the log was closed', async () => {
    const disk = new MemoryDisk();
    const { log } = await threeClosed(disk);
    const [first] = log.closedSegments;
    log.hold();
    await log.release(1);
    log.close();
    log.unhold();
    await settled();
    expect(disk.list('/data/aof')).to.have.length(4);
    openLog(disk.kill(), { flushed: first });
    expect(disk.kill().list('/data/aof')).to.have.length(3);
  });

  it('takes no other than the oldest, none that is not durable, and not the current one', async () => {
    const refused = async (log: AppendOnlyFile, number: number): Promise<void> => {
      expect(await log.release(number).catch((cause: unknown) => cause)).to.be.instanceOf(AssertionError);
    };
    const { log } = await threeClosed(new MemoryDisk());
    for (const number of [0, 2, 3, 4]) await refused(log, number);
    await log.release(1);
    await refused(log, 1);
    const held = openLog(disksWithHeldSyncs().disk).log;
    appendAll(held, 'a');
    held.rotate();
    await refused(held, 1);
    await refused(held, 2);
  });

  it('reports a file that cannot be removed, and leaves it to the next start', async () => {
    const { disk, arm } = diskThatFails('remove', { kind: 'error', code: 'EIO' });
    const { log, reports } = await threeClosed(disk);
    const [first] = log.closedSegments;
    arm();
    await log.release(1);
    expect(reports).to.have.length(1);
    expect(reports[0]).to.include(`${segment(1)}: removing it failed`);
    expect(log.closedSegments).to.have.length(2);
    const next = disk.kill();
    expect(next.exists(segment(1))).to.equal(true);
    openLog(next, { flushed: first });
    expect(next.exists(segment(1))).to.equal(false);
  });

  it('does nothing when the log is closed, and goes on when it has failed', async () => {
    const { disk, arm } = diskThatFails('append', { kind: 'error', code: 'EIO' });
    const { log } = await threeClosed(disk);
    arm();
    expect(() => appendAll(log, 'e')).to.throw(LogFailedError);
    await log.release(1);
    expect(disk.exists(segment(1))).to.equal(false);
    log.close();
    await log.release(2);
    expect(disk.exists(segment(2))).to.equal(true);
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
