import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { MessageKind } from '../../../lib/cluster/message-kind.js';
import type { BenchClient, NodeBench } from '../node-bench.js';
import { requestOf } from '../node-bench.js';
import { RingBench } from './ring-bench.js';

const SWAP =
  "if (redis.call('GET', KEYS[1]) or '') == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2]) return 1 end return 0";
/** As the package redlock takes, extends and gives back its locks. */
const TAKE =
  "if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) return 1";
const EXTEND =
  "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) return 1";
const GIVE_BACK = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";

const textOf = (reply: unknown): string => String(reply).replace(/^-/, '');

/** What of a key every replica says: whether it is in era 1. */
async function erasOf(ring: RingBench, key: string): Promise<unknown[]> {
  const fields = (await ring.ask(ring.nodes[0].connect(), 'RING', 'EXPLAIN', key)) as unknown[];
  const replicas = fields[fields.indexOf('replicas') + 1] as unknown[][];
  return replicas.map((one) => one[one.indexOf('era') + 1]);
}

/** Lets all happen that is under way, and counts what is proposed meanwhile. */
async function proposalsIn(ring: RingBench): Promise<number> {
  let count = 0;
  await ring.settle(({ kind }) => {
    if (kind === MessageKind.PREPARE || kind === MessageKind.ACCEPT) count++;
    return true;
  });
  return count;
}

/** All of a node leaves its memory, as it does when that is short. */
function spill({ node: { keyspace } }: NodeBench): void {
  const db = keyspace.database(0);
  const refs: number[] = [];
  db.table.forEach((ref) => refs.push(ref));
  for (const ref of refs) keyspace.spill(db, ref);
}

describe('OneKeyScripts', () => {
  it('are decided at any level, wherever they are asked for', async () => {
    const ring = await RingBench.start(4);
    for (const [i, level] of ['ONE', 'QUORUM', 'ALL', 'ANY'].entries()) {
      const key = `k${i}`;
      const client = ring.nodes[i].connect();
      expect(await ring.ask(client, 'WITH', level, 'EVAL', SWAP, 1, key, '', 'a')).to.equal(1);
      expect(await erasOf(ring, key), level).to.deep.equal([1, 1, 1]);
      const sha = createHash('sha1').update(SWAP).digest('hex');
      expect(await ring.ask(client, 'WITH', level, 'EVALSHA', sha, 1, key, 'b', 'c')).to.equal(0);
      expect(await ring.ask(client, 'WITH', level, 'EVALSHA', sha, 1, key, 'a', 'b')).to.equal(1);
      for (const node of ring.nodes) expect(await ring.ask(node.connect(), 'WITH', level, 'GET', key)).to.equal('b');
    }
  });

  it('count once, and what they call, however often they were tried out', async () => {
    const ring = await RingBench.start(4, 'slowlog-log-slower-than 0\n');
    await ring.settle();
    const key = ring.keyWithout(0);
    const at = ring.nodes[ring.replicasOf(key)[0]].connect();
    const figures = async (): Promise<unknown[]> => {
      const text = String(await ring.ask(at, 'INFO', 'commandstats'));
      const calls = ['eval', 'get', 'set'].map((name) =>
        Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(text)?.[1] ?? 0),
      );
      const slow = (await ring.ask(at, 'SLOWLOG', 'GET', '100')) as unknown[][];
      return [...calls, slow.filter((one) => String((one[3] as unknown[])[0]).toLowerCase() === 'eval').length];
    };
    const run = (from: string, to: string): Promise<unknown> =>
      ring.ask(ring.nodes[0].connect(), 'EVAL', SWAP, 1, key, from, to);
    expect(await figures()).to.deep.equal([0, 0, 0, 0]);
    expect(await run('x', 'y')).to.equal(0);
    expect(await figures()).to.deep.equal([1, 1, 0, 1]);
    expect(await run('', 'a')).to.equal(1);
    expect(await figures()).to.deep.equal([2, 2, 1, 2]);
    expect(await run('a', 'b')).to.equal(1);
    expect(await figures()).to.deep.equal([3, 3, 2, 3]);
    expect(await ring.ask(ring.nodes[0].connect(), 'EVAL', "return redis.call('LPUSH', KEYS[1])", 1, key)).to.match(
      /^-/,
    );
    expect(String(await ring.ask(at, 'INFO', 'commandstats'))).to.match(/cmdstat_eval:calls=4,.*,failed_calls=1\r/);
    const failing =
      "for i = 1, 5 do redis.pcall('LPUSH', KEYS[1], 'x') redis.pcall('GET') end return redis.call('SET', KEYS[1], 'c')";
    await ring.ask(ring.nodes[0].connect(), 'EVAL', failing, 1, key);
    const stats = String(await ring.ask(at, 'INFO', 'commandstats'));
    expect(stats).to.match(/cmdstat_lpush:calls=5,.*,rejected_calls=1,failed_calls=5\r/);
    expect(stats).to.match(/cmdstat_get:calls=3,.*,rejected_calls=5,failed_calls=0\r/);
  });

  it('succeed at one of two members at most that cannot reach each other, on a key that nobody has used', async () => {
    for (const level of ['ONE', 'QUORUM']) {
      const ring = await RingBench.start(3);
      const [first, second, third] = ring.replicasOf('k');
      // Each of them acts for the key, as it sees it, and reaches the third one.
      ring.disconnect(first, second);
      const clients = [first, second].map((i) => ring.nodes[i].connect());
      for (const [i, client] of clients.entries()) client.send('WITH', level, 'EVAL', SWAP, 1, 'k', '', `by ${i}`);
      await ring.advance(3000);
      const replies = clients.flatMap((client) => client.replies());
      expect(replies).to.have.length(2);
      const successes = replies.filter((reply) => reply === 1);
      expect(successes, String(replies)).to.have.length(1);
      ring.connectAgain();
      await ring.advance(3000);
      const value = await ring.ask(ring.nodes[third].connect(), 'GET', 'k');
      expect(value).to.equal(`by ${replies.indexOf(1)}`);
    }
  });

  it('are refused where no majority can be reached, at any level, and then nothing is done', async () => {
    const ring = await RingBench.start(3);
    ring.isolate(0);
    const [alone, other] = [ring.nodes[0].connect(), ring.nodes[1].connect()];
    expect(textOf(await ring.ask(alone, 'WITH', 'ONE', 'EVAL', SWAP, 1, 'k', '', 'a'))).to.equal(
      'NOREPLICAS need 2, have 1',
    );
    expect(await ring.ask(other, 'WITH', 'ONE', 'EVAL', SWAP, 1, 'k', '', 'b')).to.equal(1);
    ring.connectAgain();
    await ring.settle();
    expect(await ring.ask(alone, 'GET', 'k')).to.equal('b');
  });

  it('begin with what plain commands have left with a quorum, and plain commands begin with what they leave', async () => {
    const ring = await RingBench.start(3);
    const [first, second, third] = ring.replicasOf('k');
    ring.disconnect(first, second);
    ring.disconnect(first, third);
    expect(await ring.ask(ring.nodes[second].connect(), 'SET', 'k', 'newer')).to.equal('OK');
    ring.connectAgain();
    const client = ring.nodes[first].connect();
    expect(await ring.ask(client, 'EVAL', SWAP, 1, 'k', 'newer', 'newest')).to.equal(1);
    expect(await ring.ask(client, 'APPEND', 'k', '!')).to.equal(7);
    expect(await ring.ask(client, 'EVAL', SWAP, 1, 'k', 'newest!', 'end')).to.equal(1);
  });

  it('that change nothing leave a key plain, and see what a quorum has; so do those that are not known, or none', async () => {
    const ring = await RingBench.start(3);
    const [first, second, third] = ring.replicasOf('k');
    ring.isolate(first);
    expect(await ring.ask(ring.nodes[second].connect(), 'SET', 'k', 'v')).to.equal('OK');
    ring.connectAgain();
    for (const [i, words, reply] of [
      [first, ['EVAL', SWAP, 1, 'k', 'x', 'y'], 0],
      [second, ['EVAL', "return redis.call('GET', KEYS[1])", 1, 'k'], 'v'],
      [third, ['EVAL_RO', "return redis.call('GET', KEYS[1])", 1, 'k'], 'v'],
      [third, ['EVAL', "#!lua flags=no-writes\nreturn redis.call('GET', KEYS[1])", 1, 'k'], 'v'],
      [first, ['EVALSHA', '0'.repeat(40), 1, 'k'], 'NOSCRIPT No matching script. Please use EVAL.'],
      [second, ['EVAL', 'return (', 1, 'k'], 'ERR Error compiling script'],
      [second, ['EVAL', SWAP, 2, 'k'], "ERR Number of keys can't be greater than number of args"],
      [second, ['EVAL', "redis.call('INCR', KEYS[1]) return 1", 1, 'k'], 'ERR value is not an integer'],
    ] as const) {
      const client = ring.nodes[i].connect();
      client.send(...words);
      expect(await proposalsIn(ring), words.join(' ')).to.equal(0);
      const [answer] = client.replies();
      if (typeof reply === 'number') expect(answer).to.equal(reply);
      else expect(textOf(answer)).to.contain(reply);
    }
    expect(await erasOf(ring, 'k')).to.deep.equal([0, 0, 0]);
  });

  it('wait with what they have read until a quorum has it, though the client asks for less', async () => {
    const ring = await RingBench.start(3);
    const node = ring.nodes[ring.replicasOf('k')[0]];
    const [writer, reader] = [node.connect(), node.connect()];
    const isWrite = (kind: number): boolean => kind === MessageKind.REPLICATE;
    reader.send('WITH', 'ONE', 'EVAL', "return redis.call('GET', KEYS[1])", 1, 'k');
    await node.settle();
    writer.send('SET', 'k', 'v');
    await ring.settle(({ kind }) => !isWrite(kind));
    const early = reader.replies();
    await ring.settle();
    const [reply] = [...early, ...reader.replies()];
    if (early.length > 0) expect(reply, 'before a quorum has it').to.equal(null);
    expect(writer.replies()).to.deep.equal(['OK']);
  });

  it('come before what stands behind them in a pipeline, and is decided about their key', async () => {
    const ring = await RingBench.start(4);
    for (const [i, node] of ring.nodes.entries()) {
      const client = node.connect();
      const requests = [
        ['EVAL', SWAP, 1, `k${i}`, '', 'a'],
        ['SETNX', `k${i}`, 'b'],
      ];
      client.sendBytes(Buffer.concat(requests.map((words) => requestOf(...words))));
      await ring.settle();
      expect(client.replies()).to.deep.equal([1, 0]);
    }
  });

  it('take, extend and give back locks', async () => {
    const ring = await RingBench.start(3);
    const [mine, yours] = [ring.nodes[0], ring.nodes[1]].map((node) => node.connect());
    const ask = (client: BenchClient, script: string, ...more: string[]): Promise<unknown> =>
      ring.ask(client, 'EVAL', script, 1, 'lock', ...more);
    expect(await ask(mine, TAKE, 'mine', '10000')).to.equal(1);
    expect(await ask(yours, TAKE, 'yours', '10000')).to.equal(0);
    expect(await ask(yours, GIVE_BACK, 'yours')).to.equal(0);
    await ring.advance(9000);
    expect(await ask(mine, EXTEND, 'mine', '10000')).to.equal(1);
    await ring.advance(9000);
    expect(await ask(yours, TAKE, 'yours', '10000')).to.equal(0);
    expect(await ask(mine, GIVE_BACK, 'mine')).to.equal(1);
    expect(await ask(yours, TAKE, 'yours', '10000')).to.equal(1);
    await ring.advance(11_000);
    expect(await ask(yours, EXTEND, 'yours', '10000'), 'too late').to.equal(0);
    expect(await ask(mine, TAKE, 'mine', '10000')).to.equal(1);
  });

  it('keep what they have written before an error, and are told which one', async () => {
    const ring = await RingBench.start(3);
    const client = ring.nodes[0].connect();
    const script = "redis.call('SET', KEYS[1], 'v') redis.call('INCR', KEYS[1])";
    for (let i = 0; i < 2; i++) {
      expect(textOf(await ring.ask(client, 'EVAL', script, 1, 'k'))).to.match(
        /^ERR value is not an integer.* script: /,
      );
      expect(await ring.ask(client, 'GET', 'k')).to.equal('v');
    }
    const caught = "redis.call('SET', KEYS[1], 'w') redis.setresp(3) return redis.pcall('INCR', KEYS[1])";
    expect(textOf(await ring.ask(client, 'EVAL', caught, 1, 'k'))).to.match(/^ERR value is not an integer/);
    expect(
      await ring.ask(client, 'EVAL', "redis.setresp(3) return redis.call('HGETALL', KEYS[1])", 1, 'h'),
    ).to.deep.equal([]);
    expect(await ring.ask(client, 'GET', 'k')).to.equal('w');
  });

  it('have their effects once, when it is decided: messages, events, what MONITOR shows; and none if it is not', async () => {
    const ring = await RingBench.start(3, 'notify-keyspace-events KA\n');
    const [first, second] = ring.replicasOf('k');
    const node = ring.nodes[first];
    const [news, events, monitor] = [node.connect(), node.connect(), node.connect()];
    await ring.ask(news, 'SUBSCRIBE', 'news');
    await ring.ask(events, 'PSUBSCRIBE', '__keyspace@0__:*');
    await ring.ask(monitor, 'MONITOR');
    const heard = (): number[] => [
      news.replies().length,
      events.replies().length,
      monitor.replies().filter((line) => String(line).includes('"EVAL')).length,
    ];
    const script =
      "redis.log(redis.LOG_WARNING, 'x of it') redis.call('PUBLISH', 'news', ARGV[1]) return redis.call('INCR', KEYS[1])";
    const client = ring.nodes[second].connect();
    client.send('EVAL', script, 1, 'k', 'm');
    await ring.settle(({ kind }) => kind !== MessageKind.ACCEPTED);
    expect(heard(), 'not yet').to.deep.equal([0, 0, 0]);
    await ring.settle();
    expect(client.replies()).to.deep.equal([1]);
    expect(heard()).to.deep.equal([1, 1, 1]);
    // Somebody else has proposed in between: it runs again.
    ring.disconnect(first, second);
    expect(await ring.ask(ring.nodes[second].connect(), 'EVAL', script, 1, 'k', 'm')).to.equal(2);
    const before = node.lines.length;
    heard();
    const own = node.connect();
    own.send('EVAL', script, 1, 'k', 'm');
    await ring.advance(1000);
    expect(own.replies()).to.deep.equal([3]);
    expect(heard()).to.deep.equal([1, 1, 1]);
    expect(node.lines.slice(before).filter((line) => line.includes('x of it'))).to.have.length(1);
    ring.connectAgain();
    await ring.settle();
    own.send('EVAL', script, 1, 'k', 'm');
    await ring.advance(60_000, ({ kind }) => kind !== MessageKind.ACCEPTED && kind !== MessageKind.PROMISED);
    expect(textOf(own.replies()[0])).to.match(/TIMEOUT/);
    expect(heard()[1]).to.equal(0);
  });

  it('run plainly, if they use other keys than the one that they name', async () => {
    const ring = await RingBench.start(3, 'decided-scripts yes\n');
    const client = ring.nodes[0].connect();
    const script = "redis.call('INCR', KEYS[1]) return redis.call('RPUSH', KEYS[1] .. ':log', 'x')";
    for (const count of [1, 2]) expect(await ring.ask(client, 'EVAL', script, 1, '{q}n', 'x')).to.be.within(1, count);
    expect(await ring.ask(client, 'GET', '{q}n')).to.equal('2');
    expect(await ring.ask(client, 'LLEN', '{q}n:log')).to.equal(2);
    expect(await erasOf(ring, '{q}n')).to.deep.equal([0, 0, 0]);
  });

  it('run plainly on a key that is too large to be decided about, or would be, wherever it is', async () => {
    const ring = await RingBench.start(3);
    const client = ring.nodes[0].connect();
    const elements = Array.from({ length: 1100 }, (_, i) => `${i}:${'e'.repeat(1000)}`);
    for (let i = 0; i < elements.length; i += 100) await ring.ask(client, 'RPUSH', 'l', ...elements.slice(i, i + 100));
    const trim = "redis.call('LTRIM', KEYS[1], 0, ARGV[1]) return redis.call('LLEN', KEYS[1])";
    expect(await ring.ask(client, 'EVAL', trim, 1, 'l', 1089)).to.equal(1090);
    expect(await erasOf(ring, 'l'), 'too large').to.deep.equal([0, 0, 0]);
    const grow = "redis.call('SET', KEYS[1], string.rep('v', ARGV[1])) return redis.call('STRLEN', KEYS[1])";
    expect(await ring.ask(client, 'EVAL', grow, 1, 's', 2_000_000)).to.equal(2_000_000);
    expect(await erasOf(ring, 's'), 'would be').to.deep.equal([0, 0, 0]);
    expect(await ring.ask(client, 'EVAL', trim, 1, 'l', 99)).to.equal(100);
    expect(await ring.ask(client, 'EVAL', trim, 1, 'l', 49)).to.equal(50);
    expect(await erasOf(ring, 'l'), 'small by now').to.deep.equal([1, 1, 1]);
    expect(await ring.ask(client, 'EVAL', grow, 1, 'n', 10)).to.equal(10);
    expect(textOf(await ring.ask(client, 'EVAL', grow, 1, 'n', 2_000_000)), 'decided already').to.match(
      /at most 1048576 bytes/,
    );
    expect(await ring.ask(client, 'STRLEN', 'n')).to.equal(10);
  });

  it('run plainly on a key that lies on disk alone, if it is too large', async () => {
    const ring = await RingBench.start(3);
    const client = ring.nodes[0].connect();
    const grow = "return redis.call('APPEND', KEYS[1], ARGV[1])";
    await ring.ask(client, 'SET', 's', 'v'.repeat(2_000_000));
    for (const node of ring.nodes) {
      await ring.ask(node.connect(), 'SAVE');
      spill(node);
      expect(node.node.keyspace.recordCount).to.equal(0);
    }
    expect(await ring.ask(client, 'WITH', 'ONE', 'EVAL', grow, 1, 's', 'w')).to.equal(2_000_001);
    expect(await erasOf(ring, 's')).to.deep.equal([0, 0, 0]);
  });

  it('run plainly on a key with a tag, which others may be used with, unless the configuration wants all; and on any, if it wants none', async () => {
    const ring = await RingBench.start(3);
    const client = ring.nodes[0].connect();
    const script = "return redis.call('INCR', KEYS[1])";
    for (const [mode, key, era] of [
      ['untagged', '{t}1', 0],
      ['untagged', '{}2', 1],
      ['yes', '{t}3', 1],
      ['no', 'k4', 0],
      ['untagged', 'k5', 1],
    ] as const) {
      for (const node of ring.nodes) await ring.ask(node.connect(), 'CONFIG', 'SET', 'decided-scripts', mode);
      expect(await ring.ask(client, 'EVAL', script, 1, key)).to.equal(1);
      expect(await erasOf(ring, key), `${mode} ${key}`).to.deep.equal([era, era, era]);
    }
    expect(await ring.ask(client, 'EVAL', script, 2, 'k6', 'k6')).to.equal(1);
    expect(await erasOf(ring, 'k6'), 'one key, named twice').to.deep.equal([1, 1, 1]);
    const two = "redis.call('SET', KEYS[2], '1') return redis.call('INCR', KEYS[1])";
    expect(await ring.ask(client, 'EVAL', two, 2, '{t}1', '{t}7')).to.equal(2);
  });

  it('run plainly on keys that are declared to take writes on both sides of a cut', async () => {
    const ring = await RingBench.start(3, 'counters hits:*\nconflicts siblings cart:*\n');
    const client = ring.nodes[0].connect();
    expect(await ring.ask(client, 'EVAL', "return redis.call('INCR', KEYS[1])", 1, 'hits:a')).to.equal(1);
    expect(await ring.ask(client, 'EVAL', "return redis.call('SET', KEYS[1], 'x')", 1, 'cart:a')).to.equal('OK');
    for (const key of ['hits:a', 'cart:a']) expect(await erasOf(ring, key)).to.deep.equal([0, 0, 0]);
  });

  it('are ended when they run for longer than busy-reply-threshold: nothing of them is done, and others go on', async () => {
    const ring = await RingBench.start(3, 'busy-reply-threshold 100\n');
    const node = ring.nodes[ring.replicasOf('k')[0]];
    const client = node.connect();
    const endless = "redis.call('SET', KEYS[1], 'v') while true do end";
    for (let i = 0; i < 2; i++) {
      node.clock.lookUs = 200;
      client.send('EVAL', endless, 1, 'k');
      await ring.settle();
      node.clock.lookUs = 1;
      expect(textOf(client.replies()[0])).to.match(/busy-reply-threshold.*nothing was done/);
      expect(await ring.ask(client, 'EXISTS', 'k')).to.equal(0);
      if (i === 0) await ring.ask(client, 'CAD', 'k', 'x');
    }
    expect(await ring.ask(client, 'EVAL', SWAP, 1, 'k', '', 'w')).to.equal(1);
  });
});
