/** The append-only file on the real disk. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';

import { NodeDisk } from '../../../lib/host/node-disk.js';
import { SegmentReader } from '../../../lib/storage/log/segment-reader.js';
import { appendAll, openLog } from './aof-harness.js';

const lib = (name: string): string => JSON.stringify(new URL(`../../../lib/${name}`, import.meta.url).href);

describe('AppendOnlyFile on a NodeDisk', () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'ringkv-aof-'))));
  afterEach(() => rmSync(directory, { recursive: true }));

  const files = (): string[] => readdirSync(join(directory, 'aof'));

  it('keeps payloads through rotations, flushes and restarts', async () => {
    const texts = Array.from({ length: 200 }, (_, index) => `payload ${index} `.repeat(1 + (index % 50)));
    const first = openLog(new NodeDisk(), { directory, segmentBytesMax: 10_000 });
    appendAll(first.log, ...texts);
    await first.log.sync();
    expect(first.log.syncedPosition).to.equal(first.log.position);
    expect(first.synced.at(-1)).to.equal(first.log.position);
    first.log.close();

    const second = openLog(new NodeDisk(), { directory, segmentBytesMax: 10_000 });
    expect(second.payloads).to.deep.equal(texts);
    appendAll(second.log, 'and more');
    second.log.rotate();
    const flushed: string[] = [];
    for (const segment of second.log.closedSegments) {
      await second.log.whenDurable(segment.number);
      const path = join(directory, 'aof', `${String(segment.number).padStart(10, '0')}.aof`);
      const reader = SegmentReader.open(new NodeDisk(), path, segment);
      while (reader.next()) flushed.push(reader.payload.toString('latin1'));
      reader.close();
    }
    expect(flushed).to.deep.equal([...texts, 'and more']);
    const [last] = second.log.closedSegments.slice(-1);
    // All but the last is removed now, the last is left to the next start.
    for (const { number } of second.log.closedSegments.slice(0, -1)) await second.log.release(number);
    expect(files()).to.have.length(2);
    appendAll(second.log, 'behind it');
    await second.log.sync();
    second.log.close();

    const third = openLog(new NodeDisk(), { directory, flushed: last });
    expect(third.payloads).to.deep.equal(['behind it']);
    expect(files()).to.have.length(1);
    third.log.close();
  });

  it('keeps what it reported durable when the process is killed', async () => {
    const script = `
      import { NodeDisk } from ${lib('host/node-disk.js')};
      import { NodeRandom } from ${lib('host/node-random.js')};
      import { AppendOnlyFile } from ${lib('storage/log/append-only-file.js')};
      const log = AppendOnlyFile.open({
        disk: new NodeDisk(),
        random: new NodeRandom(),
        directory: process.argv[1],
        segmentBytesMax: 100_000,
        flushed: undefined,
        mustExist: false,
        replay: () => undefined,
        report: () => undefined,
        onSynced: () => process.stdout.write(count + '\\n'),
      });
      let count = 0;
      for (;;) {
        for (let i = 0; i < 20; i++) log.append(Buffer.from(String(++count).padEnd(100 + count % 400, '.')));
        await log.sync();
      }`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (data: Buffer) => {
      output += data.toString();
      if (output.length > 300) child.kill('SIGKILL');
    });
    await once(child, 'close');
    const reported = Number(output.split('\n').at(-2));
    const { payloads, log } = openLog(new NodeDisk(), { directory });
    log.close();
    expect(reported).to.be.greaterThan(100);
    expect(payloads.length).to.be.at.least(reported);
    expect(payloads.map((payload) => parseInt(payload, 10))).to.deep.equal(payloads.map((_, index) => index + 1));
  });

  it('cuts a torn tail', () => {
    const { log } = openLog(new NodeDisk(), { directory });
    appendAll(log, 'one', 'two', 'three');
    const path = join(directory, 'aof', '0000000001.aof');
    truncateSync(path, log.sizeBytes - 1);
    log.close();
    const second = openLog(new NodeDisk(), { directory });
    expect(second.payloads).to.deep.equal(['one', 'two']);
    expect(second.reports).to.have.length(1);
    appendAll(second.log, 'four');
    second.log.close();
    const third = openLog(new NodeDisk(), { directory });
    expect(third.payloads).to.deep.equal(['one', 'two', 'four']);
    third.log.close();
  });
});
