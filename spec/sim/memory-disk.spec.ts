import { expect } from 'chai';

import { DiskError } from '../../lib/base/errors.js';
import { keepEverything, keepFirst, keepNothing, keepOnlyAppend, keepRandomly } from './crash-fate.js';
import type { CrashFate } from './crash-fate.js';
import type { Fault, Step } from './memory-disk.js';
import { MemoryDisk, PowerFailure } from './memory-disk.js';
import { SeededRandom } from './seeded-random.js';

const text = (disk: MemoryDisk, path: string): string => disk.contentOf(path).toString('latin1');
const letters = (letter: string, length: number): Buffer => Buffer.alloc(length, letter);

/** A disk with the durable file /d/f that holds "old". */
function diskWithFile(plan?: (step: Step) => Fault | undefined): MemoryDisk {
  const disk = new MemoryDisk(plan && { plan });
  disk.makeDirectory('/d');
  disk.syncDirectory('/');
  const file = disk.create('/d/f');
  disk.syncDirectory('/d');
  file.append(letters('o', 3), 0, 3);
  file.syncNow();
  return disk;
}

function append(disk: MemoryDisk, ...parts: Buffer[]): void {
  const file = disk.open('/d/f');
  for (const part of parts) file.append(part, 0, part.length);
}

describe('MemoryDisk crash', () => {
  it('keeps what was synced, and loses unsynced appends, entries and truncations with keepNothing', () => {
    const disk = diskWithFile();
    append(disk, letters('n', 5));
    disk.open('/d/f').truncate(2);
    disk.create('/d/g');
    disk.rename('/d/f', '/d/h');
    const next = disk.crash(keepNothing);
    expect(next.list('/d')).to.deep.equal(['f']);
    expect(text(next, '/d/f')).to.equal('ooo');
  });

  it('keeps all that the process believed with keepEverything', () => {
    const disk = diskWithFile();
    append(disk, letters('n', 5));
    disk.open('/d/f').truncate(4);
    disk.create('/d/g');
    disk.rename('/d/f', '/d/h');
    const next = disk.crash(keepEverything);
    expect(next.list('/d')).to.deep.equal(['g', 'h']);
    expect(text(next, '/d/h')).to.equal('ooon');
  });

  it('loses a whole directory whose own entry was not synced', () => {
    const disk = new MemoryDisk();
    disk.makeDirectory('/a/b');
    disk.syncDirectory('/a');
    expect(disk.crash(keepNothing).exists('/a')).to.equal(false);
  });

  it('tears an append at any byte', () => {
    const disk = diskWithFile();
    append(disk, letters('x', 4), letters('y', 4));
    expect(text(disk.crash(keepFirst(6)), '/d/f')).to.equal('oooxxxxyy');
  });

  it('keeps later sectors without earlier ones, which are zeros', () => {
    const disk = diskWithFile();
    append(disk, letters('x', 509), letters('y', 512), letters('z', 100));
    const content = disk.crash(keepOnlyAppend(1)).contentOf('/d/f');
    expect(content.toString('latin1')).to.equal('ooo' + '\0'.repeat(509) + 'y'.repeat(512));
  });

  it('keeps a sector as it was at one moment: earlier bytes with later ones, never later without earlier', () => {
    const disk = diskWithFile();
    append(disk, letters('x', 100), letters('y', 100), letters('z', 100));
    const fate: CrashFate = { ...keepEverything, momentOf: (_file, _start, moments) => moments[2] };
    const content = disk.crash(fate).contentOf('/d/f').toString('latin1');
    expect(content).to.equal('ooo' + 'x'.repeat(100) + 'y'.repeat(100) + '\0'.repeat(100));
  });

  it('leaves in every random fate a durable prefix and only bytes that were written, or zeros', () => {
    const sizes = new Set<number>();
    for (let seed = 0; seed < 300; seed++) {
      const disk = diskWithFile();
      append(disk, letters('x', 400), letters('y', 700), letters('z', 20));
      const written = 'ooo' + 'x'.repeat(400) + 'y'.repeat(700) + 'z'.repeat(20);
      const content = disk
        .crash(keepRandomly(new SeededRandom(seed)))
        .contentOf('/d/f')
        .toString('latin1');
      expect(content.startsWith('ooo')).to.equal(true);
      const isExpected = (_: unknown, at: number): boolean => content[at] === written[at] || content[at] === '\0';
      expect(Array.from(content, isExpected)).to.not.include(false);
      sizes.add(content.length);
    }
    expect(sizes.size).to.be.greaterThan(20);
  });

  it('makes everything on the new disk durable', () => {
    const disk = diskWithFile();
    append(disk, letters('x', 4));
    expect(text(disk.crash(keepEverything).crash(keepNothing), '/d/f')).to.equal('oooxxxx');
  });
});

describe('MemoryDisk snapshot', () => {
  it('is what a crash would leave, and this disk goes on, with nothing in common', () => {
    const disk = diskWithFile();
    append(disk, letters('n', 2));
    const next = disk.snapshot(keepNothing);
    append(disk, letters('m', 2));
    append(next, letters('x', 1));
    expect([text(disk, '/d/f'), text(next, '/d/f')]).to.deep.equal(['ooonnmm', 'ooox']);
  });
});

describe('MemoryDisk kill', () => {
  it('leaves unsynced data to the next process, and unsynced it stays', () => {
    const disk = diskWithFile();
    append(disk, letters('x', 4));
    const next = disk.kill();
    expect(text(next, '/d/f')).to.equal('oooxxxx');
    expect(text(next.crash(keepNothing), '/d/f')).to.equal('ooo');
  });

  it('ends the locks, and every use by the old process', () => {
    const disk = diskWithFile();
    disk.lock('/d/lock');
    expect(() => disk.lock('/d/lock')).to.throw(DiskError, 'locked');
    expect(disk.lockHolder('/d/lock')).to.be.a('string');
    expect(disk.lockHolder('/d/other')).to.equal(undefined);
    const file = disk.open('/d/f');
    disk.kill().lock('/d/lock');
    expect(() => file.append(letters('x', 1), 0, 1)).to.throw(PowerFailure);
    expect(() => disk.list('/d')).to.throw(PowerFailure);
  });
});

describe('MemoryDisk sync', () => {
  it('covers what was appended before it began, not what came while it ran', async () => {
    const ends: (() => void)[] = [];
    const disk = new MemoryDisk({ later: (run) => ends.push(run) });
    const file = disk.create('/f');
    disk.syncDirectory('/');
    file.append(letters('x', 2), 0, 2);
    const synced = file.sync();
    file.append(letters('y', 2), 0, 2);
    ends.shift()?.();
    await synced;
    expect(text(disk.crash(keepNothing), '/f')).to.equal('xx');
  });

  it('is undone if the power fails before it ends', () => {
    const disk = new MemoryDisk({ later: () => undefined });
    const file = disk.create('/f');
    disk.syncDirectory('/');
    file.append(letters('x', 2), 0, 2);
    void file.sync();
    expect(text(disk.crash(keepNothing), '/f')).to.equal('');
  });

  it('lies after a failure: it says that it is done, and the data is lost', async () => {
    const fault: Fault = { kind: 'error', code: 'EIO' };
    let syncs = 0;
    const disk = diskWithFile(({ name }) => (name === 'sync' && ++syncs === 2 ? fault : undefined));
    append(disk, letters('x', 2));
    const file = disk.open('/d/f');
    const error = await file.sync().catch((cause: unknown) => cause);
    expect(error).to.be.instanceOf(DiskError).with.property('code', 'EIO');
    await file.sync();
    expect(text(disk, '/d/f')).to.equal('oooxx');
    expect(text(disk.crash(keepNothing), '/d/f')).to.equal('ooo');
  });

  it('tells the truth again when all that was lost is written again, not only a part', () => {
    for (const offset of [3, 4]) {
      const fault: Fault = { kind: 'error', code: 'EIO' };
      let syncs = 0;
      const disk = diskWithFile(({ name }) => (name === 'sync' && ++syncs === 2 ? fault : undefined));
      append(disk, letters('x', 2));
      const file = disk.open('/d/f');
      expect(() => file.syncNow()).to.throw(DiskError);
      file.writeAgain(offset);
      file.syncNow();
      expect(text(disk.crash(keepNothing), '/d/f')).to.equal(offset === 3 ? 'oooxx' : 'ooo');
    }
  });

  it('covers what was there before a truncation that came while it ran, and not the truncation', async () => {
    for (const size of [7, 4]) {
      const ends: (() => void)[] = [];
      const disk = new MemoryDisk({ later: (run) => ends.push(run) });
      const file = disk.create('/f');
      disk.syncDirectory('/');
      file.append(Buffer.from('abcdef'), 0, 6);
      const synced = file.sync();
      file.append(Buffer.from('gh'), 0, 2);
      file.truncate(size);
      file.append(Buffer.from('xy'), 0, 2);
      ends.shift()?.();
      await synced;
      const cut = { ...keepNothing, keepsTruncation: () => true };
      expect(text(disk.crash(keepNothing), '/f')).to.equal('abcdef');
      expect(text(disk.crash(cut), '/f')).to.equal('abcdef'.slice(0, size));
      expect(text(disk.crash(keepEverything), '/f')).to.equal('abcdefgh'.slice(0, size) + 'xy');
    }
  });

  it('makes a truncation durable', () => {
    const disk = diskWithFile();
    const file = disk.open('/d/f');
    file.truncate(1);
    file.syncNow();
    expect(text(disk.crash(keepNothing), '/d/f')).to.equal('o');
  });
});

describe('MemoryDisk plan', () => {
  it('fails an append after some of its bytes', () => {
    const fault: Fault = { kind: 'error', code: 'ENOSPC', takenBytes: 2 };
    let appends = 0;
    const disk = diskWithFile(({ name }) => (name === 'append' && ++appends === 2 ? fault : undefined));
    expect(() => append(disk, letters('x', 4)))
      .to.throw(DiskError)
      .with.property('code', 'ENOSPC');
    expect(text(disk, '/d/f')).to.equal('oooxx');
  });

  it('turns the power off at any step, and names the steps', async () => {
    const steps: string[] = [];
    diskWithFile(({ number, name, path }) => void steps.push(`${number} ${name} ${path}`));
    const expected = ['1 mkdir /d', '2 syncdir /', '3 create /d/f', '4 syncdir /d', '5 append /d/f', '6 sync /d/f'];
    expect(steps).to.deep.equal(expected);
    for (let at = 1; at <= expected.length; at++) {
      let disk: MemoryDisk | undefined;
      const plan = ({ number }: Step): Fault | undefined => (number === at ? { kind: 'power' } : undefined);
      expect(() => {
        disk = new MemoryDisk({ plan });
        disk.makeDirectory('/d');
        disk.syncDirectory('/');
        const file = disk.create('/d/f');
        disk.syncDirectory('/d');
        file.append(letters('o', 3), 0, 3);
        file.syncNow();
      }).to.throw(PowerFailure, `step ${at}`);
      await disk?.died;
      expect(disk?.crash(keepNothing).exists('/d/f')).to.equal(at > 4);
    }
  });
});

describe('MemoryDisk stepCount', () => {
  it('counts without a plan, too', () => {
    const disk = diskWithFile();
    expect(disk.stepCount).to.equal(6);
    expect(disk.syncCount).to.equal(1);
  });
});

describe('MemoryDisk files', () => {
  it('refuses to create what is there, and to open, rename or remove what is not', () => {
    const disk = diskWithFile();
    expect(() => disk.create('/d/f'))
      .to.throw(DiskError)
      .with.property('code', 'EEXIST');
    expect(() => disk.open('/d/g'))
      .to.throw(DiskError)
      .with.property('code', 'ENOENT');
    expect(() => disk.rename('/d/g', '/d/h'))
      .to.throw(DiskError)
      .with.property('code', 'ENOENT');
    expect(() => disk.remove('/d/g'))
      .to.throw(DiskError)
      .with.property('code', 'ENOENT');
    expect(disk.list('/nothing')).to.deep.equal([]);
  });

  it('are renamed and removed with their directories, as far as these are empty', () => {
    const disk = diskWithFile();
    disk.makeDirectory('/e');
    disk.rename('/d', '/e');
    expect([disk.exists('/d'), disk.list('/e')]).to.deep.equal([false, ['f']]);
    disk.makeDirectory('/d');
    for (const change of [() => disk.rename('/d', '/e'), () => disk.removeDirectory('/e')]) {
      expect(change).to.throw(DiskError).with.property('code', 'ENOTEMPTY');
    }
    disk.removeDirectory('/d');
    expect(disk.exists('/d')).to.equal(false);
    expect(disk.crash(keepNothing).list('/')).to.deep.equal(['d']);
  });

  it('reads ranges, and what is there at the end', () => {
    const disk = diskWithFile();
    append(disk, Buffer.from('abc'));
    const target = Buffer.alloc(10, '.');
    expect(disk.open('/d/f').readAt(target, 2, 10)).to.equal(4);
    expect(target.toString()).to.equal('oabc......');
  });
});

describe('MemoryDisk readLater', () => {
  it('fills its buffer when the read ends, and no sooner, also if the file was closed and removed meanwhile', async () => {
    const ends: (() => void)[] = [];
    const disk = new MemoryDisk({ later: (run) => ends.push(run) });
    disk.plant('/f', Buffer.from('abcdef'));
    const file = disk.openForReading('/f');
    const target = Buffer.alloc(8, '.');
    const reading = file.readLater(target, 4, 8);
    expect(target.toString('latin1')).to.equal('\xdb\xdb......');
    file.close();
    disk.remove('/f');
    ends.shift()?.();
    expect(await reading).to.equal(2);
    expect(target.toString()).to.equal('ef......');
  });

  it('stays open when the power fails before it ends', async () => {
    const ends: (() => void)[] = [];
    const disk = new MemoryDisk({ later: (run) => ends.push(run) });
    disk.plant('/f', Buffer.from('abcdef'));
    let isSettled = false;
    const settle = (): void => void (isSettled = true);
    void disk.open('/f').readLater(Buffer.alloc(1), 0, 1).then(settle, settle);
    disk.crash(keepNothing);
    ends.shift()?.();
    await Promise.resolve();
    expect(isSettled).to.equal(false);
  });
});

describe('MemoryDisk onRead', () => {
  it('fails reads of both kinds by path and offset, and numbers none of them as steps', async () => {
    const fault: Fault = { kind: 'error', code: 'EIO' };
    const disk = new MemoryDisk({ onRead: (path, offset) => (path === '/f' && offset === 2 ? fault : undefined) });
    disk.plant('/f', Buffer.from('abc'));
    const file = disk.open('/f');
    const target = Buffer.alloc(1);
    expect(() => file.readAt(target, 2, 1))
      .to.throw(DiskError)
      .that.includes({ code: 'EIO', path: '/f' });
    const error = await file.readLater(target, 2, 1).catch((cause: unknown) => cause);
    expect(error).to.be.instanceOf(DiskError).that.includes({ code: 'EIO', path: '/f' });
    expect([file.readAt(target, 1, 1), await file.readLater(target, 0, 1)]).to.deep.equal([1, 1]);
    expect(disk.stepCount).to.equal(0);
  });

  it('turns the power off', async () => {
    const disk = new MemoryDisk({ onRead: () => ({ kind: 'power' }) });
    disk.plant('/f', Buffer.from('abc'));
    expect(() => disk.open('/f').readAt(Buffer.alloc(1), 0, 1)).to.throw(PowerFailure);
    await disk.died;
  });
});

describe('MemoryDisk link', () => {
  it('gives a file a second name, in another directory too, and both stay one file', () => {
    const disk = diskWithFile();
    disk.makeDirectory('/e');
    disk.link('/d/f', '/e/g');
    append(disk, letters('n', 2));
    expect([text(disk, '/e/g'), disk.sizeOf('/e/g')]).to.deep.equal(['ooonn', 5]);
    disk.remove('/d/f');
    expect(text(disk, '/e/g')).to.equal('ooonn');
    expect(() => disk.link('/d/f', '/d/h'))
      .to.throw(DiskError)
      .with.property('code', 'ENOENT');
    disk.create('/d/h');
    expect(() => disk.link('/e/g', '/d/h'))
      .to.throw(DiskError)
      .with.property('code', 'EEXIST');
  });

  it('is undone by a power failure until the directory is synced', () => {
    const disk = diskWithFile();
    disk.link('/d/f', '/d/g');
    expect(disk.crash(keepNothing).list('/d')).to.deep.equal(['f']);
    const other = diskWithFile();
    other.link('/d/f', '/d/g');
    other.syncDirectory('/d');
    expect(other.crash(keepNothing).list('/d')).to.deep.equal(['f', 'g']);
  });

  it('leaves one file under both names after a crash, whatever of it is kept', () => {
    for (let seed = 0; seed < 20; seed++) {
      const disk = diskWithFile();
      disk.link('/d/f', '/d/g');
      disk.syncDirectory('/d');
      append(disk, letters('x', 900), letters('y', 900));
      const next = disk.crash(keepRandomly(new SeededRandom(seed)));
      expect(text(next, '/d/f')).to.equal(text(next, '/d/g'));
      append(next, letters('z', 1));
      expect(text(next, '/d/g').at(-1)).to.equal('z');
    }
  });
});

describe('MemoryDisk sizeOf', () => {
  it('is the size of a file, and says if there is none', () => {
    const disk = diskWithFile();
    expect(disk.sizeOf('/d/f')).to.equal(3);
    expect(() => disk.sizeOf('/d/g'))
      .to.throw(DiskError)
      .with.property('code', 'ENOENT');
  });
});
