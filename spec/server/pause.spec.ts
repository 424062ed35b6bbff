import { expect } from 'chai';
import { NodeBench } from './node-bench.js';

describe('Pause', () => {
  // Fault: the write ran before expired keys were removed again. The key was there twice, and met as expired, deleted.
  for (const how of ['CLIENT UNPAUSE', 'its end'] as const) {
    it(`keeps what was written to a key that expired during the pause, after ${how}`, async () => {
      const bench = await NodeBench.start();
      const admin = bench.connect();
      const writer = bench.connect();
      await bench.ask(admin, 'SET', 'k', 'old', 'PX', 200);
      await bench.ask(admin, 'CLIENT', 'PAUSE', 1000, 'WRITE');
      await bench.advance(500);
      writer.send('SET', 'k', 'new');
      await bench.settle();
      expect(writer.replies()).to.deep.equal([]);
      if (how === 'its end') await bench.advance(1000);
      else await bench.ask(admin, 'CLIENT', 'UNPAUSE');
      await bench.settle();
      expect(writer.replies()).to.deep.equal(['OK']);
      expect(await bench.ask(admin, 'DBSIZE')).to.equal(1);
      expect(await bench.ask(admin, 'GET', 'k')).to.equal('new');
    });
  }
});

describe('Gate', () => {
  // Fault: the same after a log that had failed was turned off.
  it('removes expired keys again when the log that failed is off', async () => {
    let fails = false;
    const bench = await NodeBench.start('appendfsync always', {
      plan: ({ name }) => (fails && name === 'append' ? { kind: 'error', code: 'EIO' } : undefined),
    });
    const client = bench.connect();
    client.send('SET', 'k', 'old', 'PX', 200);
    await bench.settle();
    await bench.finishSyncs();
    expect(client.replies()).to.deep.equal(['OK']);
    fails = true;
    const loser = bench.connect();
    loser.send('SET', 'other', '1');
    await bench.settle();
    await bench.advance(500);
    expect(await bench.ask(client, 'SET', 'k', 'refused')).to.match(/^-MISCONF/);
    client.send('CONFIG', 'SET', 'appendonly', 'no');
    client.send('SET', 'k', 'new');
    await bench.settle();
    expect(client.replies()).to.deep.equal(['OK', 'OK']);
    expect(await bench.ask(client, 'GET', 'k')).to.equal('new');
  });
});
