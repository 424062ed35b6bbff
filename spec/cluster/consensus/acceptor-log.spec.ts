import { crc32 } from 'node:zlib';

import { expect } from 'chai';
import { CorruptionError, DiskError } from '../../../lib/base/errors.js';
import { slotOf } from '../../../lib/base/position.js';
import { AcceptorLog } from '../../../lib/cluster/consensus/acceptor-log.js';
import type { AcceptorState } from '../../../lib/cluster/consensus/acceptor.js';
import { NO_BALLOT } from '../../../lib/cluster/consensus/ballot.js';
import { FILE_HEADER_BYTES } from '../../../lib/storage/log/aof-frame.js';
import { checkConsensus } from '../../../lib/tools/check-consensus.js';
import { Findings } from '../../../lib/tools/findings.js';
import { keepEverything, keepNothing } from '../../sim/crash-fate.js';
import type { Fault, Step } from '../../sim/memory-disk.js';
import { MemoryDisk } from '../../sim/memory-disk.js';
import { SeededRandom } from '../../sim/seeded-random.js';

const DIRECTORY = '/data/consensus';
const MARK = '/data/cluster/acceptor';
/** Of the files' format. */
const VERSION = 3;

function rethrow(error: Error): void {
  throw error;
}

function openLog(disk: MemoryDisk, onFailed: (error: DiskError) => void = rethrow): AcceptorLog {
  const log = new AcceptorLog({
    disk,
    random: new SeededRandom(1),
    directory: DIRECTORY,
    mark: MARK,
    onFailed,
    onSynced: () => undefined,
  });
  log.open();
  return log;
}

function slotOfName(name: string): number {
  return slotOf(Buffer.from(name), 0, name.length);
}

const accepted = (round: number, text: string): AcceptorState => ({
  promised: { round: round + 1, proposer: 1 },
  accepted: { round, proposer: 1 },
  entry: text,
});

function putOne(log: AcceptorLog, round: number): AcceptorLog {
  log.put('key', accepted(round, 'value'));
  return log;
}

/** Resolves when all that was put is durable. */
function durable(log: AcceptorLog): Promise<void> {
  return new Promise((resolve) => {
    log.whenDurable(resolve);
    log.flush();
  });
}

function newDisk(plan?: (step: Step) => Fault | undefined): MemoryDisk {
  const disk = new MemoryDisk(plan && { plan });
  disk.makeDirectory('/data');
  disk.syncDirectory('/');
  return disk;
}

const bytesOn = (disk: MemoryDisk): number =>
  disk.list(DIRECTORY).reduce((sum, name) => sum + disk.sizeOf(`${DIRECTORY}/${name}`), 0);

describe('AcceptorLog', () => {
  it('has after a crash what it has said to be durable: promises and what was accepted', async () => {
    const disk = newDisk();
    const log = openLog(disk);
    log.put('promised', { promised: { round: 7, proposer: 3 }, accepted: NO_BALLOT, entry: '' });
    log.put('accepted', accepted(4, 'value'));
    await durable(log);
    log.put('accepted', accepted(5, 'lost'));
    const again = openLog(disk.crash(keepNothing));
    expect(again.get('promised')?.promised).to.deep.equal({ round: 7, proposer: 3 });
    expect(again.get('accepted')).to.deep.equal(accepted(4, 'value'));
    expect(again.size).to.equal(2);
  });

  it('goes on after any number of restarts, also without a crash', async () => {
    let disk = newDisk();
    for (let round = 1; round <= 5; round++) {
      const log = openLog(disk);
      if (round > 1) expect(log.get('key')).to.deep.equal(accepted(round - 1, `value ${round - 1}`));
      log.put('key', accepted(round, `value ${round}`));
      await durable(log);
      disk = round % 2 === 0 ? disk.crash(keepNothing) : disk.kill();
    }
  });

  it('writes everything again when a file has grown, and forgets nothing', async () => {
    const disk = newDisk();
    const log = openLog(disk);
    const text = 'x'.repeat(20_000);
    for (let i = 0; i < 20; i++) log.put(`kept ${i}`, accepted(i + 1, `${i}`));
    for (let round = 1; round <= 1500; round++) {
      log.put('hot', accepted(round, text));
      if (round % 10 === 0) await durable(log);
    }
    expect(bytesOn(disk)).to.be.below(20_000_000);
    const again = openLog(disk.crash(keepNothing));
    expect(again.get('hot')?.accepted.round).to.equal(1500);
    for (let i = 0; i < 20; i++) expect(again.get(`kept ${i}`)).to.deep.equal(accepted(i + 1, `${i}`));
  });

  it('forgets a state for good, and keeps the floor of its slot; a state that comes after that is kept', async () => {
    const disk = newDisk();
    const log = openLog(disk);
    log.put('gone', accepted(4, 'value'));
    log.put('again', accepted(4, 'value'));
    log.put('kept', accepted(4, 'value'));
    await durable(log);
    const { usedBytes } = log;
    for (const name of ['gone', 'again']) {
      log.raiseFloor(slotOfName(name), { round: 5, proposer: 1 });
      log.forget(name);
    }
    expect(log.hasSlot(slotOfName('gone'))).to.equal(false);
    log.put('again', accepted(7, 'new'));
    log.raiseFloor(slotOfName('gone'), { round: 2, proposer: 1 });
    await durable(log);
    expect(log.usedBytes).to.be.below(usedBytes);
    for (const state of [log, openLog(disk.crash(keepNothing))]) {
      expect([...state.keys()].sort()).to.deep.equal(['again', 'kept']);
      expect(state.get('again')).to.deep.equal(accepted(7, 'new'));
      expect(state.floorOf(slotOfName('gone'))).to.deep.equal({ round: 5, proposer: 1 });
      expect(state.floorOf(slotOfName('kept'))).to.deep.equal(NO_BALLOT);
    }
  });

  it('does not bring back what was forgotten, whichever of the files that were written again a crash leaves', async () => {
    const disk = newDisk();
    let log = openLog(disk);
    log.put('gone', accepted(4, 'value'));
    log.put('kept', accepted(4, 'value'));
    await durable(log);
    const first = [...disk.list(DIRECTORY)];
    const old = Buffer.from(disk.contentOf(`${DIRECTORY}/${first[0]}`));
    // Each start begins another file.
    for (let start = 0; start < 2; start++) {
      log = openLog(disk);
      if (start === 0) log.raiseFloor(slotOfName('gone'), { round: 5, proposer: 1 });
      log.forget('gone');
      log.put('other', accepted(start + 1, 'value'));
      await durable(log);
      await durable(log);
    }
    expect(disk.list(DIRECTORY)).to.not.include(first[0]);
    disk.plant(`${DIRECTORY}/${first[0]}`, old);
    const again = openLog(disk.kill());
    expect([...again.keys()].sort()).to.deep.equal(['kept', 'other']);
    expect(again.floorOf(slotOfName('gone'))).to.deep.equal({ round: 5, proposer: 1 });
  });

  it('waits while the disk is full, and says that it is durable when it is', async () => {
    let isFull = false;
    const disk = newDisk(({ name }) =>
      isFull && name === 'append' ? { kind: 'error', code: 'ENOSPC', takenBytes: 5 } : undefined,
    );
    const log = openLog(disk);
    log.put('key', accepted(1, 'before'));
    await durable(log);
    isFull = true;
    log.put('key', accepted(2, 'after'));
    let isDurable = false;
    log.whenDurable(() => (isDurable = true));
    log.flush();
    await Promise.resolve();
    expect(isDurable).to.equal(false);
    isFull = false;
    await durable(log);
    expect(isDurable).to.equal(true);
    expect(openLog(disk.crash(keepNothing)).get('key')).to.deep.equal(accepted(2, 'after'));
  });

  it('goes on when a file has grown while there is no room for the next one', async () => {
    let isFull = false;
    const disk = newDisk(({ name }) => (isFull && name === 'create' ? { kind: 'error', code: 'ENOSPC' } : undefined));
    const log = openLog(disk);
    const text = 'x'.repeat(100_000);
    for (let round = 1; round <= 80; round++) {
      log.put('key', accepted(round, text));
      await durable(log);
    }
    isFull = true;
    let durableCount = 0;
    for (let round = 81; round <= 90; round++) {
      log.put('key', accepted(round, text));
      log.whenDurable(() => durableCount++);
      log.flush();
      await Promise.resolve();
    }
    expect(durableCount).to.be.below(10);
    isFull = false;
    await durable(log);
    expect(durableCount).to.equal(10);
    expect(openLog(disk.crash(keepNothing)).get('key')).to.deep.equal(accepted(90, text));
  });

  it('says to those who ask for it that nothing is durable any more when the disk has failed', async () => {
    let hasFailed = false;
    const disk = newDisk(({ name }) => (hasFailed && name === 'append' ? { kind: 'error', code: 'EIO' } : undefined));
    const log = openLog(disk, () => undefined);
    log.put('key', accepted(1, 'before'));
    await Promise.all([log.durable(), durable(log)]);
    hasFailed = true;
    for (const when of ['while it fails', 'afterwards']) {
      log.put('key', accepted(2, 'after'));
      const isDurable = log.durable().then(
        () => undefined,
        (error: unknown) => error,
      );
      log.flush();
      expect(await isDurable, when).to.be.instanceOf(DiskError);
    }
  });

  it('goes on from a file that a crash has left before anything was in it, and from what follows', async () => {
    const disk = newDisk();
    await durable(putOne(openLog(disk), 1));
    disk.create(`${DIRECTORY}/0000000002.states`).close();
    for (let round = 2; round < 5; round++) {
      const log = openLog(disk);
      expect(log.get('key')).to.deep.equal(accepted(round - 1, 'value'));
      await durable(putOne(log, round));
      log.close();
    }
    expect(openLog(disk.kill()).get('key')).to.deep.equal(accepted(4, 'value'));
  });

  it('starts as often as one likes, though a crash has left the very first file before anything was in it', async () => {
    const disk = newDisk();
    putOne(openLog(disk), 1).flush();
    let next = disk.crash({ ...keepEverything, sizeOf: () => 28 });
    for (const fate of [keepNothing, keepEverything, keepNothing, keepEverything]) {
      expect(openLog(next).size).to.equal(0);
      next = next.crash(fate);
    }
    await durable(putOne(openLog(next), 1));
    expect(openLog(next.crash(keepNothing)).get('key')).to.deep.equal(accepted(1, 'value'));
  });

  it('does not start when there is nothing in a file, and others follow it: what it has told stood there', async () => {
    const disk = newDisk();
    const log = openLog(disk);
    for (let round = 1; disk.list(DIRECTORY).length < 2; round++) {
      if (round > 1) await durable(log);
      log.put(`large${round % 10}`, accepted(round, 'x'.repeat(100_000)));
      log.flush();
    }
    log.close();
    expect(openLog(disk.snapshot(keepEverything)).size).to.equal(10);
    disk.plant(`${DIRECTORY}/0000000001.states`, Buffer.alloc(0));
    expect(() => openLog(disk)).to.throw(CorruptionError, /0000000001.*is missing.*replace/s);
    const findings = new Findings('/data', () => undefined);
    checkConsensus(disk, '/data', findings);
    expect(findings.damages).to.have.lengthOf(1);
  });

  it('does not start when the header of its last file is gone, though something stands behind it', async () => {
    const disk = newDisk();
    const log = openLog(disk);
    await durable(putOne(log, 1));
    const path = `${DIRECTORY}/${disk.list(DIRECTORY)[0]}`;
    const content = Buffer.from(disk.contentOf(path));
    disk.plant(path, Buffer.alloc(content.length));
    expect(openLog(disk.snapshot(keepEverything)).size, 'a disk that has written nothing').to.equal(0);
    disk.plant(path, content.fill(0, 0, FILE_HEADER_BYTES));
    expect(() => openLog(disk)).to.throw(CorruptionError, /0000000001.*header is missing.*--replaces/s);
  });

  it('does not start when the end of a file is gone that another one follows, though whole frames are left; what does not say how long that was is read', async () => {
    const disk = newDisk();
    const log = openLog(disk);
    const sizes: number[] = [];
    const [first, second] = [1, 2].map((number) => `${DIRECTORY}/000000000${number}.states`);
    for (let round = 1; !disk.exists(second); round++) {
      if (round > 1) {
        await durable(log);
        sizes.push(disk.sizeOf(first));
      }
      log.put(`large${round % 30}`, accepted(round, 'x'.repeat(100_000)));
      log.flush();
    }
    const whole = disk.snapshot(keepEverything);
    expect(openLog(whole).size).to.equal(30);
    const content = Buffer.from(disk.contentOf(first));
    expect(sizes.at(-1)).to.equal(content.length);
    disk.plant(first, content.subarray(0, sizes.at(-2)));
    expect(() => openLog(disk.snapshot(keepEverything))).to.throw(
      CorruptionError,
      /0000000001.*had \d+ bytes once.*--replaces/s,
    );
    const header = Buffer.from(disk.contentOf(second));
    header.writeUInt32LE(0, 32);
    header.writeUInt32LE(crc32(header.subarray(0, 36)), 36);
    disk.plant(second, header);
    expect(openLog(disk.snapshot(keepEverything)).size).to.equal(30);
  });

  it('begins another file behind what it finds, however often it is started, and knows how long each was', () => {
    const disk = newDisk();
    for (let start = 1; start <= 3; start++) {
      const log = openLog(disk);
      putOne(log, start).flush();
      log.close();
    }
    const names = disk.list(DIRECTORY);
    expect(names).to.have.length(3);
    for (const [i, name] of names.entries()) {
      const before = i === 0 ? 0 : disk.sizeOf(`${DIRECTORY}/${names[i - 1]}`);
      expect(disk.contentOf(`${DIRECTORY}/${name}`).readUInt32LE(32)).to.equal(before);
    }
  });

  it('does not start when files are missing that it has told of: it would break what it has promised', async () => {
    const text = 'x'.repeat(100_000);
    for (const isWhole of [false, true]) {
      const disk = newDisk();
      const log = openLog(disk);
      expect(disk.exists(MARK), 'before it has promised anything').to.equal(false);
      log.put('promised', { promised: { round: 7, proposer: 3 }, accepted: NO_BALLOT, entry: '' });
      for (let round = 1; disk.list(DIRECTORY).length < 2; round++) {
        if (round > 1) await durable(log);
        log.put('hot', accepted(round, text));
        log.flush();
      }
      while (isWhole && disk.list(DIRECTORY).length > 1) {
        log.put('other', accepted(1, ''));
        await durable(log);
      }
      const crashed = isWhole ? disk.kill() : disk.crash(keepNothing);
      const [first, ...others] = crashed.list(DIRECTORY);
      if (isWhole) expect(openLog(crashed).size).to.equal(3);
      expect(others).to.have.lengthOf(isWhole ? 0 : 1);
      crashed.remove(`${DIRECTORY}/${first}`);
      expect(() => openLog(crashed)).to.throw(CorruptionError, /is missing.*replace/s);
      const findings = new Findings('/data', () => undefined);
      checkConsensus(crashed, '/data', findings);
      expect(findings.damages).to.have.lengthOf(1);
    }
  });

  it('does not start over damage of what was durable', async () => {
    const disk = newDisk();
    const log = openLog(disk);
    for (let i = 0; i < 3; i++) {
      log.put(`key ${i}`, accepted(1, 'value'));
      await durable(log);
    }
    const after = disk.kill();
    const path = `${DIRECTORY}/${after.list(DIRECTORY)[0]}`;
    const content = Buffer.from(after.contentOf(path));
    content[60] ^= 1;
    after.plant(path, content);
    expect(() => openLog(after)).to.throw(/the file is damaged/);
  });

  for (const [version, writer] of [
    [VERSION - 1, 'an earlier program'],
    [VERSION + 1, 'a newer program'],
  ] as const) {
    it(`does not read what ${writer} wrote: it names the file, and both versions of the format; and so does ringkv check`, async () => {
      const disk = newDisk();
      const log = openLog(disk);
      log.put('key', accepted(1, 'value'));
      await durable(log);
      const path = `${DIRECTORY}/${disk.list(DIRECTORY)[0]}`;
      const content = Buffer.from(disk.contentOf(path));
      expect(content.readUInt32LE(8)).to.equal(VERSION);
      content.writeUInt32LE(version, 8);
      content.writeUInt32LE(crc32(content.subarray(0, 36)), 36);
      disk.plant(path, content);
      const text = `a consensus file of format version ${version}, and this program knows version ${VERSION} only: ${writer} wrote it`;
      expect(() => openLog(disk)).to.throw(CorruptionError, `${path}: at offset 8: ${text}`);
      const lines: string[] = [];
      checkConsensus(disk, '/data', new Findings('/data', (line) => lines.push(line)));
      expect(lines).to.have.length(1);
      expect(lines[0])
        .to.match(/^DAMAGED +consensus\/0000000001\.states /)
        .and.to.include(text);
    });
  }
});
