import { expect } from 'chai';

import { CorruptionError } from '../../../lib/base/errors.js';
import {
  FILE_HEADER_BYTES,
  FRAME_HEADER_BYTES,
  decodeFileHeader,
  encodeFileHeader,
} from '../../../lib/storage/log/aof-frame.js';
import type { ClosedSegment, FlushedLog } from '../../../lib/storage/log/append-only-file.js';
import { keepEverything, keepNothing, keepOnlyAppend } from '../../sim/crash-fate.js';
import type { Fault, Step } from '../../sim/memory-disk.js';
import { MemoryDisk, PowerFailure } from '../../sim/memory-disk.js';
import { appendAll, openLog, segment, settled, thrownBy } from './aof-harness.js';

const DIRECTORY = '/data/aof';
const PAYLOADS = ['first', 'second payload', 'x'.repeat(300), 'fourth', 'fifth and last'];

/** The offsets at which the frames of these payloads begin, and where the last ends. */
function offsetsOf(payloads: readonly string[]): number[] {
  const offsets = [FILE_HEADER_BYTES];
  for (const payload of payloads) offsets.push(offsets[offsets.length - 1] + FRAME_HEADER_BYTES + payload.length);
  return offsets;
}

/** A disk whose process was killed after it had appended these, a segment each, and synced none. */
function unsyncedSegments(...segments: string[][]): MemoryDisk {
  const disk = new MemoryDisk({ later: () => undefined });
  const { log } = openLog(disk);
  segments.forEach((payloads, index) => {
    if (index > 0) log.rotate();
    appendAll(log, ...payloads);
  });
  return disk.kill();
}

/** The same, but every segment but the last is durable, and the last says so. */
async function sealedSegments(...segments: string[][]): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const { log } = openLog(disk);
  for (const [index, payloads] of segments.entries()) {
    if (index > 0) log.rotate();
    await settled();
    appendAll(log, ...payloads);
  }
  return disk.kill();
}

/** A copy of the disk in which one file is changed. */
function changed(disk: MemoryDisk, path: string, change: (content: Buffer) => Uint8Array): MemoryDisk {
  const copy = new MemoryDisk();
  copy.makeDirectory(DIRECTORY);
  for (const name of disk.list(DIRECTORY)) copy.plant(`${DIRECTORY}/${name}`, disk.contentOf(`${DIRECTORY}/${name}`));
  copy.plant(path, change(Buffer.from(copy.contentOf(path))));
  return copy;
}

const flipped =
  (bit: number) =>
  (content: Buffer): Buffer => {
    content[bit >> 3] ^= 1 << (bit & 7);
    return content;
  };
const cutTo =
  (length: number) =>
  (content: Buffer): Buffer =>
    content.subarray(0, length);

/** The files of the log and their content. */
function stateOf(disk: MemoryDisk): string[] {
  return disk.list(DIRECTORY).map((name) => `${name} ${disk.contentOf(`${DIRECTORY}/${name}`).toString('hex')}`);
}

/** The log refuses to start, names this place, says what to do, and leaves the disk as it is. */
function expectRefused(disk: MemoryDisk, path: string, offset: number, why = '', flushed?: FlushedLog): void {
  const before = stateOf(disk);
  const error = thrownBy(CorruptionError, () => openLog(disk, { flushed }));
  expect([error.path, error.offset], error.message).to.deep.equal([path, offset]);
  expect(error.message).to.include(why).and.include('Restore the data directory from a backup');
  expect(stateOf(disk)).to.deep.equal(before);
}

describe('AppendOnlyFile open, with a torn tail', () => {
  it('keeps the whole frames before it, wherever it is torn, cuts it and says so', () => {
    const disk = unsyncedSegments(PAYLOADS);
    const offsets = offsetsOf(PAYLOADS);
    for (let length = offsets[2]; length < offsets[5]; length++) {
      const whole = offsets.findLastIndex((offset) => offset <= length);
      const torn = changed(disk, segment(1), cutTo(length));
      const { payloads, reports, log } = openLog(torn);
      expect(payloads).to.deep.equal(PAYLOADS.slice(0, whole));
      expect(torn.contentOf(segment(1))).to.have.length(offsets[whole]);
      const lost = length - offsets[whole];
      expect(reports).to.have.length(lost > 0 ? 1 : 0);
      if (lost > 0) expect(reports[0]).to.include(`cut at offset ${offsets[whole]}: ${lost} bytes`);
      appendAll(log, 'after');
      expect(openLog(torn.kill()).payloads).to.deep.equal([...PAYLOADS.slice(0, whole), 'after']);
    }
  });

  it('cuts zeros and garbage behind the last frame', () => {
    const disk = unsyncedSegments(PAYLOADS);
    for (const tail of [Buffer.alloc(5000), Buffer.alloc(5000, 0xa5)]) {
      const { payloads, reports } = openLog(changed(disk, segment(1), (content) => Buffer.concat([content, tail])));
      expect(payloads).to.deep.equal(PAYLOADS);
      expect(reports.join()).to.include('5000 bytes');
    }
  });

  it('makes the cut durable before anything is appended', () => {
    const disk = changed(unsyncedSegments(PAYLOADS), segment(1), cutTo(200));
    openLog(disk);
    expect(disk.crash(keepNothing).contentOf(segment(1))).to.have.length(offsetsOf(PAYLOADS)[2]);
  });

  it('refuses lost sectors of what a restart has made durable', () => {
    const first = unsyncedSegments(['x'.repeat(1500)]);
    appendAll(openLog(first).log, 'after');
    const disk = changed(first.kill(), segment(1), (content) => content.fill(0, 512, 1024));
    expectRefused(disk, segment(1), FILE_HEADER_BYTES, 'durable');
  });

  it('takes lost sectors among unsynced frames for a crash, and drops the frames behind them', () => {
    const texts = Array.from({ length: 8 }, (_, index) => String(index).repeat(400));
    for (let kept = 0; kept < texts.length; kept++) {
      const disk = new MemoryDisk();
      appendAll(openLog(disk).log, ...texts);
      const { payloads } = openLog(disk.crash(keepOnlyAppend(kept)));
      // The sector of the first frame holds the beginning of the second, too.
      expect(payloads).to.deep.equal(kept < 2 ? texts.slice(0, kept + 1) : []);
    }
  });

  it('sees a lost sector also where the frame behind it begins with a zero in that sector', () => {
    const texts = ['x'.repeat(500), 'y'.repeat(963), 'z'.repeat(256)];
    expect(offsetsOf(texts)[2]).to.equal(3 * 512 - 1);
    const disk = changed(unsyncedSegments(texts), segment(1), (content) => content.fill(0, 1024, 1536));
    expect(openLog(disk).payloads).to.deep.equal(texts.slice(0, 1));
  });

  it('refuses lost sectors that were durable when a later frame was written', async () => {
    const disk = new MemoryDisk();
    const { log } = openLog(disk);
    for (let index = 0; index < 8; index++) {
      appendAll(log, String(index).repeat(400));
      await log.sync();
    }
    const frame = FRAME_HEADER_BYTES + 400;
    const damaged = changed(disk.kill(), segment(1), (content) => content.fill(0, 512, 1024));
    expectRefused(damaged, segment(1), FILE_HEADER_BYTES + frame, 'durable');
  });
});

describe('AppendOnlyFile open, with a flipped bit', () => {
  it('refuses it in any frame but the last, synced or not, and names file and offset', async () => {
    const segments = [['one', 'two'], PAYLOADS];
    for (const disk of [unsyncedSegments(...segments), await sealedSegments(...segments)]) {
      for (const number of [1, 2]) {
        const { length } = disk.contentOf(segment(number));
        const lastFrame = FRAME_HEADER_BYTES + (number === 1 ? 'two'.length : PAYLOADS[4].length);
        const sealBytes = number === 2 ? length - offsetsOf(PAYLOADS)[5] : 0;
        const starts = number === 1 ? offsetsOf(segments[0]) : offsetsOf(PAYLOADS).map((offset) => offset + sealBytes);
        for (let byte = FILE_HEADER_BYTES; byte < length - lastFrame; byte++) {
          const start = starts.findLast((offset) => offset <= byte) ?? FILE_HEADER_BYTES;
          expectRefused(changed(disk, segment(number), flipped(8 * byte + (byte % 8))), segment(number), start);
        }
      }
    }
  });

  it('refuses it in the last frame of a segment that was durable', async () => {
    const disk = await sealedSegments(['one', 'two'], ['three']);
    const [, start, end] = offsetsOf(['one', 'two']);
    for (let bit = 8 * start; bit < 8 * end; bit++) {
      expectRefused(changed(disk, segment(1), flipped(bit)), segment(1), start, 'durable');
    }
  });

  it('refuses it there also when nothing but the seal was written since', async () => {
    const disk = await sealedSegments(['one', 'two'], []);
    const [, start] = offsetsOf(['one', 'two']);
    expectRefused(changed(disk, segment(1), flipped(8 * start)), segment(1), start, 'durable');
  });

  it('refuses it anywhere in a log that was closed in order', async () => {
    const disk = new MemoryDisk();
    const { log } = openLog(disk);
    appendAll(log, ...PAYLOADS);
    await log.sync();
    log.close();
    const end = offsetsOf(PAYLOADS)[5];
    for (let byte = 0; byte < end; byte++) {
      expect(() => openLog(changed(disk, segment(1), flipped(8 * byte + (byte % 8))))).to.throw(CorruptionError);
    }
  });

  it('takes it for a torn tail in the last frame of an unsynced log: nothing tells the two apart', () => {
    const { payloads } = openLog(changed(unsyncedSegments(PAYLOADS), segment(1), flipped(8 * offsetsOf(PAYLOADS)[4])));
    expect(payloads).to.deep.equal(PAYLOADS.slice(0, 4));
  });

  it('refuses it in the header of any segment', async () => {
    const disk = await sealedSegments(['one'], ['two']);
    for (const number of [1, 2]) {
      for (let bit = 0; bit < 8 * FILE_HEADER_BYTES; bit++) {
        const damaged = changed(disk, segment(number), flipped(bit));
        expect(thrownBy(CorruptionError, () => openLog(damaged)).path).to.equal(segment(number));
      }
    }
  });
});

describe('AppendOnlyFile open, with several segments', () => {
  it('refuses to start without one in the middle, or the first', () => {
    for (const number of [1, 2, 3]) {
      const disk = unsyncedSegments(['a'], ['b'], ['c'], ['d']);
      disk.remove(segment(number));
      expectRefused(disk, segment(number), 0, `${segment(number + 1)} is there`);
    }
  });

  it('drops those behind a tail that was lost before it was durable, loudly', () => {
    const disk = unsyncedSegments(['a', 'b'], ['c'], ['d']);
    const [, second, end] = offsetsOf(['a', 'b']);
    for (let length = second; length < end; length++) {
      const torn = changed(disk, segment(1), cutTo(length));
      const { payloads, reports } = openLog(torn);
      expect(payloads).to.deep.equal(['a']);
      expect(torn.list(DIRECTORY)).to.deep.equal(['0000000001.aof']);
      const size = FILE_HEADER_BYTES + FRAME_HEADER_BYTES + 1;
      expect(reports.slice(0, 2)).to.deep.equal([
        `${segment(3)}: removed, ${size} bytes: a crash lost the end of ${segment(1)}, and this was written after it`,
        `${segment(2)}: removed, ${size} bytes: a crash lost the end of ${segment(1)}, and this was written after it`,
      ]);
    }
  });

  it('refuses a torn tail when a later segment says that it was durable', async () => {
    const disk = await sealedSegments(['a', 'b'], ['c'], ['d']);
    const [, second, end] = offsetsOf(['a', 'b']);
    for (let length = second; length < end; length++) {
      expectRefused(changed(disk, segment(1), cutTo(length)), segment(1), second, 'durable');
    }
  });

  it('finds what says so behind damage, too', async () => {
    const disk = await sealedSegments(['a', 'b'], ['c']);
    const [, second] = offsetsOf(['a', 'b']);
    const torn = changed(disk, segment(1), cutTo(second + 3));
    expectRefused(changed(torn, segment(2), flipped(8 * FILE_HEADER_BYTES)), segment(1), second, 'durable');
  });

  it('refuses a segment that is longer than the next one says', () => {
    const disk = unsyncedSegments(['a'], ['b']);
    const [, end] = offsetsOf(['a']);
    expectRefused(
      changed(disk, segment(1), (bytes) => Buffer.concat([bytes, bytes.subarray(FILE_HEADER_BYTES)])),
      segment(1),
      end,
    );
    expectRefused(
      changed(disk, segment(1), (bytes) => Buffer.concat([bytes, Buffer.alloc(9)])),
      segment(1),
      end,
    );
    // Whole frames behind that size are no better.
    const header = decodeFileHeader(segment(2), 'segment', disk.contentOf(segment(2)));
    if (header === undefined) throw new Error('no header');
    const shorter = encodeFileHeader({ ...header, previousBytes: FILE_HEADER_BYTES });
    const replaced = changed(disk, segment(2), (bytes) => Buffer.concat([shorter, bytes.subarray(FILE_HEADER_BYTES)]));
    expectRefused(replaced, segment(1), FILE_HEADER_BYTES);
  });

  it('refuses a segment of another log, and one under another number', () => {
    const disk = unsyncedSegments(['a'], ['b']);
    const foreign = unsyncedSegments(['a'], ['b']).contentOf(segment(2));
    expectRefused(
      changed(disk, segment(2), () => foreign),
      segment(2),
      16,
      'does not belong',
    );
    const renamed = disk.contentOf(segment(1));
    expectRefused(
      changed(disk, segment(2), () => renamed),
      segment(2),
      12,
      'number 1',
    );
  });

  it('takes a last one without a header for absent', () => {
    for (let length = 0; length < FILE_HEADER_BYTES; length++) {
      const disk = changed(unsyncedSegments(['a'], ['b']), segment(2), cutTo(length));
      const { payloads, reports, log } = openLog(disk);
      expect(payloads).to.deep.equal(['a']);
      expect(reports).to.deep.equal([
        `${segment(2)}: removed, ${length} bytes: a crash came before its header was written`,
      ]);
      log.rotate();
      appendAll(log, 'c');
      expect(openLog(disk.kill()).payloads).to.deep.equal(['a', 'c']);
    }
  });

  it('takes one whose header is a lost sector for absent, unless something in it was durable', async () => {
    const payloads = ['x'.repeat(700), 'second', 'third'];
    const lost = (content: Buffer): Buffer => content.fill(0, 0, 512);
    expect(openLog(changed(unsyncedSegments(['a'], payloads), segment(2), lost)).payloads).to.deep.equal(['a']);

    const disk = new MemoryDisk();
    const { log } = openLog(disk);
    appendAll(log, 'a');
    log.rotate();
    for (const payload of payloads) {
      appendAll(log, payload);
      await log.sync();
    }
    expectRefused(changed(disk.kill(), segment(2), lost), segment(2), 0, 'durable');
  });

  it('makes anew a first one that a crash left without a header, and refuses one that has data', () => {
    const disk = unsyncedSegments(['a']);
    for (let length = 0; length < FILE_HEADER_BYTES; length++) {
      const { payloads, log } = openLog(changed(disk, segment(1), cutTo(length)));
      expect(payloads).to.deep.equal([]);
      appendAll(log, 'b');
    }
    expectRefused(
      changed(disk, segment(1), (bytes) => bytes.fill(0, 0, FILE_HEADER_BYTES)),
      segment(1),
      0,
    );
    const gone = changed(unsyncedSegments(['a'], ['b']), segment(1), cutTo(0));
    expect(() => openLog(gone)).to.throw(CorruptionError);
  });
});

/** A disk whose process was killed after segments that hold their numbers; and what is known of those before the last. */
async function numbered(count: number): Promise<{ disk: MemoryDisk; closed: readonly ClosedSegment[] }> {
  const disk = new MemoryDisk();
  const { log } = openLog(disk);
  for (let number = 1; number <= count; number++) {
    if (number > 1) log.rotate();
    appendAll(log, String(number));
    await log.sync();
  }
  return { disk: disk.kill(), closed: log.closedSegments };
}

describe('AppendOnlyFile open, with a flushed part', () => {
  it('replays what is behind it, and removes what is left of it', async () => {
    for (let number = 1; number <= 3; number++) {
      const { disk, closed } = await numbered(4);
      const { log, payloads, reports } = openLog(disk, { flushed: closed[number - 1] });
      const live = [1, 2, 3, 4].slice(number);
      expect(payloads).to.deep.equal(live.map(String));
      expect([...log.closedSegments.map((segment) => segment.number), log.segmentNumber]).to.deep.equal(live);
      expect(disk.list(DIRECTORY)).to.deep.equal(live.map((n) => `000000000${n}.aof`));
      expect(reports).to.have.length(number);
      expect(reports[0]).to.match(/0000000001.aof: removed, \d+ bytes: what it holds is in tables/);
    }
  });

  it('does not so much as read what is left of it, and does not mind if that cannot be removed', async () => {
    const { disk, closed } = await numbered(3);
    disk.plant(segment(1), Buffer.from('anything'));
    disk.remove(segment(2));
    disk.plant(segment(2), Buffer.alloc(0));
    const plan = ({ name }: Step): Fault | undefined =>
      name === 'remove' ? { kind: 'error', code: 'EIO' } : undefined;
    const unwilling = disk.kill({ plan });
    const { payloads, reports } = openLog(unwilling, { flushed: closed[1] });
    expect(payloads).to.deep.equal(['3']);
    expect(reports.map((report) => report.slice(0, report.indexOf(' failed')))).to.deep.equal([
      `${segment(1)}: removing it`,
      `${segment(2)}: removing it`,
    ]);
    expect(openLog(unwilling.kill(), { flushed: closed[1] }).payloads).to.deep.equal(['3']);
  });

  it('refuses to start without the first segment behind it while later ones are there', async () => {
    const { disk, closed } = await numbered(4);
    disk.remove(segment(3));
    expectRefused(disk, segment(3), 0, `${segment(4)} is there`, closed[1]);
    disk.remove(segment(1));
    disk.remove(segment(2));
    expectRefused(disk, segment(3), 0, `${segment(4)} is there`, closed[1]);
    expectRefused(disk, segment(1), 0, `${segment(4)} is there`);
  });

  it('refuses a segment behind it that has another id', async () => {
    const { disk, closed } = await numbered(3);
    const other = await numbered(3);
    expectRefused(disk, segment(2), 16, 'does not belong', other.closed[0]);
    expectRefused(disk, segment(3), 16, 'does not belong', { ...closed[1], nextFileId: closed[1].fileId });
  });

  it('makes the segment behind it, durable and with its id, when there is none', async () => {
    for (const isLeft of [true, false]) {
      const { disk, closed } = await numbered(3);
      disk.remove(segment(3));
      if (!isLeft) for (const number of [1, 2]) disk.remove(segment(number));
      const { log, payloads } = openLog(disk, { flushed: closed[1] });
      expect(payloads).to.deep.equal([]);
      expect(log.segmentNumber).to.equal(3);
      const next = disk.crash(keepNothing);
      const header = decodeFileHeader(segment(3), 'segment', next.contentOf(segment(3)));
      expect(header?.fileId).to.deep.equal(closed[1].nextFileId);
      const { log: again } = openLog(next, { flushed: closed[1] });
      appendAll(again, 'more');
      expect(openLog(next.kill(), { flushed: closed[1] }).payloads).to.deep.equal(['more']);
    }
  });

  it('begins with segment 1 and the id that it is given when nothing is flushed yet', () => {
    const nextFileId = { high: 7, low: 8 };
    const disk = new MemoryDisk();
    const { log } = openLog(disk, { flushed: { number: 0, nextFileId } });
    appendAll(log, 'a');
    const header = decodeFileHeader(segment(1), 'segment', disk.contentOf(segment(1)));
    expect(header?.fileId).to.deep.equal(nextFileId);
    const next = disk.kill();
    expect(openLog(next, { flushed: { number: 0, nextFileId } }).payloads).to.deep.equal(['a']);
    expectRefused(next, segment(1), 16, 'does not belong', { number: 0, nextFileId: { high: 7, low: 9 } });
  });

  it('takes one without a header behind it for absent, unless something in it was durable', async () => {
    for (const isDurable of [false, true]) {
      const ends: (() => void)[] = [];
      const disk = new MemoryDisk({ later: (run) => ends.push(run) });
      const { log } = openLog(disk);
      appendAll(log, 'a');
      log.rotate();
      appendAll(log, 'x'.repeat(700), 'more');
      for (let time = 0; isDurable && time < 9; time++) {
        ends.shift()?.();
        await settled();
      }
      appendAll(log, 'most');
      const flushed = log.closedSegments[0];
      const damaged = changed(disk.kill(), segment(2), (content) => content.fill(0, 0, 512));
      if (isDurable) {
        expectRefused(damaged, segment(2), 0, 'durable', flushed);
      } else {
        const { payloads, log: next } = openLog(damaged, { flushed });
        expect(payloads).to.deep.equal([]);
        expect([next.segmentNumber, next.closedSegments]).to.deep.equal([2, []]);
      }
    }
  });
});

describe('AppendOnlyFile open, with a log that must exist', () => {
  it('refuses to begin a new one where the files are missing, and names the first of them', async () => {
    for (const flushed of [undefined, (await numbered(2)).closed[0]]) {
      const disk = new MemoryDisk();
      disk.makeDirectory('/data/aof');
      const error = thrownBy(CorruptionError, () => openLog(disk, { flushed, mustExist: true }));
      expect(error).to.include({ path: segment(flushed === undefined ? 1 : 2), offset: 0 });
      expect(error.message).to.include('missing');
      expect(disk.list('/data/aof')).to.deep.equal([]);
    }
  });

  it('refuses one whose first file lost a header that was durable', () => {
    const disk = new MemoryDisk();
    openLog(disk).log.close();
    for (const change of [cutTo(0), (bytes: Buffer) => bytes.fill(0)]) {
      const damaged = changed(disk.kill(), segment(1), change);
      expect(() => openLog(damaged, { mustExist: true })).to.throw(CorruptionError, 'durable');
    }
  });

  it('finds it again whatever of the start a crash has undone, the first file behind the tables without a header too', async () => {
    const { disk: killed, closed } = await numbered(2);
    const flushed = closed[0];
    // The segment was begun, and a crash has left nothing of it but its name, or zeros.
    for (const change of [cutTo(0), cutTo(20), (bytes: Buffer) => bytes.fill(0)]) {
      const damaged = changed(killed, segment(2), change);
      const whole = damaged.crash(keepEverything);
      const { reports } = openLog(whole, { flushed, mustExist: true });
      expect(reports).to.include(`${segment(2)}: begun anew: a crash came before its header was written`);
      for (let step = 1; step <= whole.stepCount; step++) {
        for (const fate of [keepNothing, keepEverything]) {
          const failing = damaged.crash(keepEverything, {
            plan: ({ number }) => (number === step ? { kind: 'power' } : undefined),
          });
          expect(() => openLog(failing, { flushed, mustExist: true })).to.throw(PowerFailure);
          const { log, payloads } = openLog(failing.crash(fate), { flushed, mustExist: true });
          expect([payloads, log.segmentNumber]).to.deep.equal([[], 2]);
          appendAll(log, 'more');
        }
      }
    }
  });
});

describe('AppendOnlyFile open, with a snapshot from before there were tables', () => {
  it('refuses it, and says which file it is', async () => {
    const { disk } = await numbered(2);
    disk.plant(`${DIRECTORY}/0000000001.base`, Buffer.from('ringkvB'));
    const before = stateOf(disk);
    const error = thrownBy(CorruptionError, () => openLog(disk));
    expect(error.path).to.equal(`${DIRECTORY}/0000000001.base`);
    expect(error.message).to.include('from before there were tables').and.include('Nothing was changed');
    expect(stateOf(disk)).to.deep.equal(before);
  });
});
