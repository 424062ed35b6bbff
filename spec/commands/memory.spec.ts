import { expect } from 'chai';
import { FakeServer } from './fake-server.js';

describe('commands/memory', () => {
  it('MEMORY USAGE answers bytes that grow with key and value', async () => {
    const client = new FakeServer().connect();
    expect(await client.ask('memory', 'usage', 'nosuch')).to.equal(null);
    await client.ask('mset', 'small', 'x', 'large', 'x'.repeat(100_000));
    const small = await client.ask('memory', 'usage', 'small');
    const large = await client.ask('memory', 'usage', 'large', 'SAMPLES', 0);
    expect(small).to.be.within(22, 80);
    expect(large).to.be.within(100_000, 130_000);
  });

  it('MEMORY USAGE checks its options, whether the key is there or not', async () => {
    const client = new FakeServer().connect();
    const usage = (...words: string[]): Promise<unknown> => client.ask('memory', 'usage', 'k', ...words);
    expect(await usage('foo', '1')).to.equal('-ERR syntax error');
    expect(await usage('samples')).to.equal('-ERR syntax error');
    expect(await usage('samples', '-1')).to.equal('-ERR syntax error');
    expect(await usage('samples', 'x')).to.equal('-ERR value is not an integer or out of range');
  });

  it('MEMORY STATS answers what memory is used for', async () => {
    const client = new FakeServer().connect();
    await client.ask('hello', 3);
    await client.ask('set', 'a', 'b');
    const stats = (await client.ask('memory', 'stats')) as Map<string, unknown>;
    expect(stats.get('total.allocated')).to.equal(64 * 1024 ** 2);
    expect(stats.get('keys.count')).to.equal(1);
    expect(stats.get('fragmentation')).to.equal(1.5);
    expect([...(stats.get('db.0') as Map<string, unknown>).keys()]).to.deep.equal(['overhead.hashtable.main']);
    expect(stats.has('db.1')).to.equal(false);
  });

  it('MEMORY DOCTOR, PURGE and MALLOC-STATS', async () => {
    const server = new FakeServer();
    const client = server.connect();
    expect(await client.ask('memory', 'doctor')).to.equal('Nothing is wrong.\n');
    server.residentBytes = 256 * 1024 ** 2;
    expect(await client.ask('memory', 'doctor')).to.equal('The process takes 256.00M, the data only 64.00M.\n');
    server.peakMemoryBytes = 200 * 1024 ** 2;
    expect(await client.ask('memory', 'doctor')).to.match(/^Much more was used at the peak: 200\.00M\.\n/);
    server.usedMemoryBytes = 1024;
    expect(await client.ask('memory', 'doctor')).to.equal('There is too little data to say anything.\n');
    expect(await client.ask('memory', 'purge')).to.equal('OK');
    expect(await client.ask('memory', 'malloc-stats')).to.equal('Stats not supported for the current allocator');
  });

  it('MEMORY DOCTOR sees maxmemory coming', async () => {
    const client = new FakeServer({ maxmemory: '70mb' }).connect();
    expect(await client.ask('memory', 'doctor')).to.include('maxmemory is nearly reached: 64.00M of 70.00M.');
  });
});
