import { expect } from 'chai';

import { DiskError } from '../../../lib/base/errors.js';
import { LogFailedError } from '../../../lib/storage/log/aof-failed-error.js';
import { FRAME_HEADER_BYTES } from '../../../lib/storage/log/aof-frame.js';
import { DiskFullError } from '../../../lib/storage/log/disk-full-error.js';
import { keepEverything, keepNothing } from '../../sim/crash-fate.js';
import type { Fault, Step } from '../../sim/memory-disk.js';
import { MemoryDisk } from '../../sim/memory-disk.js';
import type { LogOptions } from './aof-harness.js';
import { appendAll, openLog, segment, settled, thrownBy } from './aof-harness.js';
import { diskThatFails, diskWithLittleRoom } from './aof-disks.js';

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
