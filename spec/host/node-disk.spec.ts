import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';

import { AssertionError } from '../../lib/base/assert.js';
import { DiskError } from '../../lib/base/errors.js';
import { NodeDisk } from '../../lib/host/node-disk.js';
import type { DiskFile } from '../../lib/host/ports.js';

const diskModule = new URL('../../lib/host/node-disk.js', import.meta.url).href;

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    if (error instanceof DiskError) return error.code;
    throw error;
  }
  return undefined;
}

let directory: string;
let disk: NodeDisk;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ringkv-disk-'));
  disk = new NodeDisk();
  path = join(directory, 'file');
});

afterEach(() => rmSync(directory, { recursive: true }));

describe('NodeDisk create', () => {
  it('makes a file to append to and read from, and refuses one that is there', () => {
    const file = disk.create(path);
    file.append(Buffer.from('..hello.'), 2, 7);
    file.append(Buffer.from(' world'), 0, 6);
    expect(file.sizeBytes).to.equal(11);
    const target = Buffer.alloc(20, '-');
    expect(file.readAt(target, 6, 10)).to.equal(5);
    expect(target.toString()).to.equal('world' + '-'.repeat(15));
    expect(file.readAt(target, 11, 10)).to.equal(0);
    expect(readFileSync(path, 'utf8')).to.equal('hello world');
    expect(codeOf(() => disk.create(path))).to.equal('EEXIST');
    file.close();
    file.close();
    expect(() => file.append(Buffer.from('x'), 0, 1)).to.throw(AssertionError);
  });
});

describe('NodeDisk open', () => {
  it('goes on where the file ends', () => {
    writeFileSync(path, 'abc');
    const file = disk.open(path);
    expect(file.sizeBytes).to.equal(3);
    file.append(Buffer.from('def'), 0, 3);
    expect(file.sizeBytes).to.equal(6);
    expect(readFileSync(path, 'utf8')).to.equal('abcdef');
    file.close();
  });

  it('throws DiskError with the code of the system and the path', () => {
    try {
      disk.open(path);
      expect.fail('nothing was thrown');
    } catch (error) {
      expect(error).to.be.instanceOf(DiskError).that.includes({ code: 'ENOENT', path });
      expect((error as DiskError).message)
        .to.include(path)
        .and.include('open failed');
      expect((error as DiskError).cause).to.be.instanceOf(Error);
    }
  });
});

describe('NodeDisk openForReading', () => {
  it('reads, on this thread and on others, and does not write', async () => {
    writeFileSync(path, 'abcdef');
    const file = disk.openForReading(path);
    expect(file.sizeBytes).to.equal(6);
    const target = Buffer.alloc(4, '-');
    expect([file.readAt(target, 1, 2), target.toString()]).to.deep.equal([2, 'bc--']);
    expect([await file.readLater(target, 3, 4), target.toString()]).to.deep.equal([3, 'def-']);
    expect(await file.readLater(target, 6, 4)).to.equal(0);
    expect(codeOf(() => (file as DiskFile).append(Buffer.from('x'), 0, 1))).to.equal('EBADF');
    file.close();
    expect(codeOf(() => disk.openForReading(`${path}0`))).to.equal('ENOENT');
  });
});

describe('NodeDisk readLater', () => {
  it('answers many reads of a file at once, each with its own bytes', async () => {
    const content = Buffer.from(Array.from({ length: 50_000 }, (_, index) => index * 31));
    writeFileSync(path, content);
    const file = disk.openForReading(path);
    for (let round = 0; round < 3; round++) {
      const targets = Array.from({ length: 200 }, () => Buffer.alloc(300));
      const reads = targets.map((target, index) => file.readLater(target, index * 249, 300));
      const counts = await Promise.all(reads);
      targets.forEach((target, index) => {
        const expected = content.subarray(index * 249, index * 249 + 300);
        expect(target.subarray(0, counts[index]).equals(expected)).to.equal(true);
      });
    }
    file.close();
  });

  it('answers short reads and long ones, however many are begun together', async () => {
    const content = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index * 31 + (index >> 8)));
    writeFileSync(path, content);
    const file = disk.openForReading(path);
    const lengths = Array.from({ length: 1000 }, (_, index) => (index % 7 === 6 ? 20_000 : (index * 97) % 8193));
    const targets = lengths.map((length) => Buffer.alloc(length));
    const offsetOf = (index: number): number => (index * 7919) % content.length;
    const counts = await Promise.all(targets.map((target, i) => file.readLater(target, offsetOf(i), target.length)));
    targets.forEach((target, index) => {
      const expected = content.subarray(offsetOf(index), offsetOf(index) + lengths[index]);
      expect(counts[index]).to.equal(expected.length);
      expect(target.subarray(0, counts[index]).equals(expected)).to.equal(true);
    });
    file.close();
  });

  it('ends well when the file is closed meanwhile, and never meets a reused descriptor', async () => {
    writeFileSync(path, 'mine');
    const file = disk.openForReading(path);
    const targets = Array.from({ length: 50 }, () => Buffer.alloc(4));
    const reads = targets.map((target) => file.readLater(target, 0, 4));
    file.close();
    // A file that is opened now would get the descriptor, were it free.
    const others = Array.from({ length: 20 }, (_, index) => disk.create(`${path}${index}`));
    for (const other of others) other.append(Buffer.from('other'), 0, 5);
    expect(await Promise.all(reads)).to.deep.equal(reads.map(() => 4));
    expect(new Set(targets.map(String))).to.deep.equal(new Set(['mine']));
    for (const other of others) other.close();
    expect(() => file.readLater(targets[0], 0, 1)).to.throw(AssertionError);
  });

  it('reads on where one system call gives less than was asked for', async () => {
    // Linux hands out this file a page at a time; a Node process has hundreds of pages of it.
    const file = disk.openForReading('/proc/self/smaps');
    expect(await file.readLater(Buffer.alloc(50_000), 0, 50_000)).to.equal(50_000);
    expect(file.readAt(Buffer.alloc(50_000), 0, 50_000)).to.equal(50_000);
    file.close();
  });

  it('rejects with DiskError, and the next read is not the worse for it', async () => {
    const file = disk.openForReading(directory);
    for (const together of [1, 1, 20, 20]) {
      const read = (): Promise<unknown> => file.readLater(Buffer.alloc(1), 0, 1).catch((cause: unknown) => cause);
      for (const error of await Promise.all(Array.from({ length: together }, read))) {
        expect(error).to.be.instanceOf(DiskError).that.includes({ code: 'EISDIR', path: directory });
      }
    }
    file.close();
  });
});

describe('NodeDisk link', () => {
  it('gives a file a second name, and refuses one that is taken', () => {
    writeFileSync(path, 'abc');
    disk.link(path, `${path}2`);
    disk.remove(path);
    expect([readFileSync(`${path}2`, 'utf8'), disk.sizeOf(`${path}2`)]).to.deep.equal(['abc', 3]);
    writeFileSync(path, 'def');
    expect(codeOf(() => disk.link(`${path}2`, path))).to.equal('EEXIST');
    expect(codeOf(() => disk.link(`${path}3`, `${path}4`))).to.equal('ENOENT');
    expect(codeOf(() => disk.sizeOf(`${path}3`))).to.equal('ENOENT');
  });
});

describe('NodeDisk files', () => {
  it('append more than one system call takes, in pieces', function () {
    this.timeout(60_000);
    // /dev/null takes anything at once: what is seen here is that lengths beyond 2^31 are passed on in parts.
    const file = disk.open('/dev/null');
    const large = new Uint8Array(new ArrayBuffer(2 ** 31 + 10));
    file.append(large, 0, large.length);
    expect(file.sizeBytes).to.equal(large.length);
    file.close();
  });

  it('say so when the disk is full', () => {
    const file = disk.open('/dev/full');
    expect(codeOf(() => file.append(Buffer.from('abc'), 0, 3))).to.equal('ENOSPC');
    expect(file.sizeBytes).to.equal(0);
    file.close();
  });

  it('are cut by truncate, and appended to behind the cut', () => {
    const file = disk.create(path);
    file.append(Buffer.from('abcdef'), 0, 6);
    file.truncate(2);
    file.append(Buffer.from('xy'), 0, 2);
    expect(file.sizeBytes).to.equal(4);
    expect(readFileSync(path, 'utf8')).to.equal('abxy');
    file.close();
  });

  it('are the same after writeAgain, of any size', () => {
    const content = Buffer.alloc(3 * 2 ** 20 + 7, 'some content ');
    writeFileSync(path, content);
    const file = disk.open(path);
    for (const offset of [0, 5, 2 ** 20 + 1, content.length - 1, content.length]) file.writeAgain(offset);
    expect(readFileSync(path).equals(content)).to.equal(true);
    truncateSync(path, 100);
    expect(codeOf(() => file.writeAgain(50))).to.equal('EIO');
    file.close();
  });

  it('sync on another thread and on this one', async () => {
    const file = disk.create(path);
    file.append(Buffer.from('abc'), 0, 3);
    await Promise.all([file.sync(), file.sync(), disk.syncDirectoryLater(directory)]);
    file.syncNow();
    disk.syncDirectory(directory);
    file.close();
  });

  it('get another name on another thread, in the place of what had it', async () => {
    writeFileSync(path, 'old');
    writeFileSync(`${path}.tmp`, 'new');
    await disk.renameLater(`${path}.tmp`, path);
    expect(readFileSync(path, 'utf8')).to.equal('new');
    const error = await disk.renameLater(`${path}.tmp`, path).catch((cause: unknown) => cause);
    expect(error)
      .to.be.instanceOf(DiskError)
      .that.includes({ code: 'ENOENT', path: `${path}.tmp` });
    expect(readFileSync(path, 'utf8')).to.equal('new');
  });

  it('are closed while a sync runs, which then ends well', async () => {
    const file = disk.create(path);
    file.append(Buffer.from('abc'), 0, 3);
    const syncs = [file.sync(), file.sync()];
    file.close();
    // A file that is opened now would get the descriptor, were it free.
    const others = Array.from({ length: 20 }, (_, index) => disk.create(`${path}${index}`));
    await Promise.all(syncs);
    for (const other of others) other.close();
  });

  it('reject a sync with DiskError', async () => {
    const error = await disk.syncDirectoryLater(join(directory, 'nothing')).catch((cause: unknown) => cause);
    expect(error)
      .to.be.instanceOf(DiskError)
      .that.includes({ code: 'ENOENT', path: join(directory, 'nothing') });
    // A pipe cannot be synced.
    execFileSync('mkfifo', [path]);
    const pipe = disk.open(path);
    expect(await pipe.sync().catch((cause: unknown) => cause))
      .to.be.instanceOf(DiskError)
      .that.includes({ code: 'EINVAL' });
    expect(codeOf(() => pipe.syncNow())).to.equal('EINVAL');
    pipe.close();
  });
});

describe('NodeDisk directories', () => {
  it('are made with those above them, listed in order, and changed', async () => {
    const inner = join(directory, 'a', 'b');
    disk.makeDirectory(inner);
    disk.makeDirectory(inner);
    for (const name of ['z', 'b', 'B', 'a10', 'a9']) disk.create(join(inner, name)).close();
    expect(disk.list(inner)).to.deep.equal(['B', 'a10', 'a9', 'b', 'z']);
    disk.rename(join(inner, 'z'), join(inner, 'a9'));
    disk.remove(join(inner, 'b'));
    await disk.removeLater(join(inner, 'B'));
    expect(disk.list(inner)).to.deep.equal(['a10', 'a9']);
    expect(disk.exists(join(inner, 'b'))).to.equal(false);
    expect(disk.exists(inner)).to.equal(true);
    expect(disk.list(join(directory, 'nothing'))).to.deep.equal([]);
  });

  it('are renamed with what is in them, to a name that is free or that of an empty one, and removed when empty', () => {
    const [from, to] = [join(directory, 'from'), join(directory, 'to')];
    for (const path of [from, to]) disk.makeDirectory(path);
    disk.create(join(from, 'f')).close();
    disk.rename(from, to);
    expect(disk.list(to)).to.deep.equal(['f']);
    expect(codeOf(() => disk.removeDirectory(to))).to.equal('ENOTEMPTY');
    disk.makeDirectory(from);
    expect(codeOf(() => disk.rename(from, to))).to.equal('ENOTEMPTY');
    disk.removeDirectory(from);
    expect(disk.exists(from)).to.equal(false);
  });

  it('throw DiskError for what is not there', async () => {
    const nothing = join(directory, 'nothing');
    expect(codeOf(() => disk.remove(nothing))).to.equal('ENOENT');
    expect(codeOf(() => disk.rename(nothing, path))).to.equal('ENOENT');
    expect(codeOf(() => disk.syncDirectory(nothing))).to.equal('ENOENT');
    expect(await disk.removeLater(nothing).catch((cause: unknown) => cause)).to.be.instanceOf(DiskError);
    writeFileSync(path, '');
    expect(codeOf(() => disk.list(path))).to.equal('ENOTDIR');
    expect(codeOf(() => disk.makeDirectory(path))).to.equal('EEXIST');
    if (process.platform === 'linux') {
      expect(codeOf(() => disk.makeDirectory('/proc/nothing/deeper'))).to.equal('ENOENT');
    }
  });
});

describe('NodeDisk sync thread', () => {
  it('does not keep the process alive, but for a sync that is waited for', () => {
    const script = `
      import { NodeDisk } from ${JSON.stringify(diskModule)};
      const file = new NodeDisk().create(process.argv[1]);
      file.append(Buffer.from('x'), 0, 1);
      await file.sync();
      await file.sync();
      console.log('synced twice');`;
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', script, path], { timeout: 9000 });
    expect(output.toString()).to.equal('synced twice\n');
  });
});

describe('NodeDisk lock', () => {
  const holder = `
    import { NodeDisk } from ${JSON.stringify(diskModule)};
    try {
      new NodeDisk().lock(process.argv[1]);
      console.log('locked');
      process.stdin.resume();
    } catch (error) {
      console.log(error.code);
    }`;
  const start = (lock: string) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', holder, lock], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const said = once(child.stdout, 'data').then(([data]) => (data as Buffer).toString().trim());
    return { child, said, exited: once(child, 'exit') };
  };

  it('is held against other processes until the holder ends, even by a signal', async () => {
    const { child, said, exited } = start(path);
    expect(await said).to.equal('locked');
    expect(() => disk.lock(path))
      .to.throw(DiskError, `locked by the process ${child.pid}`)
      .with.property('code', 'ELOCKED');
    expect(disk.lockHolder(path)).to.equal(`the process ${child.pid}`);
    child.kill('SIGKILL');
    await exited;
    expect(disk.lockHolder(path)).to.equal(undefined);
    disk.lock(path);
    const other = start(path);
    expect(await other.said).to.equal('ELOCKED');
    await other.exited;
    expect(disk.list(directory)).to.deep.equal(['file']);
  });

  it('is taken again by the process that has it', () => {
    disk.lock(path);
    disk.lock(path);
    expect(readFileSync(path, 'latin1')).to.match(new RegExp(`^${process.pid} `));
  });

  it('is taken from a process that is gone, another under its number, another boot, and half a file', () => {
    disk.lock(path);
    const [pid, start, boot] = readFileSync(path, 'latin1').trim().split(' ');
    for (const dead of [
      `999999999 1 ${boot}\n`,
      `1 ${start}1 ${boot}\n`,
      `${pid} ${start} other-boot\n`,
      '',
      'nonsense',
    ]) {
      writeFileSync(path, dead);
      disk.lock(path);
      expect(readFileSync(path, 'latin1')).to.equal(`${pid} ${start} ${boot}\n`);
      expect(disk.list(directory)).to.deep.equal(['file']);
    }
  });

  it('is taken although another died while it took it over', () => {
    writeFileSync(path, '999999999 1 x\n');
    writeFileSync(`${path}.takeover`, '999999998 1 x\n');
    writeFileSync(`${path}.takeover.takeover`, '999999997 1 x\n');
    disk.lock(path);
    expect(disk.list(directory)).to.deep.equal(['file']);
  });

  it('goes to one only, of many that find a dead one', async () => {
    writeFileSync(path, '999999999 1 x\n');
    const children = Array.from({ length: 6 }, () => start(path));
    const said = await Promise.all(children.map((child) => child.said));
    expect(said.sort()).to.deep.equal([...Array<string>(5).fill('ELOCKED'), 'locked']);
    for (const { child } of children) child.kill();
    await Promise.all(children.map(({ exited }) => exited));
  });

  it('is looked at by lockHolder without being made', () => {
    expect(disk.lockHolder(path)).to.equal(undefined);
    expect(disk.exists(path)).to.equal(false);
  });

  it('says what is wrong when there is no such directory', () => {
    mkdirSync(join(directory, 'd'));
    expect(codeOf(() => disk.lock(join(directory, 'nothing', 'lock')))).to.equal('ENOENT');
    expect(codeOf(() => disk.lock(join(directory, 'd')))).to.equal('EISDIR');
  });
});
