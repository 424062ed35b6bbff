import { expect } from 'chai';

import { readIdentity } from '../../lib/storage/identity.js';
import { runRestore } from '../../lib/tools/restore-command.js';
import { keepEverything, keepNothing } from '../sim/crash-fate.js';
import type { MemoryDisk, Step } from '../sim/memory-disk.js';
import { PowerFailure } from '../sim/memory-disk.js';
import { DIRECTORY, ToolNode, changed, check, copyOf, filesOf, filledDisk, toolPorts } from './tool-node.js';

const TARGET = '/restored';

function bytesOf(disk: MemoryDisk): Map<string, string> {
  return new Map(filesOf(disk).map((name) => [name, disk.contentOf(`${DIRECTORY}/${name}`).toString('hex')]));
}

async function contentsOf(disk: MemoryDisk, directory: string): Promise<Map<string, unknown>> {
  const node = await ToolNode.start(disk, directory);
  const contents = await node.contents();
  await node.stop();
  return contents;
}

describe('runRestore', () => {
  let backup: MemoryDisk;
  let contents: Map<string, unknown>;

  before(async () => {
    backup = await filledDisk();
    contents = await contentsOf(copyOf(backup), DIRECTORY);
  });

  it('makes a data directory with the same data, of another node, by the same position key', async () => {
    const disk = copyOf(backup);
    const ports = toolPorts(disk);
    expect(runRestore([DIRECTORY, TARGET], ports)).to.equal(0);
    const [before, after] = [readIdentity(disk, DIRECTORY), readIdentity(disk, TARGET)];
    expect(after.positionKey).to.deep.equal(before.positionKey);
    expect(after.nodeId).not.to.equal(before.nodeId);
    expect(ports.lines.at(-1)).to.match(
      new RegExp(`^Restored to ${TARGET} as node ${after.nodeId}: \\d tables, 1 segments of the log, \\d+ bytes$`),
    );
    // It is durable, too.
    const next = disk.crash(keepNothing);
    expect(check(next, TARGET).damaged).to.deep.equal([]);
    expect(await contentsOf(next, TARGET)).to.deep.equal(contents);
  });

  it('leaves the backup as it is, also when the new node writes', async () => {
    const disk = copyOf(backup);
    const before = bytesOf(disk);
    expect(runRestore([DIRECTORY, TARGET], toolPorts(disk))).to.equal(0);
    const node = await ToolNode.start(disk.kill(), TARGET);
    await node.ask('SET', 'key1', 'other');
    await node.ask('COMPACT');
    expect(bytesOf(node.disk)).to.deep.equal(before);
  });

  it('leaves behind what a crash has left in the backup', () => {
    const disk = copyOf(backup);
    disk.plant(`${DIRECTORY}/tables/0000099999.sst`, Buffer.from('half a table'));
    disk.plant(`${DIRECTORY}/aof/0000000001.aof`, Buffer.from('left over'));
    expect(runRestore([DIRECTORY, TARGET], toolPorts(disk))).to.equal(0);
    const names = filesOf(disk).filter((name) => !name.includes('99999') && !name.endsWith('0000000001.aof'));
    expect(filesOf(disk, TARGET)).to.deep.equal(names);
  });

  it('takes a directory that is there if it is empty, and refuses every other place', () => {
    const disk = copyOf(backup);
    const refused = (from: string, to: string, why: string): void => {
      const ports = toolPorts(disk);
      const { stepCount } = disk;
      expect(runRestore([from, to], ports), why).to.equal(2);
      expect(ports.complaints).to.have.length(1);
      expect(ports.complaints[0]).to.include(why);
      expect(disk.stepCount).to.equal(stepCount);
    };
    refused('/nowhere', TARGET, '/nowhere: there is no such directory');
    refused(DIRECTORY, `${DIRECTORY}/inside`, 'is in the backup');
    refused(DIRECTORY, '/no/where', '/no: there is no such directory');
    disk.makeDirectory(TARGET);
    refused(TARGET, '/other', 'is no backup');
    expect(runRestore([DIRECTORY, TARGET], toolPorts(disk))).to.equal(0);
    refused(DIRECTORY, TARGET, `${TARGET} is not empty`);
    disk.lock(`${DIRECTORY}/lock`);
    refused(DIRECTORY, '/other', 'is in use by another process');
  });

  it('restores nothing from a damaged backup', () => {
    for (const name of filesOf(backup)) {
      const disk = changed(backup, name, (content) => {
        content[content.length >> 1] ^= 1;
        return content;
      });
      const ports = toolPorts(disk);
      expect(runRestore([DIRECTORY, TARGET], ports), name).to.equal(1);
      expect(ports.complaints).to.deep.equal([`${DIRECTORY} is damaged: nothing was restored`]);
      expect(disk.exists(TARGET), name).to.equal(false);
    }
  });

  it('leaves nothing when it fails at any step', () => {
    for (let at = 1, done = false; !done; at++) {
      let failed: Step | undefined;
      const disk = copyOf(backup, {
        plan: (step) => {
          if (step.number !== at) return undefined;
          failed = step;
          return { kind: 'error', code: 'ENOSPC' };
        },
      });
      const ports = toolPorts(disk);
      const code = runRestore([DIRECTORY, TARGET], ports);
      done = failed === undefined;
      expect(code, String(at)).to.equal(done ? 0 : 1);
      expect(disk.exists(TARGET), `${failed?.name} ${failed?.path}`).to.equal(done);
      if (done) expect(at).to.be.greaterThan(20);
      else expect(ports.complaints.join()).to.include('injected');
    }
  });

  it('is never half of one when the power fails at any step: no node starts on it before it is whole', async () => {
    for (let at = 1, done = false; !done; at++) {
      const failing = copyOf(backup, { plan: ({ number }) => (number === at ? { kind: 'power' } : undefined) });
      try {
        runRestore([DIRECTORY, TARGET], toolPorts(failing));
        done = true;
      } catch (error) {
        expect(error).to.be.instanceOf(PowerFailure);
      }
      for (const fate of [keepNothing, keepEverything]) {
        const disk = failing.crash(fate);
        expect(check(disk).damaged, `step ${at}`).to.deep.equal([]);
        if (!disk.exists(`${TARGET}/CURRENT`)) {
          // Nothing that a node would take for data is there.
          for (const folder of ['aof', 'tables'])
            expect(disk.list(`${TARGET}/${folder}`), `step ${at}`).to.deep.equal([]);
          continue;
        }
        const { damaged } = check(disk, TARGET);
        if (damaged.length === 0) expect(await contentsOf(disk, TARGET), `step ${at}`).to.deep.equal(contents);
        else {
          const refusal = await ToolNode.start(disk, TARGET).catch(String);
          expect(refusal, `step ${at}`).to.match(/CorruptionError: .*(CURRENT|identity)/);
        }
      }
    }
  });
});
