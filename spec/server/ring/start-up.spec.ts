import { expect } from 'chai';

import { keepEverything } from '../../sim/crash-fate.js';
import { RingBench } from './ring-bench.js';

const LIMIT_MS = 500;

describe('StartUp', () => {
  /** A ring whose first node has been started again, and reaches nobody. */
  async function restarted(): Promise<RingBench> {
    const ring = await RingBench.start(3, `write-timeout ${LIMIT_MS}`);
    const client = ring.nodes[1].connect();
    expect(await ring.ask(client, 'SET', 'k', 'v')).to.equal('OK');
    ring.isolate(0);
    await ring.restart(0, keepEverything);
    return ring;
  }

  it('holds what needs more replicas than are reached, and what tells of slots, until a majority is', async () => {
    const ring = await restarted();
    const clients = ['GET k', 'SET k w', 'DBSIZE', 'CLUSTER SLOTS', 'MGET k l'].map((words) => {
      const client = ring.nodes[0].connect();
      client.send(...words.split(' '));
      return client;
    });
    await ring.settle();
    expect(clients.map((client) => client.wire())).to.deep.equal(clients.map(() => ''));
    ring.connectAgain();
    await ring.settle();
    const [get, set, size, slots, several] = clients.map((client) => client.replies()[0]);
    expect(['v', 'w']).to.include(get);
    expect(set).to.equal('OK');
    expect(size).to.equal(1);
    expect(slots).to.be.an('array').that.is.not.empty;
    expect(several).to.have.length(2);
  });

  it('holds nothing that can be answered here', async () => {
    const ring = await restarted();
    const client = ring.nodes[0].connect();
    expect(await ring.ask(client, 'PING')).to.equal('PONG');
    expect(await ring.ask(client, 'WITH', 'ONE', 'GET', 'k')).to.equal('v');
  });

  it('ends when a request has taken too long: then there is no waiting any more', async () => {
    const ring = await restarted();
    const client = ring.nodes[0].connect();
    client.send('GET', 'k');
    await ring.advance(LIMIT_MS - 200);
    expect(client.wire()).to.equal('');
    await ring.advance(400);
    expect(client.wire()).to.equal('-NOREPLICAS need 2, have 1\r\n');
    client.send('GET', 'k');
    await ring.settle();
    expect(client.wire()).to.equal('-NOREPLICAS need 2, have 1\r\n');
  });
});
