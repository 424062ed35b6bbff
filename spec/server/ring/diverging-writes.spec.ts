/**
 * A ring that is cut in two: clients write at ONE on both sides, and when the cut is healed, what both have written is there at each of them.
 */

import { expect } from 'chai';

import { keepNothing } from '../../sim/crash-fate.js';
import type { BenchClient } from '../node-bench.js';
import { RingBench } from './ring-bench.js';

const CONFIG =
  'write-consistency one\nread-consistency one\nconflicts siblings cart:*\ncounters hits:*\nsiblings-max 4\n';
/** Longer than hints wait, and a request. */
const HEALING_MS = 5000;

type Words = readonly (string | number)[];

/** Three nodes, of which the last one reaches nobody and is reached by nobody. */
class CutRing {
  readonly ring: RingBench;

  private constructor(ring: RingBench) {
    this.ring = ring;
  }

  /** `before` was written while all could reach each other. */
  static async start(before: readonly Words[] = []): Promise<CutRing> {
    const ring = await RingBench.start(3, CONFIG);
    const client = ring.nodes[0].connect();
    for (const words of before) await ring.ask(client, ...words);
    await ring.settle();
    ring.isolate(2);
    return new CutRing(ring);
  }

  /** Runs commands on the side of the first two nodes. */
  async onLeft(...commands: readonly Words[]): Promise<unknown> {
    return this.run(this.ring.nodes[0].connect(), commands);
  }

  async onRight(...commands: readonly Words[]): Promise<unknown> {
    return this.run(this.ring.nodes[2].connect(), commands);
  }

  async heal(): Promise<void> {
    this.ring.connectAgain();
    await this.ring.settle();
    await this.ring.advance(HEALING_MS);
  }

  /** What each node answers by itself. */
  async atEach(...words: Words): Promise<unknown[]> {
    const replies: unknown[] = [];
    for (const node of this.ring.nodes) replies.push(await this.run(node.connect(), [words]));
    return replies;
  }

  private async run(client: BenchClient, commands: readonly Words[]): Promise<unknown> {
    let reply: unknown;
    for (const words of commands) reply = await this.ring.ask(client, ...words);
    return reply;
  }
}

/** The same for each node. */
function alike(reply: unknown): unknown[] {
  return [reply, reply, reply];
}

describe('Writes on both sides of a cut', () => {
  it('of a set are both there: what was added, and nothing that either has removed', async () => {
    const cut = await CutRing.start([['SADD', 'set', 'both', 'gone left', 'gone right']]);
    await cut.onLeft(['SADD', 'set', 'left'], ['SREM', 'set', 'gone left']);
    await cut.onRight(['SADD', 'set', 'right'], ['SREM', 'set', 'gone right']);
    await cut.heal();
    for (const members of (await cut.atEach('SMEMBERS', 'set')) as string[][]) {
      expect(members.sort()).to.deep.equal(['both', 'left', 'right']);
    }
    expect(await cut.atEach('SCARD', 'set')).to.deep.equal(alike(3));
  });

  it('of a hash are both there, field by field; of one field the later one', async () => {
    const cut = await CutRing.start([['HSET', 'hash', 'same', 'before', 'gone', 'before']]);
    await cut.onLeft(['HSET', 'hash', 'left', 1, 'same', 'left'], ['HDEL', 'hash', 'gone']);
    await cut.ring.advance(100);
    await cut.onRight(['HSET', 'hash', 'right', 2, 'same', 'right']);
    await cut.heal();
    expect(await cut.atEach('HMGET', 'hash', 'left', 'right', 'same', 'gone')).to.deep.equal(
      alike(['1', '2', 'right', null]),
    );
    expect(await cut.atEach('HLEN', 'hash')).to.deep.equal(alike(3));
  });

  it('of a sorted set are both there, in the order of their scores', async () => {
    const cut = await CutRing.start([['ZADD', 'zset', 2, 'both', 5, 'gone']]);
    await cut.onLeft(['ZADD', 'zset', 1, 'left'], ['ZREM', 'zset', 'gone']);
    await cut.onRight(['ZADD', 'zset', 3, 'right'], ['ZINCRBY', 'zset', 10, 'both']);
    await cut.heal();
    expect(await cut.atEach('ZRANGE', 'zset', 0, -1, 'WITHSCORES')).to.deep.equal(
      alike(['left', '1', 'right', '3', 'both', '12']),
    );
  });

  it('of a list are both there, each side in the order in which it has pushed', async () => {
    const cut = await CutRing.start([['RPUSH', 'list', 'a', 'b', 'c']]);
    await cut.onLeft(['RPUSH', 'list', 'left 1', 'left 2'], ['LPOP', 'list']);
    await cut.onRight(['RPUSH', 'list', 'right 1', 'right 2'], ['LPUSH', 'list', 'head']);
    await cut.heal();
    const [first, ...others] = (await cut.atEach('LRANGE', 'list', 0, -1)) as string[][];
    expect([...first].sort()).to.deep.equal(['b', 'c', 'head', 'left 1', 'left 2', 'right 1', 'right 2']);
    expect(others).to.deep.equal([first, first]);
    expect(first.slice(0, 3)).to.deep.equal(['head', 'b', 'c']);
    for (const side of ['left', 'right']) {
      expect(first.indexOf(`${side} 1`)).to.be.lessThan(first.indexOf(`${side} 2`));
    }
    expect(await cut.atEach('LLEN', 'list')).to.deep.equal(alike(7));
  });

  it('of a counter add up, if its key was declared to be one', async () => {
    const cut = await CutRing.start([
      ['INCRBY', 'hits:a', 5],
      ['INCRBY', 'plain', 5],
    ]);
    for (let i = 0; i < 7; i++) await cut.onLeft(['INCR', 'hits:a'], ['INCR', 'plain'], ['DECRBY', 'hits:b', 2]);
    for (let i = 0; i < 4; i++) await cut.onRight(['INCRBY', 'hits:a', 10], ['INCR', 'plain'], ['INCR', 'hits:b']);
    await cut.heal();
    expect(await cut.atEach('GET', 'hits:a')).to.deep.equal(alike('52'));
    expect(await cut.atEach('GET', 'hits:b')).to.deep.equal(alike('-10'));
    const [plain] = await cut.atEach('GET', 'plain');
    expect(plain, 'the one or the other side has won').to.be.oneOf(['9', '12']);
    // Whoever counts on does so from there.
    expect(await cut.onLeft(['INCR', 'hits:a'])).to.equal(53);
    await cut.heal();
    expect(await cut.atEach('GET', 'hits:a')).to.deep.equal(alike('53'));
  });

  it('of a counter lose nothing when a node has lost the end of its log', async () => {
    const cut = await CutRing.start();
    await cut.ring.advance(2000);
    cut.ring.connectAgain();
    await cut.ring.settle();
    const first = cut.ring.replicasOf('hits:a')[0];
    const client = cut.ring.nodes[first].connect();
    for (let i = 0; i < 10; i++) await cut.ring.ask(client, 'INCR', 'hits:a');
    cut.ring.isolate(first);
    // It was everysec: nothing of that is durable here, and the others have all of it.
    await cut.ring.restart(first, keepNothing);
    await cut.ring.settle();
    const again = cut.ring.nodes[first].connect();
    expect(await cut.ring.ask(again, 'INCR', 'hits:a')).to.equal(1);
    expect(await cut.ring.ask(again, 'INCR', 'hits:a')).to.equal(2);
    await cut.heal();
    const reader = cut.ring.nodes[(first + 1) % 3].connect();
    expect(await cut.ring.ask(reader, 'WITH', 'ALL', 'GET', 'hits:a')).to.equal('12');
    expect(await cut.atEach('GET', 'hits:a')).to.deep.equal(alike('12'));
  });

  it('of a versioned string are siblings, until somebody who has seen both writes', async () => {
    const cut = await CutRing.start([['VSET', 'doc', '', 'first']]);
    const [[context]] = (await cut.atEach('VGET', 'doc')) as string[][];
    await cut.onLeft(['VSET', 'doc', context, 'left']);
    await cut.ring.advance(100);
    await cut.onRight(['VSET', 'doc', context, 'right']);
    await cut.heal();
    const [first, ...others] = (await cut.atEach('VGET', 'doc')) as string[][];
    expect(first.slice(1)).to.deep.equal(['right', 'left']);
    expect(others).to.deep.equal([first, first]);
    expect(await cut.atEach('GET', 'doc')).to.deep.equal(alike('right'));
    expect(await cut.onRight(['VDEL', 'doc', context])).to.equal(0);
    expect(await cut.onRight(['VSET', 'doc', first[0], 'merged'])).to.equal('OK');
    await cut.ring.settle();
    for (const [, ...values] of (await cut.atEach('VGET', 'doc')) as string[][]) {
      expect(values).to.deep.equal(['merged']);
    }
  });

  it('of a plain SET are siblings where the configuration says so, and no more than siblings-max are made by whoever has not seen them', async () => {
    const cut = await CutRing.start([['SET', 'cart:1', 'before']]);
    await cut.onLeft(['SET', 'cart:1', 'a'], ['SET', 'cart:1', 'left'], ['SET', 'other', 'left']);
    await cut.ring.advance(100);
    await cut.onRight(['SET', 'cart:1', 'right'], ['SET', 'other', 'right']);
    await cut.heal();
    for (const [, ...values] of (await cut.atEach('VGET', 'cart:1')) as string[][]) {
      expect(values).to.deep.equal(['right', 'left']);
    }
    for (const [, ...values] of (await cut.atEach('VGET', 'other')) as string[][]) {
      expect(values).to.deep.equal(['right']);
    }
    await cut.onLeft(['VSET', 'cart:1', '', 'c'], ['VSET', 'cart:1', '', 'd']);
    expect(await cut.onLeft(['VSET', 'cart:1', '', 'e'])).to.match(/ERR there are 4 siblings already/);
    expect(await cut.onLeft(['SET', 'cart:1', 'one'])).to.equal('OK');
    await cut.ring.settle();
    expect(await cut.atEach('GET', 'cart:1')).to.deep.equal(alike('one'));
  });

  it('reach a node by repair that has none of them: nobody keeps hints', async () => {
    const ring = await RingBench.start(3, `${CONFIG}hint-size-max 0\n`);
    ring.isolate(2);
    const left = ring.nodes[0].connect();
    await ring.ask(left, 'VSET', 'doc', '', 'a');
    await ring.ask(left, 'VSET', 'doc', '', 'b');
    const [context] = (await ring.ask(left, 'VGET', 'doc')) as string[];
    await ring.ask(left, 'VSET', 'doc', context, 'c');
    await ring.ask(left, 'INCRBY', 'hits:a', 4);
    ring.connectAgain();
    await ring.settle();
    await ring.advance(HEALING_MS);
    const right = ring.nodes[2].connect();
    expect(await ring.ask(right, 'WITH', 'ALL', 'VGET', 'doc')).to.have.lengthOf(2);
    expect(await ring.ask(right, 'WITH', 'ALL', 'GET', 'hits:a')).to.equal('4');
    ring.isolate(2);
    const [, ...values] = (await ring.ask(right, 'VGET', 'doc')) as string[];
    expect(values).to.deep.equal(['c']);
    expect(await ring.ask(right, 'GET', 'hits:a')).to.equal('4');
    // The context has come along: it still says what was seen.
    expect(await ring.ask(right, 'VDEL', 'doc', context)).to.equal(0);
  });

  it('are brought together by anti-entropy alone', async () => {
    const ring = await RingBench.start(3, `${CONFIG}hint-size-max 1\n`);
    const [left, , right] = ring.nodes.map((node) => node.connect());
    await ring.ask(left, 'VSET', 'doc', '', 'first');
    await ring.ask(left, 'SET', 'hits:a', 10);
    const [context] = (await ring.ask(left, 'VGET', 'doc')) as string[];
    ring.isolate(2);
    for (const [side, name] of [
      [left, 'left'],
      [right, 'right'],
    ] as const) {
      await ring.ask(side, 'VSET', 'doc', context, name);
      await ring.ask(side, 'INCRBY', 'hits:a', name.length);
      await ring.ask(side, 'VSET', 'gone', '', name);
      await ring.ask(side, 'VDEL', 'gone', ((await ring.ask(side, 'VGET', 'gone')) as string[])[0]);
    }
    ring.connectAgain();
    await ring.advance(500);
    const repair = async (node: number): Promise<string> => {
      const client = ring.nodes[node].connect();
      await ring.ask(client, 'RING', 'REPAIR');
      await ring.advance(500);
      return String(await ring.ask(client, 'INFO', 'ring'));
    };
    expect(await repair(2)).to.match(/^repair_last_divergence:[1-9]/m);
    for (const node of ring.nodes) {
      const client = node.connect();
      expect(((await ring.ask(client, 'VGET', 'doc')) as string[]).slice(1).sort()).to.deep.equal(['left', 'right']);
      expect(await ring.ask(client, 'GET', 'hits:a')).to.equal('19');
      expect(await ring.ask(client, 'EXISTS', 'gone')).to.equal(0);
      await ring.ask(client, 'SAVE');
      await ring.ask(client, 'DEBUG', 'RELOAD');
    }
    for (const node of [0, 1, 2]) expect(await repair(node)).to.match(/^repair_last_divergence:0\r$/m);
  });
});
