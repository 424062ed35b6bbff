/** A table that is damaged or gone, from the first look at it to the check of the directory. */

import { expect } from 'chai';

import type { MemoryDisk } from '../sim/memory-disk.js';
import { DIRECTORY, ToolNode, changed, check, filesOf, filledDisk } from './tool-node.js';

/** The table that has nothing but the key `elsewhere` of database 3. */
function tableOfElsewhere(disk: MemoryDisk): string {
  const { lines } = check(disk);
  const line = lines.find((each) => each.includes('of database 3:')) ?? '';
  return /tables\/\d+\.sst/.exec(line)?.[0] ?? '';
}

/** What INFO storage says of quarantine. */
async function quarantineOf(node: ToolNode): Promise<string[]> {
  const info = String(await node.ask('INFO', 'storage'));
  return info.split('\r\n').filter((line) => line.startsWith('quarantined'));
}

function id(table: string): number {
  return Number(/(\d+)\.sst/.exec(table)?.[1]);
}

describe('a table that is damaged', () => {
  let disk: MemoryDisk;
  let table = '';

  before(async () => {
    disk = await filledDisk();
    table = tableOfElsewhere(disk);
  });

  it('is quarantined by the first read that meets it, which fails and says why; other reads and writes go on', async () => {
    const node = await ToolNode.start(
      changed(disk, table, (bytes) => {
        bytes[5000] ^= 1;
        return bytes;
      }),
    );
    expect(await quarantineOf(node)).to.deep.equal(['quarantined_tables:0']);
    await node.ask('SELECT', 3);
    const path = `${DIRECTORY}/${table}`;
    const first = String(await node.ask('GET', 'elsewhere'));
    expect(first)
      .to.match(/^-ERR /)
      .and.include(`${path}: at offset 0: a data block does not fit its checksum`);
    expect(await quarantineOf(node)).to.deep.equal([
      'quarantined_tables:1',
      `quarantined0:table=${id(table)},reason=${path}: at offset 0: a data block does not fit its checksum`,
    ]);
    expect(node.logged('quarantined'), 'the log').to.include(path);
    for (const command of [
      ['GET', 'elsewhere'],
      ['APPEND', 'elsewhere', 'x'],
      ['KEYS', '*'],
    ]) {
      expect(String(await node.ask(...command)), command.join(' '))
        .to.match(/^-ERR /)
        .and.include('which is not to be read');
    }
    expect(await node.ask('SET', 'elsewhere', 'new')).to.equal('OK');
    expect(await node.ask('GET', 'elsewhere')).to.equal('new');
    await node.ask('SELECT', 0);
    expect(await node.ask('GET', 'key59')).to.equal('late 59');
    expect(await node.ask('SET', 'key59', 'newer')).to.equal('OK');
    expect(await node.ask('SAVE')).to.equal('OK');

    const left = await node.stop();
    expect(check(left).damaged).to.deep.equal([table]);
    const next = await ToolNode.start(left);
    expect(await quarantineOf(next)).to.have.length(2);
    expect(await next.ask('GET', 'key59')).to.equal('newer');
    await next.ask('SELECT', 3);
    expect(await next.ask('GET', 'elsewhere')).to.equal('new');
  });

  it('is quarantined at the start when its file is gone or has another size', async () => {
    const cases: [change: (bytes: Buffer) => Buffer | undefined, reason: RegExp][] = [
      [() => undefined, /reason=the file is missing$/],
      [(bytes) => bytes.subarray(0, -8), /reason=the file has \d+ bytes, and should have \d+$/],
    ];
    for (const [change, reason] of cases) {
      const node = await ToolNode.start(changed(disk, table, change));
      const [count, line] = await quarantineOf(node);
      expect(count).to.equal('quarantined_tables:1');
      expect(line)
        .to.match(new RegExp(`^quarantined0:table=${id(table)},`))
        .and.match(reason);
      expect(node.logged('quarantined'), 'the log').to.include(`${DIRECTORY}/${table}`);
      await node.ask('SELECT', 3);
      expect(String(await node.ask('GET', 'elsewhere'))).to.match(/^-ERR .*which is not to be read/);
      await node.ask('SELECT', 0);
      expect(await node.ask('GET', 'key59')).to.equal('late 59');
      expect(await node.ask('COMPACT')).to.equal('OK');
      expect(check(await node.stop()).damaged).to.deep.equal([table]);
    }
  });

  it('leaves quarantine when its database is emptied', async () => {
    const node = await ToolNode.start(changed(disk, table, () => undefined));
    await node.ask('SELECT', 3);
    expect(await node.ask('FLUSHDB')).to.equal('OK');
    await node.ask('SET', 'elsewhere', 'new');
    expect(await node.ask('SAVE')).to.equal('OK');
    expect(await quarantineOf(node)).to.deep.equal(['quarantined_tables:0']);
    expect(check(await node.stop()).damaged).to.deep.equal([]);
  });
});

describe('a log that is gone', () => {
  it('keeps the node from starting, which names what is missing', async () => {
    const disk = await filledDisk();
    const segment = filesOf(disk).find((name) => name.endsWith('.aof')) ?? '';
    const error = await ToolNode.start(changed(disk, segment, () => undefined)).catch(String);
    expect(error)
      .to.match(/^CorruptionError: /)
      .and.include(`${DIRECTORY}/${segment}: at offset 0: the file is missing`);
  });
});
