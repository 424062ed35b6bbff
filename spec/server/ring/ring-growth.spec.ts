import { expect } from 'chai';
import { MessageKind } from '../../../lib/cluster/message-kind.js';
import { Ring } from '../../../lib/cluster/ring/ring.js';
import { aborted, finished, withLeaving } from '../../../lib/cluster/topology/ring-change.js';
import { slotOf } from '../../../lib/base/position.js';
import { keepNothing } from '../../sim/crash-fate.js';
import { forgetToRewrite } from '../../sim/planted-consensus-bugs.js';
import { movingKey } from './moving-key.js';
import { RingBench } from './ring-bench.js';

describe('A ring that grows and shrinks', () => {
  it('may hold data, for all that a node knows which has not read its own yet: a member that is added at once is not filled (simulator, scenario everything, seed 2200068)', async () => {
    const ring = await RingBench.start(3);
    expect(ring.heldBefore).to.deep.equal([true, true, true]);
    expect(ring.data.map((data) => data.holdsData())).to.deep.equal([false, false, false]);
    await ring.ask(ring.nodes[0].connect(), 'SET', 'k', 'v');
    expect(ring.data.map((data) => data.holdsData())).to.deep.equal([true, true, true]);
    ring.heldBefore.length = 0;
    await ring.restart(1, keepNothing);
    expect(ring.heldBefore[1]).to.equal(true);
  });

  /** Lets time pass until a node has proposed the end of the change. */
  async function untilProposed(ring: RingBench): Promise<void> {
    const { length } = ring.proposed;
    for (let i = 0; i < 300 && ring.proposed.length === length; i++) await ring.advance(100);
    expect(ring.proposed.at(-1)).to.deep.equal(finished(ring.ring.document));
  }

  async function finish(ring: RingBench): Promise<void> {
    await untilProposed(ring);
    ring.adopt(undefined, ring.proposed.at(-1));
    await ring.settle();
  }

  async function fill(ring: RingBench, count: number): Promise<void> {
    const client = ring.nodes[0].connect();
    for (let i = 0; i < count; i++) await ring.ask(client, 'SET', `key:${i}`, `value ${i}`);
    for (let i = 0; i < count; i += 7) await ring.ask(client, 'DEL', `key:${i}`);
    await ring.ask(client, 'HSET', 'hash', 'a', 1, 'b', 2);
    await ring.ask(client, 'RPUSH', 'list', 'x', 'y', 'z');
    await ring.ask(client, 'LPOP', 'list');
    client.send('SET', 'large', 'v'.repeat(300_000));
    await ring.settle();
    client.replies();
  }

  async function check(ring: RingBench, count: number, level: string, by: number): Promise<void> {
    const client = ring.nodes[by].connect();
    for (let i = 0; i < count; i++) {
      expect(await ring.ask(client, 'WITH', level, 'GET', `key:${i}`), `key:${i}`).to.equal(
        i % 7 === 0 ? null : `value ${i}`,
      );
    }
    expect(await ring.ask(client, 'WITH', level, 'HGETALL', 'hash')).to.deep.equal(['a', '1', 'b', '2']);
    expect(await ring.ask(client, 'WITH', level, 'LRANGE', 'list', 0, -1)).to.deep.equal(['y', 'z']);
    expect(await ring.ask(client, 'WITH', level, 'STRLEN', 'large')).to.equal(300_000);
  }

  it('fills who joins with all that its slots hold, and then asks it alone', async () => {
    const ring = await RingBench.start(3);
    await fill(ring, 60);
    const joiner = await ring.join();
    ring.adopt();
    await finish(ring);
    await check(ring, 60, 'ONE', joiner);
    await check(ring, 60, 'ALL', 0);
  });

  it('gives what a member has that leaves to those who take its place', async () => {
    const ring = await RingBench.start(4);
    await fill(ring, 60);
    ring.adopt(undefined, withLeaving(ring.ring.document, ring.ids[3]));
    await finish(ring);
    ring.isolate(3);
    await ring.advance(300);
    for (const node of [0, 1, 2]) await check(ring, 60, 'ONE', node);
  });

  /** The ports that clients of Redis Cluster are sent to by a node. */
  async function portsBy(ring: RingBench, node: number): Promise<number[]> {
    const ranges = (await ring.ask(ring.nodes[node].connect(), 'CLUSTER', 'SLOTS')) as [
      number,
      number,
      [string, number],
    ][];
    return [...new Set(ranges.map(([, , [, port]]) => port))].sort();
  }

  it('lets go of the clients of a member that leaves, between two requests, before it is gone', async () => {
    const ring = await RingBench.start(4);
    const [idle, tied, waiting] = [1, 2, 3].map(() => ring.nodes[3].connect());
    await ring.ask(tied, 'MULTI');
    waiting.send('BLPOP', 'queue', 0);
    ring.adopt(undefined, withLeaving(ring.ring.document, ring.ids[3]));
    for (let i = 0; i < 30 && (await portsBy(ring, 0)).length === 4; i++) await ring.advance(100);
    expect(await portsBy(ring, 0)).to.deep.equal([7000, 7001, 7002]);
    expect(await portsBy(ring, 3)).to.deep.equal([7000, 7001, 7002]);
    for (let i = 0; i < 20; i++) expect(await ring.ask(idle, 'INCR', `count:${i}`)).to.equal(1);
    await ring.advance(1000);
    expect([idle, tied, waiting].map(({ closed }) => closed)).to.deep.equal(['ended', 'no', 'destroyed']);
    expect(() => ring.nodes[3].connect()).to.throw('does not listen');
    expect(ring.proposed).to.deep.equal([]);
    await ring.ask(tied, 'SET', 'key', 'v');
    expect(await ring.ask(tied, 'EXEC')).to.deep.equal(['OK']);
    await finish(ring);
    expect(tied.closed).to.equal('ended');
  });

  it('does not wait for ever for clients of a member that leaves, and has them back if it stays', async () => {
    const ring = await RingBench.start(4);
    const tied = ring.nodes[3].connect();
    await ring.ask(tied, 'WATCH', 'key');
    ring.adopt(undefined, withLeaving(ring.ring.document, ring.ids[3]));
    await ring.advance(2500);
    expect(tied.closed).to.equal('no');
    ring.adopt(undefined, aborted(ring.ring.document));
    await ring.advance(4000);
    expect(tied.closed).to.equal('no');
    expect(await portsBy(ring, 0)).to.deep.equal([7000, 7001, 7002, 7003]);
    ring.nodes[3].connect();
    ring.adopt(undefined, withLeaving(ring.ring.document, ring.ids[3]));
    await finish(ring);
    expect(tied.closed).to.equal('ended');
  });

  it('hands over what it has kept for a member that is gone to those who have its keys now', async () => {
    const ring = await RingBench.start(4, '', 1);
    let i = 0;
    while (ring.replicasOf(`key:${i}`)[0] !== 3) i++;
    const client = ring.nodes[0].connect();
    ring.isolate(3);
    await ring.advance(300);
    client.send('WITH', 'ANY', 'SET', `key:${i}`, 'v');
    await ring.settle();
    expect(client.replies()).to.deep.equal(['OK']);
    const without = finished(withLeaving(ring.ring.document, ring.ids[3]));
    ring.adopt([0, 1, 2], { ...without, epoch: without.epoch + 1 });
    await ring.advance(2000);
    for (const node of [0, 1, 2]) expect(await ring.ask(ring.nodes[node].connect(), 'GET', `key:${i}`)).to.equal('v');
    expect(await ring.ask(client, 'INFO', 'ring')).to.contain('hints:0');
  });

  for (const [when, isOver] of [
    ['after the change', true],
    ['before its end', false],
  ] as const) {
    it(`hands on a hint that comes ${when} to a member that does not keep the key, to who does in the end`, async () => {
      const ring = await RingBench.start(3, '', 1);
      const before = ring.ring;
      const joiner = await ring.join();
      const after = finished(ring.ring.document);
      const moves = (key: string): boolean => {
        const slot = slotOf(Buffer.from(key), 0, key.length);
        return before.replicas(slot)[0] === 2 && new Ring(after).replicas(slot)[0] === joiner;
      };
      let i = 0;
      while (!moves(`key:${i}`)) i++;
      const client = ring.nodes[0].connect();
      ring.disconnect(0, 2);
      await ring.advance(300);
      expect(await ring.ask(client, 'WITH', 'ANY', 'SET', `key:${i}`, 'v')).to.equal('OK');
      expect(await ring.ask(client, 'INFO', 'ring')).to.contain('hints:1');
      ring.adopt();
      await ring.advance(2000); // The joiner has what node 2 had.
      if (isOver) ring.adopt(undefined, after);
      ring.connectAgain();
      await ring.advance(1000);
      ring.adopt(undefined, after);
      await ring.advance(3000);
      expect(await ring.ask(ring.nodes[joiner].connect(), 'WITH', 'ONE', 'GET', `key:${i}`)).to.equal('v');
      for (const node of ring.nodes) expect(await ring.ask(node.connect(), 'INFO', 'ring')).to.contain('hints:0');
    });
  }

  it('keeps what was acknowledged by one that leaves, and then by another one, when there are fewer members than replicas', async () => {
    const ring = await RingBench.start(3, 'hint-size-max 1\nrepair-interval 0\n');
    const client = ring.nodes[0].connect();
    const keys = Array.from({ length: 30 }, (_, i) => `key:${i}`);
    ring.isolate(2);
    await ring.advance(300);
    for (const key of keys) expect(await ring.ask(client, 'SET', key, 'v')).to.equal('OK');
    ring.connectAgain();
    await ring.advance(300);
    for (const leaver of [0, 1]) {
      ring.adopt(undefined, withLeaving(ring.ring.document, ring.ids[leaver]));
      await finish(ring);
    }
    const reader = ring.nodes[2].connect();
    for (const key of keys) expect(await ring.ask(reader, 'GET', key), key).to.equal('v');
  });

  it('takes a dead member out of a ring of two replicas, with what the other one has, that which consensus has decided, too', async () => {
    const ring = await RingBench.start(4, '', 2);
    const client = ring.nodes[0].connect();
    const keys = Array.from({ length: 40 }, (_, i) => `key:${i}`);
    const decided = keys.map((key) => `decided ${key}`);
    for (const key of keys) expect(await ring.ask(client, 'SET', key, 'v')).to.equal('OK');
    for (const key of decided) expect(await ring.ask(client, 'SETNX', key, 'v')).to.equal(1);
    for (const key of decided) expect(await ring.ask(client, 'CAS', key, 'v', 'w')).to.equal(1);
    ring.isolate(3);
    await ring.advance(300);
    ring.adopt([0, 1, 2], withLeaving(ring.ring.document, ring.ids[3]));
    await finish(ring);
    for (const key of keys) expect(await ring.ask(client, 'GET', key), key).to.equal('v');
    for (const key of decided) expect(await ring.ask(client, 'CAS', key, 'w', 'x'), key).to.equal(1);
  });

  it('keeps what the only member that was left has changed of what consensus had decided: others joined, and it was as before', async () => {
    const ring = await RingBench.start(3);
    const before = ring.nodes[0].connect();
    const keys = ['set', 'deleted', 'compared', 'expired', 'in a transaction', 'by a script'];
    for (const key of keys) expect(await ring.ask(before, 'SETNX', key, 'v'), key).to.equal(1);
    for (const leaver of [0, 1]) {
      ring.adopt(undefined, withLeaving(ring.ring.document, ring.ids[leaver]));
      await finish(ring);
    }
    const alone = ring.nodes[2].connect();
    expect(await ring.ask(alone, 'SET', 'set', 'w')).to.equal('OK');
    expect(await ring.ask(alone, 'DEL', 'deleted')).to.equal(1);
    expect(await ring.ask(alone, 'CAS', 'compared', 'v', 'w')).to.equal(1);
    expect(await ring.ask(alone, 'PEXPIRE', 'expired', 100)).to.equal(1);
    await ring.ask(alone, 'MULTI');
    await ring.ask(alone, 'SET', 'in a transaction', 'w');
    expect(await ring.ask(alone, 'EXEC')).to.deep.equal(['OK']);
    expect(await ring.ask(alone, 'EVAL', "return redis.call('SET', KEYS[1], 'w')", 1, 'by a script')).to.equal('OK');
    await ring.advance(1000);
    const joiner = await ring.join();
    ring.adopt([2, joiner]);
    await finish(ring);
    const after = ring.nodes[joiner].connect();
    expect(await ring.ask(after, 'MGET', ...keys)).to.deep.equal(['w', null, 'w', null, 'w', 'w']);
  });

  it('fills who joins two with what one of them has, and one that has left had', async () => {
    const ring = await RingBench.start(3, 'hint-size-max 1\nrepair-interval 0\n');
    const client = ring.nodes[0].connect();
    const keys = Array.from({ length: 30 }, (_, i) => `key:${i}`);
    ring.isolate(1);
    await ring.advance(300);
    for (const key of keys) expect(await ring.ask(client, 'SET', key, 'v')).to.equal('OK');
    ring.connectAgain();
    await ring.advance(300);
    ring.adopt(undefined, withLeaving(ring.ring.document, ring.ids[0]));
    await finish(ring);
    const joiner = await ring.join();
    ring.adopt([1, 2, joiner]);
    await finish(ring);
    const reader = ring.nodes[joiner].connect();
    for (const key of keys) expect(await ring.ask(reader, 'WITH', 'ONE', 'GET', key), key).to.equal('v');
  });

  it('fills who takes the place of a dead member from those who survive', async () => {
    const ring = await RingBench.start(3);
    await fill(ring, 40);
    ring.isolate(2);
    await ring.advance(300);
    const joiner = await ring.join(2);
    ring.isolate(2);
    ring.adopt([0, 1, joiner]);
    await finish(ring);
    await check(ring, 40, 'ONE', joiner);
  });

  /** What a node says that the change waits for. */
  async function awaitedBy(ring: RingBench, node: number): Promise<unknown> {
    const status = (await ring.ask(ring.nodes[node].connect(), 'RING', 'STATUS')) as unknown[];
    return status[status.indexOf('change-waits-for') + 1];
  }

  it('gives up a change that waits for a member which is away: else nobody could take its place (simulator, scenario everything, seed 2001029)', async () => {
    const ring = await RingBench.start(5, 'join-timeout 2\n');
    await fill(ring, 20);
    expect(await awaitedBy(ring, 0)).to.deep.equal([]);
    ring.adopt(undefined, withLeaving(ring.ring.document, ring.ids[4]));
    ring.isolate(1);
    await ring.advance(1500);
    expect(await awaitedBy(ring, 0)).to.include(
      `${ring.ids[1]}, to have what it takes over: it cannot be reached for 1 s, and after 2 s the change is given up`,
    );
    expect(ring.proposed).to.deep.equal([]);
    await ring.advance(1000);
    expect(ring.proposed.at(-1)).to.deep.equal(aborted(ring.ring.document));
  });

  it('gives up a removal of a dead member who alone has its slots, instead of waiting for it', async () => {
    const ring = await RingBench.start(4, 'join-timeout 2\n', 1);
    ring.isolate(3);
    ring.adopt([0, 1, 2], withLeaving(ring.ring.document, ring.ids[3]));
    await ring.advance(2500);
    expect(ring.proposed.at(-1)).to.deep.equal(aborted(ring.ring.document));
  });

  it('lets a member go that was started while it left, and has not heard that one that is lost by now had everything (simulator, scenario everything, seed 2500013: for ever under change)', async () => {
    const ring = await RingBench.start(5);
    await fill(ring, 20);
    ring.adopt(undefined, withLeaving(ring.ring.document, ring.ids[4]));
    const toRetire = `${ring.ids[4]}, to let its clients go`;
    for (let i = 0; i < 300 && !JSON.stringify(await awaitedBy(ring, 0)).includes(toRetire); i++)
      await ring.advance(100);
    ring.isolate(1);
    ring.isolate(4);
    await ring.restart(4, keepNothing);
    ring.connectAgain();
    ring.isolate(1);
    await ring.advance(1000);
    expect([ring.proposed, await awaitedBy(ring, 0)]).to.deep.equal([[], [toRetire]]);
    await untilProposed(ring);
  });

  it('asks again soon for what is settled of the slots that it takes over, if it hears nothing (simulator, scenario everything, seed 2400053: a minute later)', async () => {
    const ring = await RingBench.start(3);
    const joiner = await ring.join();
    ring.adopt();
    const isBounds = ({ kind }: { kind: number }): boolean => kind === MessageKind.BOUNDS;
    for (let i = 0; i < 300 && !ring.sent.some(isBounds); i++) await ring.advance(100, (sent) => !isBounds(sent));
    ring.sent = ring.sent.filter((sent) => !isBounds(sent));
    await ring.advance(1000);
    expect(await awaitedBy(ring, 0)).to.deep.equal([`${ring.ids[joiner]}, to have what it takes over`]);
    await ring.advance(5000);
    expect(ring.proposed.at(-1)).to.deep.equal(finished(ring.ring.document));
  });

  it('takes nothing that was damaged on its way, asks for it again, and goes on with what it has after a crash', async () => {
    const ring = await RingBench.start(3);
    await fill(ring, 60);
    const joiner = await ring.join();
    ring.adopt();
    await ring.settle(({ kind }) => kind !== MessageKind.CHUNK);
    const chunks = (): RingBench['sent'] => ring.sent.filter(({ kind }) => kind === MessageKind.CHUNK);
    while (chunks().length === 0) await ring.advance(100, ({ kind }) => kind !== MessageKind.CHUNK);
    for (const { message } of chunks()) message.buffer[message.end - 1] ^= 1;
    await ring.settle();
    for (let i = 0; i < 8 && ring.proposed.length === 0; i++) await ring.advance(100);
    ring.isolate(joiner);
    await ring.restart(joiner, keepNothing);
    ring.connectAgain();
    await finish(ring);
    await check(ring, 60, 'ONE', joiner);
    await check(ring, 60, 'ALL', 0);
  });

  it('runs elsewhere what has waited for a quorum of a slot that is not its own any more (simulator, scenario everything, seed 2100021: it read nothing)', async () => {
    const ring = await RingBench.start(4);
    const joiner = await ring.join();
    await ring.settle();
    const { key, goes } = movingKey(ring, joiner);
    const client = ring.nodes[goes].connect();
    expect(await ring.ask(client, 'SET', key, 5)).to.equal('OK');
    ring.adopt();
    await untilProposed(ring);
    const other = ring.nodes[goes].connect();
    client.send('GET', key);
    other.send('INCR', key);
    await ring.settle(({ kind }) => kind !== MessageKind.ASK);
    ring.adopt(undefined, ring.proposed.at(-1));
    await ring.advance(500, ({ kind }) => kind !== MessageKind.TELL);
    await ring.advance(500);
    expect(client.replies()[0]).to.be.oneOf(['5', '6']);
    expect(other.replies()).to.deep.equal([6]);
  });

  it('lists keys where they are held, and nowhere else', async () => {
    const ring = await RingBench.start(3);
    await fill(ring, 60);
    const joiner = await ring.join();
    ring.adopt();
    await finish(ring);
    const client = ring.nodes[joiner].connect();
    const ask = async (...words: string[]): Promise<unknown> => {
      client.send(...words);
      // What is on disk takes its time.
      for (;;) {
        await ring.advance(100);
        const [reply] = client.replies();
        if (reply !== undefined) return reply;
      }
    };
    const keys = (await ask('KEYS', 'key:*')) as string[];
    for (const key of keys) await ask('DEL', key);
    expect(keys).to.have.length(51);
    expect(await ask('KEYS', 'key:*')).to.deep.equal([]);
    for (let i = 0; i < 20; i++) expect(await ask('RANDOMKEY')).to.be.oneOf(['hash', 'list', 'large']);
  });

  it('leaves nothing in memory of slots that were given away', async () => {
    const ring = await RingBench.start(3);
    await fill(ring, 60);
    await ring.join();
    ring.adopt();
    await finish(ring);
    await ring.advance(2000);
    const kept = ring.nodes.map(({ node }, index) => {
      const { heap } = node.keyspace;
      const keys: string[] = [];
      node.keyspace.database(0).table.forEach((ref) => keys.push(heap.key(ref).toString()));
      expect(
        keys.filter((key) => !ring.replicasOf(key).includes(index)),
        `node ${index}`,
      ).to.deep.equal([]);
      return keys.length;
    });
    expect(Math.max(...kept)).to.be.greaterThan(0);
    for (const { node } of ring.nodes) expect(node.server.ring?.figures.givenUpSlots).to.equal(0);
  });

  it('says so when it cannot be noted that what consensus has decided about slots that were given away is forgotten', async () => {
    const ring = await RingBench.start(3);
    const client = ring.nodes[0].connect();
    for (let i = 0; i < 20; i++) expect(await ring.ask(client, 'SET', `key:${i}`, 'v', 'NX')).to.equal('OK');
    for (let i = 0; i < 20; i++) expect(await ring.ask(client, 'CAS', `key:${i}`, 'v', 'w')).to.equal(1);
    const joiner = await ring.join();
    ring.adopt();
    await untilProposed(ring);
    const { goes } = movingKey(ring, joiner);
    ring.acceptorFaults.set(goes, { kind: 'error', code: 'EIO' });
    ring.adopt(undefined, ring.proposed.at(-1));
    await ring.advance(1000);
    const { lines } = ring.nodes[goes];
    expect(
      lines.filter((line) => /could not be noted, this node has to be started anew: .*consensus/.test(line)),
    ).to.have.length(1);
    expect(await ring.ask(ring.nodes[goes].connect(), 'GET', 'key:1')).to.equal('w');
  });

  for (const isRewritten of [true, false]) {
    const verb = isRewritten ? 'keeps' : 'would lose';
    const unless = isRewritten ? '' : ', if it did not have it decided anew';

    /** A ring of four that one is about to join, and a key that a node is to give up to it that does not act for the key. */
    const startChange = async (): Promise<{ ring: RingBench; joiner: number; place: ReturnType<typeof movingKey> }> => {
      const ring = await RingBench.start(4);
      const joiner = await ring.join();
      await ring.settle();
      if (!isRewritten) for (const { node } of ring.nodes) forgetToRewrite(node);
      const place = movingKey(ring, joiner, (goes, [first]) => goes !== first);
      return { ring, joiner, place };
    };

    /** The change is made while a node is away; then it is there, and another one is away, and the new one is asked for the key. */
    const readAfterwards = async (ring: RingBench, away: number, awayThen: number, key: string): Promise<unknown> => {
      ring.isolate(away);
      ring.adopt(ring.nodes.map((_, i) => i).filter((node) => node !== away));
      await finish(ring);
      ring.connectAgain();
      ring.isolate(awayThen);
      ring.adopt();
      await ring.advance(500);
      const client = ring.nodes[ring.nodes.length - 1].connect();
      client.send('WITH', 'LINEARIZABLE', 'GET', key);
      await ring.advance(1500);
      return client.replies()[0];
    };

    it(`${verb} what consensus has decided while a replica was away that stays${unless}`, async () => {
      const { ring, place } = await startChange();
      const { key, stays, goes } = place;
      const client = ring.nodes[goes].connect();
      expect(await ring.ask(client, 'SETNX', key, 'old')).to.equal(1);
      ring.isolate(stays[1]);
      client.send('CAS', key, 'old', 'new');
      await ring.advance(500);
      expect(client.replies()).to.deep.equal([1]);
      expect(await readAfterwards(ring, stays[1], stays[0], key)).to.equal(isRewritten ? 'new' : 'old');
    });

    it(`${verb} what was accepted, and not known to be decided but by one that is gone${unless}`, async () => {
      const { ring, place } = await startChange();
      const { key, stays, goes } = place;
      const [first, second] = stays;
      const client = ring.nodes[first].connect();
      expect(await ring.ask(client, 'SETNX', key, 'old')).to.equal(1);
      ring.isolate(second);
      client.send('CAS', key, 'old', 'new');
      await ring.settle(({ kind }) => kind !== MessageKind.DECIDED);
      expect(client.replies()).to.deep.equal([1]);
      ring.connectAgain();
      expect(await readAfterwards(ring, first, first, key)).to.equal(isRewritten ? 'new' : 'old');
      expect(ring.replicasOf(key)).to.not.include(goes);
    });
  }
});
