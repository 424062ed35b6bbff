import { expect } from 'chai';
import { compareRingVersions } from '../../../lib/cluster/ring/ring-version.js';
import { checkRing } from '../../../lib/cluster/ring/ring-document.js';
import { RecoverError, recoverRing } from '../../../lib/cluster/topology/recover.js';
import { RingStore } from '../../../lib/cluster/topology/ring-store.js';
import { chooseVoters } from '../../../lib/cluster/topology/voters.js';
import { checkDirectory } from '../../../lib/tools/check.js';
import { runRing } from '../../../lib/tools/ring-command.js';
import { MemoryDisk } from '../../sim/memory-disk.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import { toolPorts } from '../../tools/tool-node.js';
import { someMember, someMemberId, someRing } from '../ring/some-rings.js';

const members = [1, 2, 3, 4, 5].map((ordinal) => someMember(ordinal, [ordinal * 10], `zone${ordinal % 2}`));
const ring = someRing(members, 3, 8);
const ids = members.map(({ id }) => id);

describe('recoverRing', () => {
  it('makes a newer ring of the survivors, who vote, and gives no ordinal again', () => {
    const recovered = checkRing(recoverRing(ring, [ids[4], ids[1]]));
    expect(recovered).to.include({ generation: 2, epoch: 9, nextOrdinal: 6, clusterId: ring.clusterId });
    expect(recovered.members).to.deep.equal([members[1], members[4]]);
    expect(recovered.voters).to.deep.equal([ids[1], ids[4]]);
    expect(compareRingVersions(recovered, { ...ring, epoch: 10_000 })).to.be.above(0);
  });

  it('makes the same of the same', () => {
    expect(recoverRing(ring, [ids[0], ids[1]])).to.deep.equal(recoverRing(ring, [ids[1], ids[0]]));
  });

  it('refuses survivors that it does not know, and none', () => {
    expect(() => recoverRing(ring, [])).to.throw(RecoverError, 'no survivors');
    expect(() => recoverRing(ring, [someMemberId(6)])).to.throw(RecoverError, 'no member of epoch 8');
  });
});

describe('chooseVoters', () => {
  it('has an odd number of members, up to 7, or both of two, and keeps those who vote', () => {
    const many = Array.from({ length: 12 }, (_, index) => someMember(index + 1, [index], `zone${index < 8 ? 0 : 1}`));
    const counts = many.map((_member, index) => chooseVoters(many.slice(0, index + 1), []).length);
    expect(counts).to.deep.equal([1, 2, 3, 3, 5, 5, 7, 7, 7, 7, 7, 7]);
    const voting = many.slice(2, 5).map(({ id }) => id);
    const chosen = chooseVoters(many, voting);
    expect(chosen).to.include.members(voting);
    // The other zone has had none: it comes first.
    expect(chosen).to.include.members(many.slice(8, 11).map(({ id }) => id));
  });
});

describe('runRing', () => {
  const DIRECTORY = '/data';

  async function directoryOf(): Promise<{ disk: MemoryDisk; id: string }> {
    const disk = new MemoryDisk();
    disk.makeDirectory(DIRECTORY);
    const store = RingStore.open(disk, new SeededRandom(1), DIRECTORY);
    const own = { ...members[0], id: store.nodeId };
    await store.saveRing({ ...someRing([own, ...members.slice(1)], 3, 8) });
    return { disk, id: store.nodeId };
  }

  async function run(
    disk: MemoryDisk,
    args: readonly string[],
  ): Promise<{ code: number; printed: string[]; complaints: string[] }> {
    const ports = toolPorts(disk);
    const code = await runRing(args, ports);
    return { code, printed: ports.lines, complaints: ports.complaints };
  }

  it('writes the new ring, durably, and says what to do with the others', async () => {
    const { disk, id } = await directoryOf();
    const { code, printed } = await run(disk, ['recover', '--survivors', `${ids[2]},${id}`, '--dir', DIRECTORY]);
    expect(code).to.equal(0);
    expect(printed.join('\n')).to.contain('epoch 9 of generation 2').and.contain(id);
    const ringAfter = RingStore.openExisting(disk, DIRECTORY)?.ring;
    expect(ringAfter?.members.map((member) => member.id)).to.deep.equal([id, ids[2]]);
  });

  it('refuses what makes no sense, and changes nothing', async () => {
    const { disk, id } = await directoryOf();
    const before = disk.contentOf(RingStore.pathIn(DIRECTORY));
    const refused: [string[], string][] = [
      [['recover'], 'Usage'],
      [['status'], 'Usage'],
      [['recover', '--survivors', id, '--dir', '/nowhere'], 'no ring'],
      [['recover', '--survivors', ids[2], '--dir', DIRECTORY], 'is not among the survivors'],
      [['recover', '--survivors', `${id},zzz`, '--dir', DIRECTORY], 'zzz is no member'],
    ];
    for (const [args, expected] of refused) {
      const { code, complaints } = await run(disk, args);
      expect(code).to.equal(2);
      expect(complaints.join()).to.contain(expected);
    }
    disk.lock(`${DIRECTORY}/lock`);
    const held = await run(disk, ['recover', '--survivors', id, '--dir', DIRECTORY]);
    expect(held.complaints.join()).to.contain('in use by');
    expect(disk.contentOf(RingStore.pathIn(DIRECTORY))).to.deep.equal(before);
  });

  it('refuses a damaged file, and names it; ringkv check finds it too', async () => {
    const { disk, id } = await directoryOf();
    const damaged = (): string[] => checkDirectory(disk, DIRECTORY, () => undefined).damages.map(({ name }) => name);
    expect(damaged()).to.deep.equal([]);
    disk.plant(RingStore.pathIn(DIRECTORY), Buffer.from('nothing'));
    const { code, complaints } = await run(disk, ['recover', '--survivors', id, '--dir', DIRECTORY]);
    expect(code).to.equal(1);
    expect(complaints.join()).to.contain(RingStore.pathIn(DIRECTORY));
    expect(damaged()).to.deep.equal(['cluster/topology']);
  });
});
