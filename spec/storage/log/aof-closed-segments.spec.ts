import { expect } from 'chai';

import { AssertionError } from '../../../lib/base/assert.js';
import { LogFailedError } from '../../../lib/storage/log/aof-failed-error.js';
import { FILE_HEADER_BYTES, FRAME_HEADER_BYTES, decodeFileHeader } from '../../../lib/storage/log/aof-frame.js';
import type { AppendOnlyFile, ClosedSegment } from '../../../lib/storage/log/append-only-file.js';
import { keepNothing } from '../../sim/crash-fate.js';
import { MemoryDisk } from '../../sim/memory-disk.js';
import type { LogOptions, OpenedLog } from './aof-harness.js';
import { appendAll, openLog, segment, settled } from './aof-harness.js';
import { diskThatFails, disksWithHeldSyncs } from './aof-disks.js';

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
