import { expect } from 'chai';
import type { Bus } from '../../../lib/cluster/bus/bus.js';
import { encodeRing } from '../../../lib/cluster/ring/ring-document.js';
import { BusMessenger } from '../../../lib/cluster/topology/bus-messenger.js';
import { RingStore } from '../../../lib/cluster/topology/ring-store.js';
import { digestOfSeeds } from '../../../lib/cluster/topology/seeds.js';
import { Topology } from '../../../lib/cluster/topology/topology.js';
import { MemoryDisk } from '../../sim/memory-disk.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import { settled } from './topology-world.js';
import { BUS_PORT, BusWorld, digestOf } from '../bus/bus-world.js';

const STEP_MS = 10;

/** A node with a bus and a topology; its seeds are hosts. */
class BusNode {
  topology: Topology | undefined;
  private readonly world: BusWorld;
  private readonly host: string;
  private readonly store: RingStore;
  private readonly seeds: readonly string[];

  constructor(world: BusWorld, host: string, seed: number, seeds: readonly string[]) {
    const disk = new MemoryDisk();
    disk.makeDirectory('/data');
    this.world = world;
    this.host = host;
    this.store = RingStore.open(disk, new SeededRandom(seed), '/data');
    this.seeds = seeds;
  }

  async start(): Promise<void> {
    const { world, host, store, seeds } = this;
    const bus: Bus = await world.add(host, {
      identity: () => ({
        memberId: store.nodeId,
        isFormed: store.ring !== undefined,
        clusterDigest: digestOf(store.ring?.clusterId ?? digestOfSeeds(seeds)),
      }),
      addressOf: (id) => {
        const found = store.ring?.members.find((member) => member.id === id);
        return found && { host: found.address.host, port: found.address.busPort };
      },
    });
    const messenger = new BusMessenger({
      bus,
      timers: world.time,
      self: store.nodeId,
      addressOfSeed: (seed) => ({ host: seed, port: BUS_PORT }),
    });
    this.topology = new Topology(
      {
        messenger,
        clock: world.time,
        timers: world.time,
        random: new SeededRandom(host.charCodeAt(0)),
        store,
        seeds,
        candidate: {
          id: store.nodeId,
          zone: '',
          tokenCount: 4,
          address: { host, port: 7000, tlsPort: 0, busPort: BUS_PORT },
        },
        replicaCount: 3,
        holdsData: () => false,
        pauseWrites: () => undefined,
        report: () => undefined,
      },
      (ring) => {
        bus.renew();
        bus.setMembers(ring.members.map(({ id }) => id));
      },
    );
    this.topology.start();
  }
}

/** Disks make durable what they are to every few milliseconds. */
async function pass(world: BusWorld, ms: number): Promise<void> {
  for (let passedMs = 0; passedMs < ms; passedMs += STEP_MS) {
    world.time.pass(STEP_MS);
    await settled();
  }
}

describe('BusMessenger', () => {
  it('lets seeds make a cluster by the bus, and others join it', async () => {
    const world = new BusWorld();
    const hosts = ['a', 'b', 'c'];
    const nodes = hosts.map((host, index) => new BusNode(world, host, index, hosts));
    for (const node of nodes) await node.start();
    await pass(world, 20_000);
    expect(nodes.map(({ topology }) => topology?.ring?.members.length)).to.deep.equal([3, 3, 3]);
    const joiner = new BusNode(world, 'd', 9, ['b']);
    await joiner.start();
    await pass(world, 20_000);
    const rings = [...nodes, joiner].map(({ topology }) => topology?.ring && encodeRing(topology.ring).toString());
    expect(new Set(rings).size).to.equal(1);
    expect(joiner.topology?.ring).to.include({ epoch: 2, nextOrdinal: 5 });
    for (const { topology } of [...nodes, joiner]) topology?.stop();
  });
});
