import { expect } from 'chai';

import { slotOf } from '../../../lib/base/position.js';
import type { RingMessage } from '../../../lib/cluster/coordination/versioned-links.js';
import { VERSIONED_HEAD_BYTES } from '../../../lib/cluster/coordination/versioned-links.js';
import { MessageKind } from '../../../lib/cluster/message-kind.js';
import { Step } from '../../../lib/cluster/repair/repair-messages.js';
import { finished } from '../../../lib/cluster/topology/ring-change.js';
import { keepEverything } from '../../sim/crash-fate.js';
import { DIRECTORY } from '../../storage/engine/store-bench.js';
import { RingBench } from './ring-bench.js';

const KEYS = Array.from({ length: 40 }, (_, i) => `key:${i}`);
const TABLES = `${DIRECTORY}/tables`;
/** What was written so long ago may be settled. */
const OLD_MS = 2000;
/** A member that joins is filled while one looks so often. */
const FILL_LOOKS = 60;
const CONFIG = 'write-timeout 300\nmax-clock-drift 200\nrepair-interval 0\n';

async function figure(ring: RingBench, node: number, name: string): Promise<number> {
  const info = String(await ring.ask(ring.nodes[node].connect(), 'INFO', 'ring'));
  return Number(new RegExp(`^${name}:(-?\\d+)\r$`, 'm').exec(info)?.[1]);
}

type Sent = Parameters<Parameters<RingBench['settle']>[0] & object>[0];

/** A round of each node, or of some. `filter` says which messages arrive. */
async function repairAll(ring: RingBench, filter?: (sent: Sent) => boolean, nodes = [0, 1, 2]): Promise<void> {
  for (const node of nodes) {
    ring.nodes[node].connect().send('RING', 'REPAIR');
    await ring.advance(1500, filter);
  }
  if (filter !== undefined) ring.sent = ring.sent.filter(filter);
}

/** Whether a message asks for a step of settling slots. */
function isStep(kind: number, { buffer, start }: RingMessage, step: Step): boolean {
  return kind === MessageKind.SETTLE && buffer[start + VERSIONED_HEAD_BYTES + 4] === step;
}

async function compactAll(ring: RingBench, nodes = [0, 1, 2]): Promise<void> {
  for (const node of nodes) expect(await ring.ask(ring.nodes[node].connect(), 'COMPACT')).to.equal('OK');
}

/** Whether the tables of a node say anything. */
function hasTables(ring: RingBench, node: number): boolean {
  return ring.nodes[node].disk.list(TABLES).length > 0;
}

async function setAll(ring: RingBench, keys = KEYS): Promise<void> {
  const client = ring.nodes[0].connect();
  for (const key of keys) expect(await ring.ask(client, 'SET', key, 'v')).to.equal('OK');
}

async function deleteAll(ring: RingBench, keys = KEYS): Promise<void> {
  const client = ring.nodes[0].connect();
  for (const key of keys) expect(await ring.ask(client, 'DEL', key)).to.equal(1);
}

describe('Deletes of a ring', () => {
  it('go, when all replicas of their slot have them for good, and not before', async () => {
    const ring = await RingBench.start(3, CONFIG);
    await setAll(ring);
    await deleteAll(ring);
    await compactAll(ring);
    expect(hasTables(ring, 1)).to.equal(true);
    await ring.advance(OLD_MS);
    await repairAll(ring);
    await compactAll(ring);
    for (const node of [0, 1, 2]) {
      expect(hasTables(ring, node)).to.equal(false);
      expect(await figure(ring, node, 'repair_failures')).to.equal(0);
      expect(await figure(ring, node, 'repair_keys_differing')).to.equal(0);
      expect(await figure(ring, node, 'repair_deletes_dropped')).to.equal(KEYS.length);
    }
    await setAll(ring);
    expect(await ring.ask(ring.nodes[2].connect(), 'DBSIZE')).to.equal(KEYS.length);
  });

  it('stay while a member is away, or another one keeps something for it', async () => {
    const ring = await RingBench.start(3, CONFIG);
    await setAll(ring);
    ring.isolate(2);
    await deleteAll(ring);
    await ring.advance(OLD_MS);
    await repairAll(ring);
    expect(await figure(ring, 0, 'repair_settled_up_to_ms')).to.equal(0);
    ring.connectAgain();
    const isNoHint = ({ kind }: Sent): boolean => kind !== MessageKind.HINT;
    await repairAll(ring, isNoHint);
    expect(await figure(ring, 0, 'repair_settled_up_to_ms')).to.equal(0);
    expect(await figure(ring, 0, 'repair_failures')).to.equal(1);
    await ring.advance(1000);
    await repairAll(ring);
    await compactAll(ring);
    for (const node of [0, 1, 2]) expect(hasTables(ring, node)).to.equal(false);
  });

  it('of which not all have heard that they may go bring nothing back, and go when they have', async () => {
    const ring = await RingBench.start(3, CONFIG);
    await setAll(ring);
    await deleteAll(ring);
    await ring.advance(OLD_MS);
    await repairAll(ring, ({ kind, to, message }) => to !== 2 || !isStep(kind, message, Step.CONFIRM), [0]);
    expect(await figure(ring, 0, 'repair_settled_slots')).to.be.above(0);
    expect(await figure(ring, 1, 'repair_settled_up_to_ms')).to.be.above(0);
    expect(await figure(ring, 2, 'repair_settled_up_to_ms')).to.equal(0);
    await compactAll(ring);
    const client = ring.nodes[2].connect();
    for (const key of KEYS) expect(await ring.ask(client, 'GET', key)).to.equal(null);
    await repairAll(ring);
    expect(await figure(ring, 2, 'repair_keys_differing')).to.equal(0);
    await compactAll(ring);
    expect(hasTables(ring, 2)).to.equal(false);
  });

  it('do not come to be missed where they were lost with a table', async () => {
    const ring = await RingBench.start(3, CONFIG);
    await setAll(ring, [...KEYS, 'left']);
    await ring.ask(ring.nodes[2].connect(), 'SAVE');
    const { disk } = ring.nodes[2];
    const values = disk.list(TABLES);
    await deleteAll(ring);
    await ring.ask(ring.nodes[2].connect(), 'SAVE');
    await ring.advance(OLD_MS);
    await repairAll(ring, ({ kind, to, message }) => to !== 2 || !isStep(kind, message, Step.CONFIRM), [0]);
    await compactAll(ring, [0, 1]);
    expect(await figure(ring, 2, 'repair_settled_up_to_ms')).to.equal(0);
    ring.isolate(2);
    for (const name of disk.list(TABLES).filter((each) => !values.includes(each))) {
      const content = disk.contentOf(`${TABLES}/${name}`);
      content[Math.floor(content.length / 8)] ^= 1;
      disk.plant(`${TABLES}/${name}`, content);
    }
    await ring.restart(2, keepEverything);
    ring.connectAgain();
    const client = ring.nodes[2].connect();
    expect(await ring.ask(client, 'GET', 'key:0')).to.equal(null);
    await repairAll(ring);
    expect(await figure(ring, 2, 'restored_tables')).to.be.above(0);
    ring.isolate(2);
    for (const key of KEYS) expect(await ring.ask(client, 'WITH', 'ONE', 'GET', key), key).to.equal(null);
    expect(await ring.ask(client, 'WITH', 'ONE', 'GET', 'left')).to.equal('v');
  });

  it('are not settled by who was a member when that was begun, while the ring has got another one since', async () => {
    const ring = await RingBench.start(3, `${CONFIG}write-timeout 5000\n`);
    await setAll(ring);
    await deleteAll(ring);
    await ring.advance(OLD_MS + 5000);
    ring.nodes[0].connect().send('SET', 'late', 'v');
    const isTaken = ({ kind }: Sent): boolean => kind !== MessageKind.REPLICATED;
    await repairAll(ring, isTaken, [0]);
    const joiner = await ring.join();
    ring.adopt();
    ring.adopt(undefined, finished(ring.ring.document));
    await ring.advance(1500);
    expect(await figure(ring, 0, 'repair_failures')).to.equal(1);
    for (const node of [0, 1, 2, joiner]) expect(await figure(ring, node, 'repair_settled_up_to_ms')).to.equal(0);
    // What the new one was not given before it was a member is brought there by the first rounds.
    for (let i = 0; i < 2; i++) await repairAll(ring, undefined, [0, 1, 2, joiner]);
    for (const key of KEYS) {
      const slot = slotOf(Buffer.from(key), 0, key.length);
      for (const node of ring.replicasOf(key)) {
        expect(ring.nodes[node].node.server.ring?.settledUpToMs(slot), key).to.be.above(0);
      }
    }
  });

  it('are settled for who takes slots over as for those who have had them, and after a restart', async () => {
    const ring = await RingBench.start(3, CONFIG);
    await setAll(ring, [...KEYS, 'left']);
    await deleteAll(ring);
    await ring.advance(OLD_MS);
    await repairAll(ring);
    const joiner = await ring.join();
    ring.adopt();
    for (let i = 0; i < FILL_LOOKS && (await figure(ring, joiner, 'repair_settled_up_to_ms')) === 0; i++) {
      await ring.advance(500);
    }
    ring.adopt(undefined, finished(ring.ring.document));
    await ring.advance(500);
    ring.isolate(0);
    await ring.restart(0, keepEverything);
    ring.connectAgain();
    await ring.advance(500);
    let shared = 0;
    for (const key of KEYS) {
      const slot = slotOf(Buffer.from(key), 0, key.length);
      const settled = ring.replicasOf(key).map((node) => ring.nodes[node].node.server.ring?.settledUpToMs(slot));
      expect(settled[0], key).to.be.above(0);
      expect(new Set(settled).size, key).to.equal(1);
      shared += Number(ring.replicasOf(key).includes(joiner));
    }
    expect(shared).to.be.above(0);
  });
});
