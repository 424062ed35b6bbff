import { expect } from 'chai';
import type { BenchClient } from './node-bench.js';
import { NodeBench, requestOf } from './node-bench.js';

const KIB = 1024;
const MIB = 1024 * KIB;

describe('Gate', () => {
  async function fill(bench: NodeBench, client: BenchClient, count: number): Promise<number> {
    await bench.ask(client, 'DEBUG', 'POPULATE', count, 'small', 100);
    return usedBytes(bench, client);
  }

  async function usedBytes(bench: NodeBench, client: BenchClient): Promise<number> {
    const text = String(await bench.ask(client, 'INFO', 'memory'));
    return Number(/used_memory:(\d+)/.exec(text)?.[1]);
  }

  // Fault: a command removed 64 keys at most, so that values larger than those together grew far over maxmemory.
  it('keeps memory at maxmemory while large values take the place of small ones', async () => {
    const bench = await NodeBench.start('maxmemory-policy allkeys-lru');
    const client = bench.connect();
    const maxBytes = await fill(bench, client, 50_000);
    await bench.ask(client, 'CONFIG', 'SET', 'maxmemory', maxBytes);
    const value = Buffer.alloc(64 * KIB);
    for (let i = 0; i < 200; i++) {
      client.sendBytes(requestOf('SET', `large${i}`, value));
      await bench.settle();
      await bench.finishSyncs();
      await bench.settle();
    }
    expect(client.replies()).to.deep.equal(Array.from({ length: 200 }, () => 'OK'));
    expect(await usedBytes(bench, client)).to.be.below(maxBytes + MIB);
  });

  // Fault: without commands that need memory, none was ever made free.
  it('goes down to a lower maxmemory without a command', async () => {
    const bench = await NodeBench.start('maxmemory-policy allkeys-random');
    const client = bench.connect();
    const maxBytes = Math.floor((await fill(bench, client, 20_000)) / 2);
    await bench.ask(client, 'CONFIG', 'SET', 'maxmemory', maxBytes);
    await bench.advance(1000);
    await bench.finishSyncs();
    await bench.advance(5000);
    expect(await usedBytes(bench, client)).to.be.at.most(maxBytes);
    // More than half have gone: that a key is deleted takes memory too, until the tables say so.
    expect(await bench.ask(client, 'DBSIZE')).to.be.within(4000, 15_000);
  });

  it('leaves the data alone where nothing may be evicted, and there is no log to bring it to the disk', async () => {
    const bench = await NodeBench.start('maxmemory-policy noeviction\nappendonly no');
    await bench.finishSyncs();
    const client = bench.connect();
    const maxBytes = Math.floor((await fill(bench, client, 1000)) / 2);
    await bench.ask(client, 'CONFIG', 'SET', 'maxmemory', maxBytes);
    await bench.advance(1000);
    expect(await bench.ask(client, 'SET', 'k', 'v')).to.match(/^-OOM/);
    expect(await bench.ask(client, 'DBSIZE')).to.equal(1000);
  });
});
