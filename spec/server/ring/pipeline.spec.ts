import { expect } from 'chai';
import { MessageKind } from '../../../lib/cluster/message-kind.js';
import { finished, withLeaving } from '../../../lib/cluster/topology/ring-change.js';
import { RemoteSession } from '../../../lib/server/ring/remote-session.js';
import type { BenchClient } from '../node-bench.js';
import { requestOf } from '../node-bench.js';
import { RingBench } from './ring-bench.js';

const ignore = (): void => undefined;

const COUNT = 120;
const NUMBERS = Array.from({ length: COUNT }, (_, i) => i);
type Words = readonly (string | number)[];

/** A ring of six nodes each of which has half of the slots, and a client of the first. */
async function ringOfHalves(level: string): Promise<{ ring: RingBench; client: BenchClient }> {
  const ring = await RingBench.start(6);
  const client = ring.nodes[0].connect();
  expect(await ring.ask(client, 'CONSISTENCY', level)).to.equal('OK');
  return { ring, client };
}

interface Outcome {
  readonly replies: unknown[];
  /** How often messages had to arrive. */
  readonly rounds: number;
  /** How often replicas were asked for a key. */
  readonly asks: number;
}

/** Sends requests at once. */
async function pipe(ring: RingBench, client: BenchClient, requests: readonly Words[]): Promise<Outcome> {
  const asked = new Set<unknown>();
  client.sendBytes(Buffer.concat(requests.map((words) => requestOf(...words))));
  const rounds = await ring.settle((sent) => {
    if (sent.kind === MessageKind.ASK) asked.add(sent);
    return true;
  });
  return { replies: client.replies(), rounds, asks: asked.size };
}

const PIPELINES: readonly { name: string; request: (i: number) => Words; reply: (i: number) => unknown }[] = [
  { name: 'GETs', request: (i) => ['GET', `k${i}`], reply: String },
  { name: 'SETs', request: (i) => ['SET', `new${i}`, i], reply: () => 'OK' },
  { name: 'INCRs', request: (i) => ['INCR', `n${i}`], reply: () => 1 },
  {
    name: 'GETs, SETs and INCRs in turns',
    request: (i) =>
      [
        ['GET', `k${i}`],
        ['SET', `set${i}`, i],
        ['INCR', `m${i}`],
      ][i % 3],
    reply: (i) => [String(i), 'OK', 1][i % 3],
  },
  {
    name: 'MGETs of keys that several nodes have',
    request: (i) => ['MGET', `k${i}`, `k${(i + 1) % COUNT}`, 'none'],
    reply: (i) => [String(i), String((i + 1) % COUNT), null],
  },
  {
    name: 'DELs of several keys',
    request: (i) => ['DEL', `k${i}`, `set${i}`, 'none'],
    reply: (i) => (i % 3 === 1 ? 2 : 1),
  },
];

describe('Pipeline', () => {
  for (const level of ['QUORUM', 'ONE']) {
    it(`takes a few round trips at ${level}, wherever its keys are`, async () => {
      const { ring, client } = await ringOfHalves(level);
      for (const i of NUMBERS) expect(await ring.ask(client, 'WITH', 'ALL', 'SET', `k${i}`, i)).to.equal('OK');
      for (const { name, request, reply } of PIPELINES) {
        const { replies, rounds, asks } = await pipe(ring, client, NUMBERS.map(request));
        expect(replies, name).to.deep.equal(NUMBERS.map(reply));
        expect(rounds, `rounds of ${name}`).to.be.below(30);
        expect(asks, `messages of ${name}`).to.be.below(150);
      }
    });
  }

  it('has a request find what those before it have done that have its key, at whichever node they run', async () => {
    const { ring, client } = await ringOfHalves('QUORUM');
    for (let i = 0; i < 12; i++) {
      const key = `key:${i}`;
      const { replies, rounds } = await pipe(ring, client, [
        ['GET', key],
        ['INCR', key],
        ['GET', key],
        ['SET', key, 7],
        ['MGET', key, 'other'],
        ['INCR', key],
        ['GET', key],
        ['DEL', key, 'another'],
        ['EXISTS', key, 'other'],
        ['INCR', key],
      ]);
      expect(replies).to.deep.equal([null, 1, '1', 'OK', ['7', null], 8, '8', 1, 0, 1]);
      expect(rounds).to.be.below(30);
    }
  });

  it('sends a read behind a change of its key to who runs that, and does not wait', async () => {
    const ring = await RingBench.start(3);
    const [, second] = ring.replicasOf('k');
    const client = ring.nodes[second].connect();
    const requests = Array.from({ length: 20 }, () => [
      ['INCR', 'k'],
      ['GET', 'k'],
    ]).flat();
    const { replies, rounds } = await pipe(ring, client, requests);
    expect(replies).to.deep.equal(Array.from({ length: 20 }, (_, i) => [i + 1, String(i + 1)]).flat());
    expect(rounds).to.be.below(20);
  });

  it('begins nothing behind what is about no key, or about the connection', async () => {
    const { ring, client } = await ringOfHalves('QUORUM');
    const far = ring.keyWithout(0);
    for (const between of [['PING'], ['FLUSHALL'], ['CONSISTENCY', 'QUORUM'], ['CLIENT', 'ID']]) {
      await ring.ask(client, 'SET', far, 1);
      const { replies } = await pipe(ring, client, [['INCR', far], between, ['INCR', far]]);
      expect([replies[0], replies[2]]).to.deep.equal(between[0] === 'FLUSHALL' ? [2, 1] : [2, 3]);
    }
  });

  it('begins nothing behind what may wait for ever, whether that runs here, or waits for what its client has put before', async () => {
    const ring = await RingBench.start(5);
    for (const [i, at] of ring.replicasOf('k').entries()) {
      const client = ring.nodes[at].connect();
      const counter = ring.keyWithout(at);
      const requests = [
        ['SET', '{k}other', 1],
        ['BLPOP', 'k', 0],
        ['INCR', counter],
      ];
      expect((await pipe(ring, client, requests)).replies).to.deep.equal(['OK']);
      expect(await ring.ask(ring.nodes[at].connect(), 'GET', counter), `replica ${i}`).to.equal(null);
    }
  });

  it('splits no MSET of which a key has no value: it was set to what stood in the buffer', async () => {
    const { ring, client } = await ringOfHalves('QUORUM');
    const odd = ['MSET', 'a', 1, 'c', 2, 'd'];
    const { replies } = await pipe(ring, client, [['GET', ring.keyWithout(0)], odd, odd, ['EXISTS', 'a', 'c', 'd']]);
    const error = "-ERR wrong number of arguments for 'mset' command";
    expect(replies).to.deep.equal([null, error, error, 0]);
  });

  for (const [read, change] of [
    [['GET'], ['INCR']],
    [
      ['MGET', 'here'],
      ['MSET', 'here', '2'],
    ],
  ]) {
    it(`does not read elsewhere what ${change[0]} behind it may have changed, when who was asked for both is lost`, async () => {
      const ring = await RingBench.start(4);
      const key = ring.keyWithout(0);
      const [first] = ring.replicasOf(key);
      const client = ring.nodes[0].connect();
      await ring.ask(client, 'SET', key, '1');
      const behind = change.length === 1 ? [...change, key] : [...change, key, '2'];
      client.sendBytes(Buffer.concat([requestOf(...read, key), requestOf(...behind)]));
      await ring.settle(() => false);
      ring.silence(0, first);
      // It runs both.
      const isOfFirst = ({ to, message }: { to: number; message: { from: string } }): boolean =>
        to === first || message.from === ring.ids[first];
      await ring.settle(isOfFirst);
      await ring.settle();
      const [found] = client.replies();
      expect(JSON.stringify(found)).to.match(/TIMEOUT/);
    });
  }

  it('does not begin beside what another member runs by an earlier ring, whose members had other numbers', async () => {
    const ring = await RingBench.start(6);
    const leaver = 1;
    const client = ring.nodes[0].connect();
    // Whoever acts for the key by the ring that follows has the leaver's number in that.
    const key = ring.keyWhere((slot) => ring.ring.replicas(slot).join() === '1,2,3');
    const elsewhere = ring.keyWhere((slot) => ring.ring.replicas(slot).join() === '2,3,4');
    client.sendBytes(Buffer.concat([requestOf('INCR', elsewhere), requestOf('APPEND', key, 'a')]));
    await ring.settle(() => false);
    const others = [0, 2, 3, 4, 5];
    ring.adopt(others, withLeaving(ring.ring.document, ring.ids[leaver]));
    ring.adopt(others, finished(ring.ring.document));
    client.sendBytes(requestOf('APPEND', key, 'b'));
    await ring.settle(({ to, message }) => to !== leaver && ring.ids.indexOf(message.from) !== leaver);
    // The first may still happen.
    expect(client.replies()).to.deep.equal([1]);
    expect(ring.nodes[2].node.keyspace.keyCount).to.equal(1);
    await ring.advance(2000);
    expect(client.replies().at(-1)).to.equal(1);
  });

  it('keeps the order of what a member refuses and what it would take a moment later, when it has learnt that it has the slot', async () => {
    const ring = await RingBench.start(5);
    const joiner = await ring.join();
    ring.adopt();
    const key = ring.keyWhere((slot) => {
      const next = ring.ring.nextReplicas(slot);
      return next[0] === joiner && ![...next, ...ring.ring.replicas(slot)].includes(0);
    });
    await ring.settle();
    ring.adopt([0], finished(ring.ring.document));
    await ring.settle();
    const client = ring.nodes[0].connect();
    client.sendBytes(Buffer.concat([requestOf('APPEND', key, 'a'), requestOf('APPEND', key, 'b')]));
    await ring.settle();
    client.sendBytes(requestOf('APPEND', key, 'c'));
    await ring.settle();
    expect(client.wire()).to.equal('');
    ring.adopt();
    await ring.advance(2000);
    expect(client.replies()).to.deep.equal([1, 2, 3]);
    expect(await ring.ask(client, 'GET', key)).to.equal('abc');
  });

  it('is refused by a member to the end that has refused one of its requests: what was sent behind that one does not run before it', async () => {
    const ring = await RingBench.start(5);
    const joiner = await ring.join();
    ring.adopt();
    const key = ring.keyWhere((slot) => ring.ring.nextReplicas(slot)[0] === joiner);
    await ring.settle();
    const replies: (string | undefined)[] = [];
    const session = new RemoteSession(
      (handler) => ring.links[0].openChannel(ring.ids[joiner], JSON.stringify({ client: '127.0.0.1:1' }), handler),
      ignore,
      ignore,
    );
    const append = async (text: string): Promise<void> => {
      session.ask(requestOf('APPEND', key, text), (reply) => replies.push(reply?.toString()));
      await ring.settle();
    };
    await append('a');
    ring.adopt(undefined, finished(ring.ring.document));
    await append('b');
    expect(replies).to.deep.equal(['a', 'b'].map(() => '-CLUSTERDOWN the ring has changed, try again\r\n'));
    expect(await ring.ask(ring.nodes[0].connect(), 'EXISTS', key)).to.equal(0);
  });

  it('begins nothing while clients are paused', async () => {
    const { ring, client } = await ringOfHalves('QUORUM');
    const far = ring.keyWithout(0);
    client.sendBytes(Buffer.concat(Array.from({ length: 200 }, () => requestOf('INCR', far))));
    ring.nodes[0].connect().send('CLIENT', 'PAUSE', 1000, 'WRITE');
    await ring.settle();
    const before = Number(await ring.ask(ring.nodes[1].connect(), 'GET', far));
    expect(before).to.be.below(140);
    await ring.advance(2000);
    expect(client.replies().at(-1)).to.equal(200);
  });
});
