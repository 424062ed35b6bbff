import { expect } from 'chai';
import { stampMs } from '../../../lib/base/stamp.js';
import type { Pair } from '../../../lib/record/pair.js';
import { keepNothing } from '../../sim/crash-fate.js';
import type { NodeBench } from '../node-bench.js';
import { RingBench } from './ring-bench.js';

const HOUR_MS = 3_600_000;

/** The pair of the value that a node has of a key. */
function pairOf({ node: { keyspace } }: NodeBench, key: string): Pair {
  const bytes = Buffer.from(key);
  keyspace.hasher.hash(bytes, 0, bytes.length);
  const place = keyspace.database(0).table.find(bytes, 0, bytes.length);
  const [cell] = [...keyspace.entryOf(place).cells.values()];
  return cell.pair;
}

describe('Clocks of a ring', () => {
  it('give no stamp twice when the end of a log is lost in a power failure, and the wall clock was set back', async () => {
    const ring = await RingBench.start(3);
    await ring.advance(2000);
    for (let i = 0; i < 20; i++) expect(await ring.ask(ring.nodes[0].connect(), 'SET', `k${i}`, 'old')).to.equal('OK');
    const seen = Array.from({ length: 20 }, (_, i) => pairOf(ring.nodes[1], `k${i}`));
    ring.isolate(0);
    await ring.restart(0, keepNothing, -HOUR_MS);
    expect(ring.nodes[0].node.keyspace.keyCount, 'the log has lost it').to.equal(0);
    const client = ring.nodes[0].connect();
    client.send('WITH', 'ONE', 'SET', 'k0', 'new');
    await ring.settle();
    expect(pairOf(ring.nodes[0], 'k0').origin).to.equal(seen[0].origin);
    expect(pairOf(ring.nodes[0], 'k0').stamp).to.be.above(Math.max(...seen.map(({ stamp }) => stamp)));
  });

  it('that are wrong make a node no replica, whose clients are served by others; it follows them, and not its wall clock', async () => {
    const ring = await RingBench.start(3);
    await ring.advance(1000);
    const [wrong] = ring.nodes;
    wrong.clock.wallOffsetMs = HOUR_MS;
    const client = wrong.connect();
    expect(await ring.ask(client, 'SET', 'first', 'x', 'PX', '5000')).to.equal('OK');
    await ring.advance(300);
    expect(ring.nodes.map(({ node }) => node.server.ring?.members().map(({ isUp }) => isUp))).to.deep.equal([
      [false, true, true],
      [false, true, true],
      [false, true, true],
    ]);
    expect(await ring.ask(client, 'SET', 'k', 'v')).to.equal('OK');
    expect(await ring.ask(client, 'INCR', 'n')).to.equal(1);
    expect(await ring.ask(client, 'PTTL', 'first')).to.be.within(4000, 5000);
    expect(await ring.ask(client, 'INFO', 'ring')).to.match(/clock_error_ms:(3600|3599)\d\d\d\r/);
    for (const { node, clock } of ring.nodes) {
      expect(stampMs(node.keyspace.clock.latest)).to.be.at.most(clock.us / 1000 + 1_700_000_000_500);
    }
    expect(pairOf(ring.nodes[1], 'k').origin).to.be.above(1);
    expect(wrong.lines.filter((line) => line.includes('replica'))).to.have.length(1);
    wrong.clock.wallOffsetMs = 0;
    await ring.advance(300);
    expect(wrong.lines.at(-1)).to.include('This node is a replica again');
    expect(await ring.ask(client, 'GET', 'k')).to.equal('v');
    expect(await ring.ask(ring.nodes[1].connect(), 'WITH', 'ALL', 'SET', 'k', 'w')).to.equal('OK');
  });

  it('that are behind make a node no replica, too', async () => {
    const ring = await RingBench.start(3);
    ring.nodes[2].clock.wallOffsetMs = -HOUR_MS;
    await ring.advance(300);
    expect(await ring.ask(ring.nodes[2].connect(), 'SET', 'k', 'v')).to.equal('OK');
    expect(await ring.ask(ring.nodes[0].connect(), 'WITH', 'ALL', 'GET', 'k')).to.equal('-NOREPLICAS need 3, have 2');
    expect(await ring.ask(ring.nodes[2].connect(), 'GET', 'k')).to.equal('v');
  });

  it('that are too far ahead are not listened to: the log says so, and INFO', async () => {
    const ring = await RingBench.start(2, 'write-timeout 500', 2);
    await ring.advance(500);
    const [one, other] = ring.nodes;
    other.clock.wallOffsetMs = HOUR_MS;
    const client = other.connect();
    await ring.ask(client, 'WITH', 'ONE', 'SET', 'j', 'v');
    await ring.advance(300);
    client.send('SET', 'k', 'v');
    await ring.settle();
    await ring.advance(1000);
    expect(client.replies()).to.deep.equal(['-TIMEOUT need 2 replicas, had 1 in time: the outcome is unknown']);
    const refused = one.lines.filter((line) => line.includes('Clock: refused'));
    expect(refused).to.have.length(1);
    expect(refused[0]).to.include(ring.ids[1]);
    expect(await ring.ask(one.connect(), 'INFO', 'ring')).to.match(/clock_ahead_messages:[1-9]/);
  });
});
