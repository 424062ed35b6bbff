import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { keepNothing } from '../../sim/crash-fate.js';
import type { BenchClient } from '../node-bench.js';
import { RingBench } from './ring-bench.js';

const COUNT = "return redis.call('INCR', KEYS[1])";
const READ = "return redis.call('GET', KEYS[1])";
const KEYS = Array.from({ length: 12 }, (_, i) => `key:${i}`);
const NO_SCRIPT = '-NOSCRIPT No matching script. Please use EVAL.';

const shaOf = (script: string): string => createHash('sha1').update(script).digest('hex');

/** A node, a client of it, a key that another one acts for, and that one. */
async function cast(ring: RingBench): Promise<{ client: BenchClient; key: string; other: number }> {
  await ring.settle();
  const key = ring.keyWithout(0);
  return { client: ring.nodes[0].connect(), key, other: ring.replicasOf(key)[0] };
}

/** How often a member was given a script. */
async function loadsAt(ring: RingBench, node: number): Promise<number> {
  const text = String(await ring.ask(ring.nodes[node].connect(), 'INFO', 'commandstats'));
  return Number(/cmdstat_script\|load:calls=(\d+)/.exec(text)?.[1] ?? 0);
}

async function exists(ring: RingBench, node: number, script: string): Promise<unknown> {
  return ring.ask(ring.nodes[node].connect(), 'SCRIPT', 'EXISTS', shaOf(script));
}

describe('ScriptBodies', () => {
  it('of what EVAL has run for one key are there for EVALSHA of any other, at the same node', async () => {
    for (const tag of ['', '{tag}']) {
      const ring = await RingBench.start(6);
      const client = ring.nodes[0].connect();
      const far = tag + ring.keyWithout(0);
      expect(await ring.ask(client, 'EVAL', COUNT, 1, far)).to.equal(1);
      expect(await exists(ring, 0, COUNT)).to.deep.equal([1]);
      for (const key of KEYS) expect(await ring.ask(client, 'EVALSHA', shaOf(COUNT), 1, tag + key)).to.be.a('number');
      expect(await ring.ask(client, 'EVAL_RO', READ, 1, far)).to.not.equal(null);
      for (const key of KEYS) expect(await ring.ask(client, 'EVALSHA_RO', shaOf(READ), 1, tag + key)).to.be.a('string');
    }
  });

  it('go to a member once a session, in front of what calls them, within a pipeline too', async () => {
    const ring = await RingBench.start(4);
    const { client, key, other } = await cast(ring);
    client.send('SET', key, '5');
    client.send('EVAL', COUNT, 1, 'near');
    client.send('EVALSHA', shaOf(COUNT), 1, key);
    client.send('INCR', key);
    client.send('EVALSHA', shaOf(COUNT).toUpperCase(), 1, key);
    await ring.settle();
    expect(client.replies()).to.deep.equal(['OK', 1, 6, 7, 8]);
    expect(await loadsAt(ring, other)).to.equal(1);
    expect(await ring.ask(ring.nodes[0].connect(), 'EVALSHA', shaOf(COUNT), 1, key)).to.equal(9);
    expect(await loadsAt(ring, other)).to.equal(2);
  });

  it('come back to a member that was started again', async () => {
    const ring = await RingBench.start(4);
    const { client, key, other } = await cast(ring);
    expect(await ring.ask(client, 'SCRIPT', 'LOAD', COUNT)).to.equal(shaOf(COUNT));
    expect(await ring.ask(client, 'EVALSHA', shaOf(COUNT), 1, key)).to.equal(1);
    ring.isolate(other);
    await ring.restart(other, keepNothing);
    ring.connectAgain();
    await ring.advance(500);
    expect(await exists(ring, other, COUNT)).to.deep.equal([0]);
    expect(await exists(ring, 0, COUNT)).to.deep.equal([1]);
    expect(await ring.ask(ring.nodes[0].connect(), 'EVALSHA', shaOf(COUNT), 1, key)).to.equal(2);
    expect(await exists(ring, other, COUNT)).to.deep.equal([1]);
  });

  it('are flushed everywhere, and given again when they are known again', async () => {
    const ring = await RingBench.start(4);
    const { client, key } = await cast(ring);
    for (let round = 1; round <= 4; round += 3) {
      expect(await ring.ask(client, 'EVALSHA', shaOf(COUNT), 1, key)).to.equal(NO_SCRIPT);
      expect(await ring.ask(client, 'EVAL', COUNT, 1, 'near')).to.be.a('number');
      expect(await ring.ask(client, 'EVALSHA', shaOf(COUNT), 1, key)).to.equal(round);
      expect(await ring.ask(client, 'EVALSHA', shaOf(COUNT), 1, key)).to.equal(round + 1);
      expect(await ring.ask(client, 'EVAL', COUNT, 1, key)).to.equal(round + 2);
      expect(await ring.ask(ring.nodes[1].connect(), 'SCRIPT', 'FLUSH')).to.equal('OK');
      for (const node of ring.nodes.keys()) expect(await exists(ring, node, COUNT)).to.deep.equal([0]);
    }
  });

  it('are given again to a member that has flushed them by itself, once it has said so, in EXEC too', async () => {
    const ring = await RingBench.start(4);
    const { client, key, other } = await cast(ring);
    const sha = shaOf(COUNT);
    expect(await ring.ask(client, 'EVAL', COUNT, 1, 'near')).to.equal(1);
    expect(await ring.ask(client, 'EVALSHA', sha, 1, key)).to.equal(1);
    for (const isExec of [false, true]) {
      const call = async (): Promise<unknown> => {
        if (isExec) for (const words of [['MULTI'], ['EVALSHA', sha, 1, key]]) await ring.ask(client, ...words);
        return ring.ask(client, ...(isExec ? ['EXEC'] : ['EVALSHA', sha, 1, key]));
      };
      // As when SCRIPT FLUSH of another node arrives here before the script comes back, and there after that.
      await flushAlone(ring, other);
      expect(await call()).to.deep.equal(isExec ? [NO_SCRIPT] : NO_SCRIPT);
      expect(await call()).to.deep.equal(isExec ? [3] : 2);
    }
  });

  it('go in front of a transaction, watched or not, and stay with the node that has sent it on', async () => {
    const ring = await RingBench.start(4);
    const { client, key, other } = await cast(ring);
    const exec = async (...queued: (readonly (string | number)[])[]): Promise<unknown> => {
      expect(await ring.ask(client, 'MULTI')).to.equal('OK');
      for (const words of queued) expect(await ring.ask(client, ...words)).to.equal('QUEUED');
      return ring.ask(client, 'EXEC');
    };
    const bySha = ['EVALSHA', shaOf(COUNT), 1, key] as const;
    expect(await exec(bySha, ['EVAL', COUNT, 1, key], bySha)).to.deep.equal([NO_SCRIPT, 1, 2]);
    expect(await exists(ring, 0, COUNT)).to.deep.equal([1]);
    expect(await ring.ask(client, 'EVAL', READ, 1, 'near')).to.equal(null);
    expect(await exec(bySha, ['EVALSHA_RO', shaOf(READ), 1, key], bySha, ['GET', key])).to.deep.equal([3, '3', 4, '4']);
    expect(await loadsAt(ring, other)).to.equal(2);
    expect(await ring.ask(client, 'EVAL', 'return 7', 0)).to.equal(7);
    expect(await ring.ask(client, 'WATCH', key)).to.equal('OK');
    expect(await exec(['EVALSHA', shaOf('return 7'), 1, key])).to.deep.equal([7]);
  });

  it('of what fails when it runs are known, as in Redis, and none of what does not compile, or is known nowhere', async () => {
    const ring = await RingBench.start(4);
    const { client, key, other } = await cast(ring);
    const failing = "return redis.call('LPUSH', KEYS[1])";
    for (const script of ['return (', '#!lua flags=unheard-of\nreturn 1']) {
      expect(await ring.ask(client, 'EVAL', script, 1, key)).to.match(/^-ERR/);
      expect(await exists(ring, 0, script)).to.deep.equal([0]);
      expect(await ring.ask(client, 'EVALSHA', shaOf(script), 1, key)).to.equal(NO_SCRIPT);
    }
    expect(await ring.ask(client, 'EVAL', failing, 1, key)).to.match(/^-ERR Wrong number of args/);
    expect(await exists(ring, 0, failing)).to.deep.equal([1]);
    for (const sha of ['0'.repeat(40), 'short']) {
      expect(await ring.ask(client, 'EVALSHA', sha, 1, key)).to.equal(NO_SCRIPT);
      expect(await ring.ask(client, 'EVALSHA_RO', sha, 1, ring.keyWithout(0))).to.equal(NO_SCRIPT);
    }
    expect(await loadsAt(ring, other)).to.equal(0);
  });

  it('go to a member, as what else its sessions are told does, though the commands of that are renamed or disabled', async () => {
    const renames = ['SCRIPT ""', 'HELLO ""', 'CONSISTENCY c', 'MULTI ""', 'EXEC e', 'UNWATCH ""'];
    const ring = await RingBench.start(4, renames.map((one) => `rename-command ${one}\n`).join(''));
    const { client, key } = await cast(ring);
    expect(await ring.ask(client, 'EVAL', COUNT, 1, 'near')).to.equal(1);
    expect(await ring.ask(client, 'EVALSHA', shaOf(COUNT), 1, key)).to.equal(1);
    expect(await ring.ask(client, 'WITH', 'ALL', 'EVALSHA', shaOf(COUNT), 1, key)).to.equal(2);
    for (const words of [['SCRIPT', 'LOAD', COUNT], ['MULTI'], ['EXEC']])
      expect(await ring.ask(client, ...words)).to.match(/^-ERR unknown command/);
  });

  it('are given again to a member that has not taken them, because it is busy', async () => {
    const ring = await RingBench.start(4, 'busy-reply-threshold 100\n');
    const { client, key, other } = await cast(ring);
    const { clock } = ring.nodes[other];
    expect(await ring.ask(client, 'EVAL', COUNT, 1, 'near')).to.equal(1);
    clock.lookUs = 200;
    ring.nodes[other].connect().send('EVAL', 'while true do end', 0);
    await ring.settle();
    clock.lookUs = 1;
    expect(await ring.ask(client, 'EVALSHA', shaOf(COUNT), 1, key)).to.match(/^-BUSY/);
    expect(await ring.ask(ring.nodes[other].connect(), 'SCRIPT', 'KILL')).to.equal('OK');
    await ring.settle();
    expect(await ring.ask(client, 'EVALSHA', shaOf(COUNT), 1, key)).to.equal(1);
  });
});

/** A member forgets all scripts, and nobody else does. */
async function flushAlone(ring: RingBench, node: number): Promise<void> {
  const others = [...ring.nodes.keys()].filter((other) => other !== node);
  for (const other of others) ring.disconnect(node, other);
  expect(await ring.ask(ring.nodes[node].connect(), 'SCRIPT', 'FLUSH')).to.equal('OK');
  ring.connectAgain();
  await ring.advance(500);
}
