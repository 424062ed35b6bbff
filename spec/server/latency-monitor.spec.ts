import { expect } from 'chai';
import { LatencyEvents } from '../../lib/server/latency-monitor.js';

describe('server/latency-monitor', () => {
  it('LatencyEvents keeps the worst sample of a second', () => {
    const events = new LatencyEvents();
    for (const [nowMs, latencyMs] of [
      [5000, 10],
      [5500, 30],
      [5999, 20],
      [6000, 5],
    ]) {
      events.add('command', nowMs, latencyMs);
    }
    expect(events.events()).to.deep.equal(['command']);
    expect(events.history('command')).to.deep.equal([
      { atSeconds: 5, latencyMs: 30 },
      { atSeconds: 6, latencyMs: 5 },
    ]);
    expect(events.maxMs('command')).to.equal(30);
  });

  it('LatencyEvents keeps 160 samples, and the worst of all', () => {
    const events = new LatencyEvents();
    for (let second = 0; second < 200; second++) events.add('command', second * 1000, 1000 - second);
    const history = events.history('command');
    expect(history).to.have.length(160);
    expect(history[0]).to.deep.equal({ atSeconds: 40, latencyMs: 960 });
    expect(events.maxMs('command')).to.equal(1000);
  });

  it('LatencyEvents forgets events by name, or all', () => {
    const events = new LatencyEvents();
    for (const name of ['a', 'b', 'c', '__proto__']) events.add(name, 0, 1);
    expect(events.reset(['a', 'nosuch', 'a'])).to.equal(1);
    expect(events.history('a')).to.deep.equal([]);
    expect(events.maxMs('a')).to.equal(0);
    expect(events.reset([])).to.equal(3);
    expect(events.events()).to.deep.equal([]);
  });
});
