import { expect } from 'chai';

import type { RingDocument } from '../../../lib/cluster/ring/ring-document.js';
import { finished, withLeaving } from '../../../lib/cluster/topology/ring-change.js';
import { withAway, withReturning } from '../../../lib/cluster/topology/absence.js';
import { MessageKind } from '../../../lib/cluster/message-kind.js';
import { keepEverything } from '../../sim/crash-fate.js';
import { damageTables } from './damaged-tables.js';
import { RingBench } from './ring-bench.js';

const CONFIG = 'write-timeout 300\nmax-clock-drift 200\nrepair-interval 0\naway-max 2\n';
const OLD_MS = 2000;
/** One looks so often whether a ring is proposed. */
const LOOKS = 60;
/** One member is away; the others go on. */
const AWAY = 2;
const OTHERS = [0, 1];
const KEYS = Array.from({ length: 6 }, (_, i) => `key:${i}`);

async function figure(ring: RingBench, node: number, name: string): Promise<number> {
  const info = String(await ring.ask(ring.nodes[node].connect(), 'INFO', 'ring'));
  return Number(new RegExp(`^${name}:(-?\\d+)\r$`, 'm').exec(info)?.[1]);
}

/** What is proposed to follow the newest ring; all of these act by it from then on. */
async function takeProposed(ring: RingBench, nodes: readonly number[]): Promise<RingDocument> {
  const { epoch } = ring.ring.document;
  const isNew = (): boolean => (ring.proposed.at(-1)?.epoch ?? 0) > epoch;
  for (let i = 0; i < LOOKS && !isNew(); i++) await ring.advance(500);
  expect(isNew(), 'a ring is proposed').to.equal(true);
  ring.adopt(nodes, ring.proposed.at(-1));
  await ring.advance(100);
  return ring.ring.document;
}

/** Three members with some keys, one of which is away for too long: by the ring of the others. Then the keys are deleted, and the deletes have gone; all but `kept`. */
async function leftOut(kept: readonly string[] = []): Promise<RingBench> {
  const ring = await RingBench.start(3, CONFIG);
  const client = ring.nodes[0].connect();
  for (const key of [...KEYS, ...kept]) expect(await ring.ask(client, 'SET', key, 'v')).to.equal('OK');
  const before = ring.ring.document;
  ring.isolate(AWAY);
  expect(await takeProposed(ring, OTHERS)).to.deep.equal(withAway(before, ring.ids[AWAY]));
  for (const key of KEYS) expect(await ring.ask(client, 'DEL', key)).to.equal(1);
  await ring.advance(OLD_MS);
  for (const node of OTHERS) {
    ring.nodes[node].connect().send('RING', 'REPAIR');
    await ring.advance(1500);
  }
  for (const node of OTHERS) expect(await ring.ask(ring.nodes[node].connect(), 'COMPACT')).to.equal('OK');
  for (const node of OTHERS) expect(await figure(ring, node, 'repair_deletes_dropped')).to.equal(KEYS.length);
  return ring;
}

/** The member is back, and rebuilt. */
async function rebuild(ring: RingBench): Promise<void> {
  ring.connectAgain();
  ring.adopt([AWAY]);
  const away = ring.ring.document;
  expect(await takeProposed(ring, [...OTHERS, AWAY])).to.deep.equal(withReturning(away, ring.ids[AWAY]));
  const returning = ring.ring.document;
  expect(await takeProposed(ring, [...OTHERS, AWAY])).to.deep.equal(finished(returning));
  await ring.advance(500);
}

async function read(ring: RingBench, node: number, key: string): Promise<unknown> {
  return ring.ask(ring.nodes[node].connect(), 'WITH', 'ONE', 'GET', key);
}

describe('A member that was away for too long', () => {
  it('is left out, so that deletes go; and brings nothing back when it has been rebuilt', async () => {
    const ring = await leftOut(['kept']);
    await rebuild(ring);
    for (const node of [...OTHERS, AWAY]) {
      for (const key of KEYS) expect(await read(ring, node, key), `${key} at ${node}`).to.equal(null);
      expect(await read(ring, node, 'kept')).to.equal('v');
      ring.nodes[node].connect().send('RING', 'REPAIR');
      await ring.advance(1500);
      expect(await figure(ring, node, 'repair_keys_differing')).to.equal(0);
      expect(await figure(ring, node, 'repair_failures')).to.equal(0);
    }
    expect(ring.nodes[AWAY].node.keyspace.database(0).size).to.equal(1);
  });

  it('serves nobody, and is told nothing and asked nothing, before it has been rebuilt', async () => {
    const ring = await leftOut();
    ring.connectAgain();
    ring.adopt([AWAY]);
    await ring.advance(100);
    const status = String(await ring.ask(ring.nodes[AWAY].connect(), 'INFO', 'ring'));
    expect(status).to.contain('away_members:1\r');
    for (const key of KEYS) expect(await read(ring, AWAY, key), key).to.equal(null);
    const member = ring.ids[AWAY];
    let asked = 0;
    const isOfData = [MessageKind.ASK, MessageKind.PREPARE, MessageKind.HINT, MessageKind.COMPARE_ROOTS].map(Number);
    expect(await ring.ask(ring.nodes[0].connect(), 'SET', 'new', 'w')).to.equal('OK');
    expect(await ring.ask(ring.nodes[0].connect(), 'CAS', 'era', '', 'w')).to.equal(null);
    ring.nodes[0].connect().send('RING', 'REPAIR');
    await ring.advance(500, ({ to, kind }) => {
      if (to === AWAY && isOfData.includes(kind)) asked++;
      return true;
    });
    expect(asked).to.equal(0);
    expect(await ring.ask(ring.nodes[0].connect(), 'DEL', 'new')).to.equal(1);
    expect(ring.ring.absent.has(member)).to.equal(true);
  });

  it('is rebuilt with what it alone has of slots that were not settled without it', async () => {
    const ring = await leftOut();
    const client = ring.nodes[AWAY].connect();
    const settled = KEYS[0];
    expect(await ring.ask(client, 'WITH', 'ONE', 'SET', 'alone', 'mine')).to.equal('OK');
    expect(await ring.ask(client, 'WITH', 'ONE', 'SET', settled, 'newer than the delete')).to.equal('OK');
    await rebuild(ring);
    for (const node of [...OTHERS, AWAY]) {
      expect(await read(ring, node, 'alone'), `at ${node}`).to.equal('mine');
      expect(await read(ring, node, settled), `at ${node}`).to.equal('newer than the delete');
      expect(await read(ring, node, KEYS[1]), `at ${node}`).to.equal(null);
    }
  });

  it('drops the hints that it keeps, and nobody keeps any for it', async () => {
    const ring = await leftOut();
    expect(await ring.ask(ring.nodes[AWAY].connect(), 'WITH', 'ONE', 'SET', 'alone', 'mine')).to.equal('OK');
    await ring.advance(500);
    expect(await figure(ring, AWAY, 'hints')).to.equal(2);
    for (const node of OTHERS) expect(await figure(ring, node, 'hints'), `at ${node}`).to.equal(0);
    ring.connectAgain();
    ring.adopt([AWAY]);
    await ring.advance(100);
    expect(await figure(ring, AWAY, 'hints')).to.equal(0);
  });

  it('is sent no hints while it is being rebuilt: they wait until it is a replica again', async () => {
    const ring = await leftOut();
    ring.connectAgain();
    ring.adopt([AWAY]);
    await takeProposed(ring, OTHERS);
    const hints = (sent: { to: number; kind: number }): boolean => sent.to === AWAY && sent.kind === MessageKind.HINT;
    expect(await ring.ask(ring.nodes[0].connect(), 'SET', 'meanwhile', 'w')).to.equal('OK');
    let sentCount = 0;
    await ring.advance(6000, (sent) => {
      if (hints(sent)) sentCount++;
      return true;
    });
    expect(sentCount).to.equal(0);
    expect(await figure(ring, 0, 'hints')).to.equal(1);
    ring.adopt([AWAY]);
    await takeProposed(ring, [...OTHERS, AWAY]);
    await ring.advance(3000);
    expect(ring.ring.absent.size).to.equal(0);
    expect(await figure(ring, 0, 'hints')).to.equal(0);
    expect(await read(ring, AWAY, 'meanwhile')).to.equal('w');
  });

  it('is away still after the others, and itself, were started anew', async () => {
    const ring = await leftOut();
    ring.isolate(0);
    await ring.restart(0, keepEverything);
    ring.isolate(AWAY);
    await ring.restart(AWAY, keepEverything);
    await rebuild(ring);
    for (const key of KEYS) expect(await read(ring, AWAY, key), key).to.equal(null);
  });
});

describe('A damaged table of a member, while another one is away for good', () => {
  const DAMAGED = 1;

  /** The two who are there reach each other again, and nobody else. */
  async function meet(ring: RingBench): Promise<void> {
    ring.connectAgain();
    ring.isolate(AWAY);
    await ring.advance(3000);
  }

  it('is had again from the one with whom all was compared since, and then deletes go again', async () => {
    const ring = await leftOut(['kept']);
    await damageTables(ring, DAMAGED);
    const damaged = ring.nodes[DAMAGED].connect();
    await meet(ring);
    expect(await read(ring, DAMAGED, 'kept')).to.equal('v');
    for (const key of KEYS) expect(await read(ring, DAMAGED, key), key).to.equal(null);
    await ring.advance(3000);
    expect(await figure(ring, DAMAGED, 'restored_tables')).to.equal(1);
    expect(await figure(ring, DAMAGED, 'damaged_tables')).to.equal(0);
    const settled = await figure(ring, DAMAGED, 'repair_settled_up_to_ms');
    expect(await ring.ask(damaged, 'DEL', 'kept')).to.equal(1);
    await ring.advance(OLD_MS);
    for (const node of OTHERS) {
      ring.nodes[node].connect().send('RING', 'REPAIR');
      await ring.advance(1500);
    }
    expect(await figure(ring, DAMAGED, 'repair_settled_up_to_ms')).to.be.above(settled);
    await rebuild(ring);
    for (const key of KEYS) expect(await read(ring, AWAY, key), key).to.equal(null);
  });

  /** A ring in which who is away, and who has a damaged table that nobody has met yet, alone have what was acknowledged. */
  async function ringOfTwoWhoHave(): Promise<RingBench> {
    const ring = await RingBench.start(3, `${CONFIG}hint-size-max 1\n`);
    const client = ring.nodes[DAMAGED].connect();
    ring.disconnect(0, DAMAGED);
    ring.disconnect(0, AWAY);
    expect(await ring.ask(client, 'SET', 'alone', 'v')).to.equal('OK');
    ring.isolate(AWAY);
    await damageTables(ring, DAMAGED);
    ring.connectAgain();
    ring.isolate(AWAY);
    return ring;
  }

  it('waits for the one who is away, too, if to compare with the other one is what finds the damage', async () => {
    const ring = await ringOfTwoWhoHave();
    await takeProposed(ring, OTHERS);
    expect(await ring.ask(ring.nodes[DAMAGED].connect(), 'CONFIG', 'SET', 'repair-interval', '1')).to.equal('OK');
    await ring.advance(9000);
    expect(await figure(ring, DAMAGED, 'damaged_tables')).to.equal(1);
    expect(await figure(ring, DAMAGED, 'restored_tables')).to.equal(0);
  });

  it('waits for the one who is away, if he alone may have what was in it, until he is taken out of the ring', async () => {
    const ring = await ringOfTwoWhoHave();
    ring.nodes[DAMAGED].connect().send('GET', 'alone');
    await takeProposed(ring, OTHERS);
    await ring.advance(5000);
    expect(await figure(ring, DAMAGED, 'damaged_tables')).to.equal(1);
    const status = await ring.ask(ring.nodes[DAMAGED].connect(), 'RING', 'STATUS');
    expect(JSON.stringify(status)).to.contain(`"restore-waits-for",["${ring.ids[AWAY]}"]`);
    ring.adopt(OTHERS, withLeaving(ring.ring.document, ring.ids[AWAY]));
    await ring.advance(5000);
    expect(await figure(ring, DAMAGED, 'damaged_tables')).to.equal(0);
  });
});
