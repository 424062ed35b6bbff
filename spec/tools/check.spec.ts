import { expect } from 'chai';

import { runCheck } from '../../lib/tools/check-command.js';
import { MemoryDisk } from '../sim/memory-disk.js';
import { SeededRandom } from '../sim/seeded-random.js';
import { DIRECTORY, ToolNode, changed, check, copyOf, filesOf, filledDisk, toolPorts } from './tool-node.js';

function flipped(bit: number): (content: Buffer) => Buffer {
  return (content) => {
    content[bit >> 3] ^= 1 << (bit & 7);
    return content;
  };
}

describe('checkDirectory', () => {
  let disk: MemoryDisk;
  let manifest = '';
  let tables: string[] = [];
  let segment = '';

  before(async () => {
    disk = await filledDisk();
    const files = filesOf(disk);
    manifest = files.find((name) => name.startsWith('manifest-')) ?? '';
    tables = files.filter((name) => name.endsWith('.sst'));
    segment = files.find((name) => name.endsWith('.aof')) ?? '';
  });

  it('finds nothing in what a node has left, has a line for each file, and leaves them as they are', () => {
    const copy = copyOf(disk);
    const { stepCount } = copy;
    const { lines, damaged } = check(copy);
    expect(damaged).to.deep.equal([]);
    expect(tables.length).to.be.at.least(3);
    for (const name of filesOf(copy))
      expect(lines.filter((line) => line.startsWith(`ok       ${name} `))).to.have.length(1);
    expect(lines.at(-1)).to.match(
      /^\d+ files checked, \d+ tables with \d+ records, 1 segments of the log with 21 batches; 0 notes; no damage$/,
    );
    expect(copy.stepCount).to.equal(stepCount);
  });

  it('sees a flipped bit anywhere in any file, and names the file', () => {
    const random = new SeededRandom(5);
    for (const name of filesOf(disk)) {
      const bits = disk.contentOf(`${DIRECTORY}/${name}`).length * 8;
      for (let time = 0; time < 60; time++) {
        const bit = random.uint32() % bits;
        const { lines, damaged } = check(changed(disk, name, flipped(bit)));
        // The last seal of a manifest may be what a crash has left of it.
        if (name === manifest && damaged.length === 0) expect(lines.join('\n')).to.include('a crash left incomplete');
        else expect(damaged, `bit ${bit} of ${name}`).to.include(name === 'CURRENT' ? 'CURRENT' : name);
      }
    }
  });

  it('sees that a file is missing, cut, or longer', () => {
    for (const name of filesOf(disk)) {
      if (name === manifest) continue;
      expect(check(changed(disk, name, () => undefined)).damaged, name).to.deep.equal([name]);
      if (name === segment) continue;
      expect(check(changed(disk, name, (content) => content.subarray(0, -1))).damaged, name).to.deep.equal([name]);
      const longer = (content: Buffer): Buffer => Buffer.concat([content, Buffer.from('\n')]);
      expect(check(changed(disk, name, longer)).damaged, name).to.deep.equal([name]);
    }
    expect(check(changed(disk, manifest, () => undefined)).damaged).to.deep.equal([manifest]);
  });

  it('goes on with tables as they are when the manifest is damaged, and with the log when a table is', () => {
    const { lines, damaged } = check(changed(changed(disk, tables[0], flipped(99)), manifest, flipped(99)));
    expect(damaged).to.deep.equal([manifest, tables[0]]);
    expect(lines.join('\n')).to.match(new RegExp(`ok {7}${tables[1]} .* whether it counts is not known`));
  });

  it('tells what a crash leaves from damage: torn ends, files that no version has, temporary ones', () => {
    const torn = changed(changed(disk, manifest, append('torn')), segment, append('torn'));
    torn.plant(`${DIRECTORY}/tables/0000099999.sst`, Buffer.from('half a table'));
    torn.plant(`${DIRECTORY}/manifest-0000000077`, Buffer.from('half a manifest'));
    torn.plant(`${DIRECTORY}/CURRENT.tmp`, Buffer.from('half'));
    torn.plant(`${DIRECTORY}/aof/0000000001.aof`, Buffer.from('left over'));
    torn.plant(`${DIRECTORY}/notes.txt`, Buffer.from('mine'));
    const { lines, damaged } = check(torn);
    expect(damaged).to.deep.equal([]);
    const notes = lines.filter((line) => line.startsWith('note'));
    for (const name of [
      manifest,
      segment,
      'tables/0000099999.sst',
      'manifest-0000000077',
      'aof/0000000001.aof',
      'notes.txt',
    ])
      expect(
        notes.filter((line) => line.includes(name)),
        name,
      ).to.have.length(1);
    expect(lines.at(-1)).to.include('6 notes; no damage');
  });

  it('says that a new directory holds nothing yet, and that the log of one is missing', async () => {
    expect(check(new MemoryDisk()).damaged).to.deep.equal([]);
    const node = await ToolNode.start(new MemoryDisk());
    const begun = await node.stop();
    expect(check(begun).damaged).to.deep.equal([]);
    expect(check(changed(begun, 'aof/0000000001.aof', () => undefined)).damaged).to.deep.equal(['aof/0000000001.aof']);
  });

  it('does not ask for a log where there is none (appendonly no)', async () => {
    const node = await ToolNode.start(new MemoryDisk(), DIRECTORY, 'appendonly no');
    await node.ask('SET', 'k', 'v');
    await node.ask('SAVE');
    const saved = await node.stop();
    expect(check(saved).damaged).to.deep.equal([]);
    expect(
      check(changed(saved, filesOf(saved).find((name) => name.endsWith('.aof')) ?? '', () => undefined)).damaged,
    ).to.deep.equal([]);
  });

  it('reports tables in quarantine, whatever their files are like by now', async () => {
    const node = await ToolNode.start(changed(disk, tables[0], () => undefined));
    const left = await node.stop();
    left.plant(`${DIRECTORY}/${tables[0]}`, disk.contentOf(`${DIRECTORY}/${tables[0]}`));
    const { lines, damaged } = check(left);
    expect(damaged).to.deep.equal([tables[0]]);
    expect(lines.join('\n')).to.include('quarantined: the file is missing');
  });
});

describe('runCheck', () => {
  it('ends with 0 if all is well, with 1 if not, and with 2 if it must not look, or there is nothing to look at', async () => {
    const disk = await filledDisk();
    expect(runCheck([DIRECTORY], toolPorts(disk))).to.equal(0);
    expect(runCheck([DIRECTORY], toolPorts(changed(disk, 'identity', flipped(3))))).to.equal(1);
    const ports = toolPorts(disk);
    expect(runCheck(['/nowhere'], ports)).to.equal(2);
    disk.lock(`${DIRECTORY}/lock`);
    expect(runCheck([DIRECTORY], ports)).to.equal(2);
    expect(ports.complaints).to.have.length(2);
    expect(ports.complaints[1]).to.include('in use by');
    expect(ports.lines).to.deep.equal([]);
  });
});

function append(text: string): (content: Buffer) => Buffer {
  return (content) => Buffer.concat([content, Buffer.from(text)]);
}
