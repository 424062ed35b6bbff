import { expect } from 'chai';

import { WriteBatch } from '../../lib/record/write-batch.js';
import { firstStampOf } from '../../lib/base/stamp.js';
import { Manifest } from '../../lib/storage/levels/manifest.js';
import type { VersionEdit } from '../../lib/storage/levels/version-edit.js';
import { runDump } from '../../lib/tools/dump-command.js';
import { MemoryDisk } from '../sim/memory-disk.js';
import { SeededRandom } from '../sim/seeded-random.js';
import { openLog } from '../storage/log/aof-harness.js';
import { DIRECTORY, changed, filesOf, filledDisk, toolPorts } from './tool-node.js';

/** 2026-01-01T00:00:00Z. */
const AT_MS = 1767225600000;
const STAMP = firstStampOf(AT_MS);

/** What a dump prints, and how it ends. */
function dump(disk: MemoryDisk, path: string): { lines: string[]; complaints: string[]; code: number } {
  const ports = toolPorts(disk);
  const code = runDump([path], ports);
  return { lines: ports.lines, complaints: ports.complaints, code };
}

/** The disk of a log with a batch of every kind of change, closed in order. */
async function logDisk(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const { log } = openLog(disk);
  const batch = new WriteBatch(1);
  const key = Buffer.from('k\n"\xff', 'latin1');
  const value = Buffer.from('v'.repeat(150));
  batch.entry(0, key, 0, key.length, 2, STAMP);
  batch.string(STAMP, true, value, 0, value.length);
  batch.expiry(STAMP + 1, AT_MS + 60_000);
  batch.entry(12, key, 0, 1, 2, STAMP + 2);
  batch.delete(STAMP + 2);
  batch.expiry(STAMP + 3, 0);
  batch.flush(3, STAMP + 4);
  batch.databases(STAMP + 5, [1, 0, 2]);
  log.append(batch.buffer, batch.start, batch.end);
  await log.sync();
  log.close();
  return disk;
}

const SEGMENT = '/data/aof/0000000001.aof';

describe('runDump of a segment', () => {
  it('shows its header, each frame and each change, and that it ends well', async () => {
    const { lines, code } = dump(await logDisk(), SEGMENT);
    const id = '[0-9a-f]{16}';
    expect(lines[0]).to.match(new RegExp(`^segment 1, id ${id}, next ${id}, the one before had 0 bytes$`));
    expect(lines.slice(1)).to.deep.equal([
      '40: 210 bytes, 40 bytes were durable',
      `    db 0 "k\\n\\"\\xff": string "${'v'.repeat(100)}"... (150 bytes), replaces all before at 2026-01-01T00:00:00.000Z/0@1`,
      '    db 0 "k\\n\\"\\xff": expires 2026-01-01T00:01:00.000Z at 2026-01-01T00:00:00.000Z/1@1',
      '    db 12 "k": deleted at 2026-01-01T00:00:00.000Z/2@1',
      '    db 12 "k": never expires at 2026-01-01T00:00:00.000Z/3@1',
      '    database 3 emptied at 2026-01-01T00:00:00.000Z/4@1',
      '    databases are now 1 0 2 at 2026-01-01T00:00:00.000Z/5@1',
      '266: seal, 266 bytes were durable',
      'Ends at offset 282 of 282: every byte was read.',
    ]);
    expect(code).to.equal(0);
  });

  it('ends where it is damaged, and says why', async () => {
    const disk = await logDisk();
    const whole = Buffer.from(disk.contentOf(SEGMENT));
    const cases: [change: (bytes: Buffer) => Buffer, why: string][] = [
      [(bytes) => bytes.subarray(0, 275), 'Ends at offset 266 of 275: the file ends inside a frame.'],
      [
        (bytes) => (bytes.writeUInt8(bytes[41] ^ 1, 41), bytes),
        'Ends at offset 40 of 282: what is there is not the beginning of a frame.',
      ],
      [
        (bytes) => (bytes.writeUInt8(bytes[99] ^ 1, 99), bytes),
        'Ends at offset 40 of 282: the frame there does not hold what was written.',
      ],
      [(bytes) => bytes.subarray(0, 10), 'segment without a header: a crash came before it was written; 10 bytes'],
    ];
    for (const [change, why] of cases) {
      disk.plant(SEGMENT, change(Buffer.from(whole)));
      const { lines, code } = dump(disk, SEGMENT);
      expect([lines.at(-1), code]).to.deep.equal([why, 1]);
    }
    disk.plant(SEGMENT, Buffer.concat([whole.subarray(0, 20), Buffer.alloc(20, 1), whole.subarray(40)]));
    const { complaints, code } = dump(disk, SEGMENT);
    expect(code).to.equal(1);
    expect(complaints[0]).to.include('the header of the file is damaged');
  });

  it('shows as much of a batch as can be read', () => {
    const disk = new MemoryDisk();
    const { log } = openLog(disk);
    log.append(Buffer.from('no batch at all'));
    const { lines } = dump(disk, SEGMENT);
    expect(lines[2]).to.match(/^ {4}cannot be read on: the batch: .*batch format 110/);
    expect(lines[3]).to.match(/every byte was read/);
  });
});

describe('runDump of a manifest', () => {
  it('shows what each edit does', async () => {
    const disk = new MemoryDisk();
    disk.makeDirectory(DIRECTORY);
    const table = {
      id: 7,
      fileId: { high: 1, low: 2 },
      db: 3,
      fileBytes: 999,
      smallest: 5,
      largest: 2 ** 40,
      foreign: false,
    };
    const counts = { recordCount: 10, emptyCount: 1, expiringCount: 2 };
    const stamps = { minStamp: STAMP, maxStamp: STAMP + 9, expiresByMs: AT_MS, markBytes: 0 };
    const first: VersionEdit = {
      flushed: { number: 4, nextFileId: { high: 1, low: 1 } },
      logging: true,
      nextTableId: 8,
      databasesMap: { stamp: STAMP, origin: 1, physical: [1, 0] },
      databases: [
        { db: 0, floor: 0, keyCount: 5, expiringCount: 1, isEstimate: false },
        { db: 3, floor: STAMP, keyCount: 6, expiringCount: 0, isEstimate: true },
      ],
      added: [{ level: 6, table: { ...table, ...counts, ...stamps } }],
    };
    const options = {
      disk,
      random: new SeededRandom(1),
      directory: DIRECTORY,
      bytesMax: 2 ** 20,
      report: () => undefined,
    };
    const manifest = await Manifest.begin(options, [first]);
    await manifest.append({ quarantined: [{ id: 7, reason: 'the file is missing' }] });
    await manifest.settle(() => []);
    await manifest.append({ removed: [7], logging: false });
    const { lines, code } = dump(disk, `${DIRECTORY}/manifest-0000000001`);
    expect(lines[0]).to.match(/^manifest 1, id [0-9a-f]{16}$/);
    const shown = lines.slice(1).map((line) =>
      line
        .replace(/^\d+: \d+ bytes/, 'N: N bytes')
        .replace(/\d+ bytes were/, 'N bytes were')
        .replace(/^\d+: seal/, 'N: seal'),
    );
    expect(shown.slice(0, -1)).to.deep.equal([
      'N: N bytes, N bytes were durable',
      '    segments up to 4 are in tables',
      '    there is a log',
      '    + level 6: table 7 of database 3: 10 records (1 deletes, 2 expire), 999 bytes, positions 0:0000000005 to 2:0000000000, ' +
        'stamps 2026-01-01T00:00:00.000Z/0 to 2026-01-01T00:00:00.000Z/9, all expired by 2026-01-01T00:00:00.000Z',
      '    database 0: 5 keys, 1 with an expiry',
      '    database 3: about 6 keys, 0 with an expiry; emptied up to 2026-01-01T00:00:00.000Z/0',
      '    databases are now 1 0 at 2026-01-01T00:00:00.000Z/0@1',
      '    tables from 8 on are free',
      'N: seal, N bytes were durable',
      'N: N bytes, N bytes were durable',
      '    table 7 is quarantined: the file is missing',
      'N: seal, N bytes were durable',
      'N: N bytes, N bytes were durable',
      '    there is no log',
      '    - table 7',
    ]);
    expect(lines.at(-1)).to.match(/every byte was read/);
    expect(code).to.equal(0);
  });
});

describe('runDump of a table', () => {
  let disk: MemoryDisk;
  let table = '';

  before(async () => {
    disk = await filledDisk();
    table = filesOf(disk).find((name) => name.endsWith('.sst')) ?? '';
  });

  it('shows what the footer says, each block, and each record with its changes', () => {
    const { lines, code } = dump(disk, `${DIRECTORY}/${table}`);
    expect(lines[0]).to.match(
      /^table \d+ of database 0: (\d+) records \(\d+ deletes, \d+ expire\), \d+ bytes, positions /,
    );
    expect(lines[2]).to.match(/^0: block 0, \d+ records, \d+ bytes$/);
    expect(lines[3]).to.match(/^ {4}\d+:[0-9a-f]{10} \[complete\b.*\] "key\d+": .* at 2023-11-14T/);
    const records = lines.filter((line) => line.startsWith('    '));
    expect(records).to.have.length(Number(/: (\d+) records/.exec(lines[0])?.[1]));
    expect(lines.at(-1)).to.match(/^Ends at offset (\d+) of \1: every byte was read\.$/);
    expect(code).to.equal(0);
  });

  it('stops at a block that is damaged, and says where', () => {
    const { lines, complaints, code } = dump(
      changed(disk, table, (bytes) => (bytes.writeUInt8(bytes[50] ^ 1, 50), bytes)),
      `${DIRECTORY}/${table}`,
    );
    expect(lines).to.have.length(2);
    expect(complaints).to.deep.equal([
      `stops here: ${DIRECTORY}/${table}: at offset 0: a data block does not fit its checksum`,
    ]);
    expect(code).to.equal(1);
  });
});

describe('runDump', () => {
  it('knows a file by its bytes, then by its name, and refuses others', async () => {
    const disk = await logDisk();
    disk.plant('/copy', disk.contentOf(SEGMENT));
    expect(dump(disk, '/copy').lines[0]).to.match(/^segment 1,/);
    disk.plant('/half.sst', Buffer.from('gone'));
    expect(dump(disk, '/half.sst').complaints[0]).to.include('this is not an SSTable, or its end is missing');
    disk.plant('/text', Buffer.from('some text'));
    expect(dump(disk, '/text')).to.deep.include({ code: 2, lines: [] });
    expect(dump(disk, '/nothing').complaints).to.deep.equal(['/nothing: there is no such file']);
  });
});
