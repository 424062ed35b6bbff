import { expect } from 'chai';
import { BusExchange } from '../../../lib/cluster/gossip/bus-exchange.js';
import { Gossip } from '../../../lib/cluster/gossip/gossip.js';
import { LAN_PARAMETERS } from '../../../lib/cluster/gossip/parameters.js';
import type { Endpoint } from '../../../lib/cluster/gossip/ports.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import { BUS_PORT, BusWorld, idOf } from '../bus/bus-world.js';
import { profileOf } from './samples.js';

/** A member with a bus, whose datagrams get nowhere. */
async function addMember(world: BusWorld, name: string, seeds: readonly string[]): Promise<[Gossip, BusExchange]> {
  const exchange = new BusExchange(await world.add(name));
  const gossip = new Gossip(
    {
      self: idOf(name),
      incarnation: 1,
      profile: { ...profileOf(0), address: { host: name, port: 7000, tlsPort: 0, busPort: BUS_PORT } },
      clusterId: 'cluster',
      secret: 'secret',
      seeds: seeds.map((host): Endpoint => ({ host, port: BUS_PORT })),
      parameters: LAN_PARAMETERS,
    },
    {
      clock: world.time,
      timers: world.time,
      random: new SeededRandom(1),
      datagrams: { send: () => undefined },
      exchange,
      streamPing: exchange,
      warn: () => undefined,
    },
    {
      onAlive: () => undefined,
      onSuspect: () => undefined,
      onDead: () => undefined,
      onLeft: () => undefined,
      onUpdate: () => undefined,
      onRingNews: () => undefined,
    },
  );
  exchange.serve(gossip);
  gossip.start();
  return [gossip, exchange];
}

describe('BusExchange', () => {
  it('lets members find each other by their seeds, and tells them that they live', async () => {
    const world = new BusWorld();
    const [a] = await addMember(world, 'a', ['a', 'b']);
    const [b] = await addMember(world, 'b', ['a', 'b']);
    world.time.pass(30_000);
    expect([a.isUp(idOf('b')), b.isUp(idOf('a'))]).to.deep.equal([true, true]);
    expect([a.isJoined, b.isJoined]).to.deep.equal([true, true]);
    expect(a.figures.streamAnswers).to.be.above(5);
    expect(a.figures.failedExchanges, 'but with b before it was there').to.be.at.most(1);
    a.stop();
    b.stop();
  });

  it('says so when nobody is there, or nothing good comes back', async () => {
    const world = new BusWorld();
    const [a, exchange] = await addMember(world, 'a', []);
    await addMember(world, 'b', []);
    const answers: (Buffer | undefined)[] = [];
    const note = (answer: Buffer | undefined) => answers.push(answer === undefined ? answer : Buffer.from(answer));
    exchange.exchange({ host: 'nobody', port: BUS_PORT }, Buffer.of(1), note);
    exchange.exchange({ host: 'b', port: BUS_PORT }, Buffer.of(99), note);
    exchange.exchange({ host: 'a', port: BUS_PORT }, Buffer.of(7), note);
    expect(answers).to.deep.equal([]);
    world.time.pass(15_000);
    expect(answers.length).to.equal(3);
    expect(answers.filter((answer) => answer === undefined).length).to.equal(2);
    expect(answers, 'its own').to.deep.include(Buffer.of(7));
    a.stop();
  });
});
