import { expect } from 'chai';
import { FakeServer } from './fake-server.js';

function serverWithEvents(): FakeServer {
  const server = new FakeServer({ 'latency-monitor-threshold': '100' });
  for (const [afterMs, latencyMs] of [
    [0, 500],
    [1000, 300],
    [2000, 400],
  ]) {
    server.latency.add('command', server.nowMs + afterMs, latencyMs);
  }
  server.latency.add('fast-command', server.nowMs, 120);
  server.advance(5000);
  return server;
}

describe('commands/latency', () => {
  it('LATENCY LATEST answers the last and the worst sample of each event', async () => {
    expect(await serverWithEvents().connect().ask('latency', 'latest')).to.deep.equal([
      ['command', 1700000002, 400, 500],
      ['fast-command', 1700000000, 120, 120],
    ]);
  });

  it('LATENCY HISTORY answers samples, oldest first', async () => {
    const client = serverWithEvents().connect();
    expect(await client.ask('latency', 'history', 'command')).to.deep.equal([
      [1700000000, 500],
      [1700000001, 300],
      [1700000002, 400],
    ]);
    expect(await client.ask('latency', 'history', 'nosuch')).to.deep.equal([]);
  });

  it('LATENCY RESET forgets events, and says how many', async () => {
    const client = serverWithEvents().connect();
    expect(await client.ask('latency', 'reset', 'nosuch', 'command')).to.equal(1);
    expect(await client.ask('latency', 'history', 'command')).to.deep.equal([]);
    expect(await client.ask('latency', 'reset')).to.equal(1);
    expect(await client.ask('latency', 'reset')).to.equal(0);
  });

  it('LATENCY GRAPH draws an event', async () => {
    const client = serverWithEvents().connect();
    expect(await client.ask('latency', 'graph', 'command')).to.match(
      /^command - high 500 ms, low 300 ms \(all time high 500 ms\)\n-{80}\n/,
    );
    expect(await client.ask('latency', 'graph', 'nosuch')).to.equal("-ERR No samples available for event 'nosuch'");
  });

  it('LATENCY DOCTOR says what was slow, or why it does not know', async () => {
    expect(await serverWithEvents().connect().ask('latency', 'doctor')).to.match(
      /^command: 3 samples, mean 400 ms, worst 500 ms\.\n {2}Look for slow commands in SLOWLOG/,
    );
    expect(await new FakeServer().connect().ask('latency', 'doctor')).to.match(/^Slow events are not recorded\./);
    const quiet = new FakeServer({ 'latency-monitor-threshold': '100' });
    expect(await quiet.connect().ask('latency', 'doctor')).to.equal('Nothing has been slow.\n');
  });

  it('LATENCY HISTOGRAM answers how the durations of commands are distributed', async () => {
    const server = new FakeServer();
    const client = server.connect();
    for (const durationUs of [0.5, 3, 3.5, 30]) server.noteCall('set', durationUs);
    server.noteCall('client|id', 1);
    server.noteCall('client|list', 1);
    const set = ['calls', 4, 'histogram_usec', [1, 1, 4, 3, 33, 4]];
    expect(await client.ask('latency', 'histogram', 'SET', 'nosuch', 'get', 'set')).to.deep.equal(['set', set]);
    const named = (await client.ask('latency', 'histogram', 'client')) as unknown[];
    expect(named.filter((_, i) => i % 2 === 0)).to.deep.equal(['client|id', 'client|list']);
    const one = (await client.ask('latency', 'histogram', 'client|id')) as unknown[];
    expect(one[0]).to.equal('client|id');
    expect(await client.ask('latency', 'histogram')).to.have.length(6);
  });
});
