import { expect } from 'chai';
import { FakeServer } from './fake-server.js';

describe('commands/server', () => {
  it('TIME answers seconds and microseconds as strings', async () => {
    const server = new FakeServer();
    server.advance(123);
    expect(await server.connect().ask('time')).to.deep.equal(['1700000000', '123042']);
  });

  it('ROLE and REPLICAOF: every node is its own master', async () => {
    const client = new FakeServer().connect();
    expect(await client.ask('role')).to.deep.equal(['master', 0, []]);
    expect(await client.ask('replicaof', 'NO', 'one')).to.equal('OK');
    expect(await client.ask('slaveof', 'no', 'one')).to.equal('OK');
    expect(await client.ask('replicaof', 'host', 'x')).to.equal('-ERR Invalid master port');
    expect(await client.ask('replicaof', 'host', 65536)).to.equal('-ERR Invalid master port');
    expect(await client.ask('replicaof', 'host', 6379)).to.match(/^-ERR ringkv does not follow a master/);
  });

  it('WAIT answers at once for no replicas, and after the time-out for any', async () => {
    const client = new FakeServer().connect();
    expect(await client.ask('wait', 0, 1000)).to.equal(0);
    expect(await client.ask('wait', -1, 1000)).to.equal(0);
    const pending = client.ask('wait', 2, 1000);
    expect(client.waitsMs).to.equal(1000);
    client.timeOut();
    expect(await pending).to.equal(0);
    expect(await client.ask('wait', 'x', 0)).to.equal('-ERR value is not an integer or out of range');
    expect(await client.ask('wait', 1, 'x')).to.equal('-ERR timeout is not an integer or out of range');
    expect(await client.ask('wait', 1, -1)).to.equal('-ERR timeout is negative');
  });

  it('WAITAOF makes what was written durable', async () => {
    const server = new FakeServer();
    const client = server.connect();
    expect(await client.ask('waitaof', 1, 0, 0)).to.deep.equal([1, 0]);
    expect(server.durability.syncs).to.equal(1);
    const pending = client.ask('waitaof', 1, 1, 500);
    await Promise.resolve();
    await Promise.resolve();
    expect(client.waitsMs).to.equal(500);
    client.timeOut();
    expect(await pending).to.deep.equal([1, 0]);
  });

  it('WAITAOF refuses what cannot be', async () => {
    const client = new FakeServer({ appendonly: 'no' }).connect();
    expect(await client.ask('waitaof', 1, 0, 0)).to.equal(
      '-ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.',
    );
    expect(await client.ask('waitaof', 0, 0, 0)).to.deep.equal([0, 0]);
    expect(await client.ask('waitaof', 2, 0, 0)).to.equal('-ERR value is out of range, value must between 0 and 1');
    expect(await client.ask('waitaof', 0, -1, 0)).to.equal('-ERR value is out of range, must be positive');
    expect(await client.ask('waitaof', 0, 0, -1)).to.equal('-ERR timeout is negative');
  });

  it('MONITOR registers the client, once', async () => {
    const server = new FakeServer();
    const client = server.connect();
    expect(await client.ask('monitor')).to.equal('OK');
    expect(await client.ask('monitor')).to.equal('OK');
    expect(client.isMonitor).to.equal(true);
    expect([...server.monitors]).to.deep.equal([client]);
  });

  it('SHUTDOWN hands its options on, and answers only what keeps the server going', async () => {
    const server = new FakeServer();
    const client = server.connect();
    expect(await client.ask('shutdown')).to.equal(undefined);
    expect(await client.ask('shutdown', 'NOSAVE', 'now', 'FORCE')).to.equal(undefined);
    server.shutdownAnswer = 'ERR No shutdown in progress.';
    expect(await client.ask('shutdown', 'abort')).to.equal('-ERR No shutdown in progress.');
    expect(server.shutdowns).to.deep.equal([
      { force: false, nowait: false, abort: false },
      { force: true, nowait: true, abort: false },
      { force: false, nowait: false, abort: true },
    ]);
  });

  it('SHUTDOWN SAVE writes all data first, and goes on without with FORCE only', async () => {
    const server = new FakeServer();
    const client = server.connect();
    await client.ask('shutdown', 'save');
    expect(server.durability.rewrites).to.equal(1);
    server.durability.rewriteError = new Error('disk full');
    expect(await client.ask('shutdown', 'save')).to.equal('-ERR Errors trying to SHUTDOWN. Check logs.');
    expect(server.shutdowns).to.have.length(1);
    await client.ask('shutdown', 'save', 'force');
    expect(server.shutdowns).to.have.length(2);
  });

  for (const words of [['foo'], ['save', 'nosave'], ['abort', 'now'], ['save', 'abort']]) {
    it(`SHUTDOWN ${words.join(' ')} is refused`, async () => {
      const server = new FakeServer();
      expect(await server.connect().ask('shutdown', ...words)).to.equal('-ERR syntax error');
      expect(server.shutdowns).to.deep.equal([]);
    });
  }

  it('MODULE: there are none', async () => {
    const client = new FakeServer().connect();
    expect(await client.ask('module', 'list')).to.deep.equal([]);
    expect(await client.ask('module', 'load', '/x.so')).to.equal('-ERR ringkv cannot load modules of Redis');
  });
});
