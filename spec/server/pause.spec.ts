import { expect } from 'chai';
import { NodeBench, requestOf } from './node-bench.js';

describe('Pause', () => {
  it('holds writes back, lets reads through, and runs what waited in the order it came', async () => {
    const bench = await NodeBench.start();
    const [admin, first, second] = [bench.connect(), bench.connect(), bench.connect()];
    await bench.ask(admin, 'SET', 'k', 'old');
    expect(await bench.ask(admin, 'CLIENT', 'PAUSE', 1000, 'WRITE')).to.equal('OK');
    first.send('APPEND', 'k', '1');
    second.sendBytes(Buffer.concat([requestOf('APPEND', 'k', '2'), requestOf('GET', 'k')]));
    first.send('APPEND', 'k', '3');
    await bench.advance(900);
    expect([first.wire(), second.wire()]).to.deep.equal(['', '']);
    expect(await bench.ask(admin, 'GET', 'k')).to.equal('old');
    await bench.advance(200);
    expect(first.replies()).to.deep.equal([4, 6]);
    expect(second.replies().length).to.equal(2);
    expect(await bench.ask(admin, 'GET', 'k')).to.equal('old123');
  });

  it('holds everything back but what ends it', async () => {
    const bench = await NodeBench.start();
    const [admin, client] = [bench.connect(), bench.connect()];
    await bench.ask(admin, 'CLIENT', 'PAUSE', 100_000, 'ALL');
    client.send('PING');
    await bench.advance(500);
    expect(client.wire()).to.equal('');
    expect(await bench.ask(admin, 'CLIENT', 'UNPAUSE')).to.equal('OK');
    await bench.settle();
    expect(client.replies()).to.deep.equal(['PONG']);
  });

  it('forgets what waited of a client that went away', async () => {
    const bench = await NodeBench.start();
    const [admin, client] = [bench.connect(), bench.connect()];
    await bench.ask(admin, 'CLIENT', 'PAUSE', 1000, 'WRITE');
    client.send('SET', 'k', 'v');
    client.disconnect();
    await bench.advance(1200);
    expect(bench.node.keyspace.keyCount).to.equal(0);
  });

  // Fault: RANDOMKEY looked for ever for a key that has not expired, where none could be removed.
  it('lets RANDOMKEY say that there is no key when all have expired', async () => {
    const bench = await NodeBench.start();
    const client = bench.connect();
    await bench.ask(client, 'SET', 'k', 'v', 'PX', 100);
    await bench.ask(client, 'CLIENT', 'PAUSE', 1000, 'WRITE');
    await bench.advance(300);
    expect(await bench.ask(client, 'RANDOMKEY')).to.equal(null);
  });

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
