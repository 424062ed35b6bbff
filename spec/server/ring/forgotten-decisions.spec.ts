import { expect } from 'chai';

import { VERSIONED_HEAD_BYTES } from '../../../lib/cluster/coordination/versioned-links.js';
import { MessageKind } from '../../../lib/cluster/message-kind.js';
import { ForgetStep } from '../../../lib/cluster/repair/repair-messages.js';
import { keepNothing } from '../../sim/crash-fate.js';
import { RingBench } from './ring-bench.js';

const NODES = [0, 1, 2];
const KEYS = Array.from({ length: 10 }, (_, i) => `key:${i}`);
/** What was written so long ago may be settled. */
const OLD_MS = 2000;
/** Who does not answer for so long is not waited for. */
const SILENT_MS = 12_000;
const CONFIG = 'appendfsync always\nwrite-timeout 300\nmax-clock-drift 200\nrepair-interval 0\n';

type Filter = NonNullable<Parameters<RingBench['settle']>[0]>;

async function figures(ring: RingBench, name: string): Promise<number[]> {
  return Promise.all(
    ring.nodes.map(async (node) => {
      const info = String(await ring.ask(node.connect(), 'INFO', 'ring'));
      return Number(new RegExp(`^${name}:(-?\\d+)\r$`, 'm').exec(info)?.[1]);
    }),
  );
}

async function repairAll(ring: RingBench, filter?: Filter): Promise<void> {
  for (const node of NODES) {
    ring.nodes[node].connect().send('RING', 'REPAIR');
    await ring.advance(1500, filter);
    if (filter !== undefined) ring.sent = ring.sent.filter(filter);
  }
}

/** Keys that consensus has decided about, and that are deleted since a while. */
async function ringWithDeleted(): Promise<RingBench> {
  const ring = await RingBench.start(3, CONFIG);
  for (const key of KEYS) await decideAndDelete(ring, key);
  await ring.advance(OLD_MS);
  return ring;
}

async function decideAndDelete(ring: RingBench, key: string): Promise<void> {
  const client = ring.nodes[0].connect();
  expect(await ring.ask(client, 'SET', key, 'plain')).to.equal('OK');
  expect(await ring.ask(client, 'CAS', key, 'plain', 'decided')).to.equal(1);
  expect(await ring.ask(client, 'CAD', key, 'decided')).to.equal(1);
}

describe('Decisions about deleted keys', () => {
  it('are forgotten when all replicas have nothing but the delete, for good; then the key begins anew', async () => {
    const ring = await ringWithDeleted();
    expect(await figures(ring, 'decided_keys')).to.deep.equal([10, 10, 10]);
    await repairAll(ring);
    expect(await figures(ring, 'decided_keys')).to.deep.equal([0, 0, 0]);
    expect(await figures(ring, 'decided_forgotten_keys')).to.deep.equal([10, 10, 10]);
    expect(await figures(ring, 'decided_bytes')).to.deep.equal([0, 0, 0]);
    expect(await figures(ring, 'repair_failures')).to.deep.equal([0, 0, 0]);
    for (const node of NODES) {
      ring.isolate(node);
      await ring.restart(node, keepNothing);
      ring.connectAgain();
      await ring.advance(500);
    }
    expect(await figures(ring, 'decided_keys')).to.deep.equal([0, 0, 0]);
    const client = ring.nodes[1].connect();
    for (const key of KEYS) expect(await ring.ask(client, 'GET', key)).to.equal(null);
    expect(await ring.ask(client, 'SET', 'key:1', 'again')).to.equal('OK');
    expect(await figures(ring, 'decided_keys')).to.deep.equal([0, 0, 0]);
    expect(await ring.ask(client, 'CAS', 'key:1', 'again', 'more')).to.equal(1);
    expect(await ring.ask(client, 'CAS', 'key:2', 'decided', 'more')).to.equal(null);
    for (const node of NODES) expect(await ring.ask(ring.nodes[node].connect(), 'GET', 'key:1')).to.equal('more');
  });

  it('stay while a member is away', async () => {
    const ring = await ringWithDeleted();
    ring.isolate(2);
    await repairAll(ring);
    expect(await figures(ring, 'decided_keys')).to.deep.equal([10, 10, 10]);
    ring.connectAgain();
    await repairAll(ring);
    expect(await figures(ring, 'decided_keys')).to.deep.equal([0, 0, 0]);
  });

  it('are forgotten though a member does not answer that holds others', async () => {
    const ring = await RingBench.start(4, CONFIG);
    const isNotAsked: Filter = ({ kind }) => kind !== MessageKind.FORGET;
    const isAnswered: Filter = (sent) => isNotAsked(sent) || sent.to !== 3;
    const own = ring.keyWithout(3);
    const other = KEYS.find((key) => ring.replicasOf(key)[0] === 3) ?? '';
    for (const key of [other, own]) {
      await decideAndDelete(ring, key);
      await ring.advance(OLD_MS);
      // What its first replica has not had forgotten in the round before, the next one does.
      ring.nodes[3].connect().send('RING', 'REPAIR');
      await ring.advance(500, isNotAsked);
      ring.sent = ring.sent.filter(isNotAsked);
      ring.nodes[0].connect().send('RING', 'REPAIR');
      await ring.advance(SILENT_MS, isAnswered);
      ring.sent = ring.sent.filter(isAnswered);
    }
    expect(await figures(ring, 'decided_keys')).to.deep.equal([1, 1, 0, 1]);
    expect((await figures(ring, 'repair_failures'))[0]).to.be.above(0);
  });

  it('stay when the disk of an acceptor has failed, and hold up no repair there', async () => {
    const ring = await ringWithDeleted();
    ring.acceptorFaults.set(0, { kind: 'error', code: 'EIO' });
    await repairAll(ring);
    expect(await figures(ring, 'decided_keys')).to.deep.equal([10, 10, 10]);
    const [before] = await figures(ring, 'repair_rounds');
    await repairAll(ring);
    const [after] = await figures(ring, 'repair_rounds');
    expect(after).to.be.above(before);
  });

  it('that one replica still has when the others have forgotten them hide no plain write since; they go later', async () => {
    const ring = await ringWithDeleted();
    const isTold: Filter = ({ kind, to, message: { buffer, start } }) =>
      kind !== MessageKind.FORGET || to !== 2 || buffer[start + VERSIONED_HEAD_BYTES + 4] !== ForgetStep.FORGET;
    ring.nodes[0].connect().send('RING', 'REPAIR');
    await ring.advance(1500, isTold);
    ring.sent = ring.sent.filter(isTold);
    const left = KEYS.filter((key) => ring.replicasOf(key)[0] === 0);
    expect(left.length).to.be.above(1);
    expect(await figures(ring, 'decided_keys')).to.deep.equal([10 - left.length, 10 - left.length, 10]);
    const [written, other] = left;
    expect(await ring.ask(ring.nodes[0].connect(), 'SET', written, 'plain again')).to.equal('OK');
    for (const node of NODES) {
      expect(await ring.ask(ring.nodes[node].connect(), 'GET', written)).to.equal('plain again');
      expect(await ring.ask(ring.nodes[node].connect(), 'GET', other)).to.equal(null);
    }
    expect(await ring.ask(ring.nodes[2].connect(), 'DEL', written)).to.equal(1);
    await ring.advance(OLD_MS);
    for (let round = 0; round < 3; round++) await repairAll(ring);
    expect(await figures(ring, 'decided_keys')).to.deep.equal([0, 0, 0]);
  });
});
