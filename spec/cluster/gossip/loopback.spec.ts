import { expect } from 'chai';
import { Gossip } from '../../../lib/cluster/gossip/gossip.js';
import { LAN_PARAMETERS } from '../../../lib/cluster/gossip/parameters.js';
import type { Endpoint } from '../../../lib/cluster/gossip/ports.js';
import { NodeClock } from '../../../lib/host/node-clock.js';
import { NodeNetwork } from '../../../lib/host/node-network.js';
import { NodeRandom } from '../../../lib/host/node-random.js';
import { NodeTimers } from '../../../lib/host/node-timers.js';
import type { DatagramSocket } from '../../../lib/host/ports.js';
import { idOf, profileOf } from './samples.js';

const HOST = '127.0.0.1';

/** Members on real sockets and a real clock; states are exchanged from hand to hand. */
class Loopback {
  readonly gossips = new Map<number, Gossip>();
  readonly sockets: DatagramSocket[] = [];
  private readonly network = new NodeNetwork();
  private wake: () => void = () => undefined;

  async add(number: number, seeds: readonly Endpoint[]): Promise<Gossip> {
    const holder: { gossip?: Gossip } = {};
    const socket = await this.network.bind({ host: HOST, port: 0 }, (buffer, length, host, port) =>
      holder.gossip?.receive(buffer, length, host, port),
    );
    this.sockets.push(socket);
    const changed = () => this.wake();
    const gossip = new Gossip(
      {
        self: idOf(number),
        incarnation: 1,
        profile: { ...profileOf(number), address: { host: HOST, port: 7000, tlsPort: 0, busPort: socket.port } },
        clusterId: 'cluster',
        secret: 'secret',
        seeds,
        parameters: { ...LAN_PARAMETERS, tickMs: 10 },
      },
      {
        clock: new NodeClock(),
        timers: new NodeTimers(),
        random: new NodeRandom(),
        datagrams: socket,
        exchange: {
          exchange: ({ port }, state, onAnswer) =>
            setImmediate(() => onAnswer(this.gossips.get(port)?.answerExchange(state))),
        },
        streamPing: { ping: () => undefined },
        warn: () => undefined,
      },
      {
        onAlive: changed,
        onSuspect: changed,
        onDead: changed,
        onLeft: changed,
        onUpdate: changed,
        onRingNews: changed,
      },
    );
    holder.gossip = gossip;
    this.gossips.set(socket.port, gossip);
    gossip.start();
    return gossip;
  }

  /** Resolves when that is so, which is looked at whenever a member is told something. */
  until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.wake = () => {
        if (isSo()) resolve();
      };
      this.wake();
    });
  }

  close(): void {
    for (const gossip of this.gossips.values()) gossip.stop();
    for (const socket of this.sockets) socket.close();
  }
}

describe('Gossip over UDP', () => {
  let loopback: Loopback;

  beforeEach(() => {
    loopback = new Loopback();
  });

  afterEach(() => {
    loopback.close();
  });

  it('finds members, tells of a new ring, and avoids one that ends', async () => {
    const first = await loopback.add(1, []);
    const seed = { host: HOST, port: loopback.sockets[0].port };
    const second = await loopback.add(2, [seed]);
    const third = await loopback.add(3, [seed]);
    await loopback.until(() =>
      [first, second, third].every((gossip) => [1, 2, 3].every((id) => gossip.isUp(idOf(id)))),
    );

    first.setRing({ generation: 1, epoch: 1 });
    const knowsRing = (gossip: Gossip) => gossip.member(idOf(1))?.profile.ring.epoch === 1;
    await loopback.until(() => knowsRing(second) && knowsRing(third));

    third.stop();
    await loopback.until(() => !first.isUp(idOf(3)) && !second.isUp(idOf(3)));
    expect([first.isUp(idOf(2)), second.isUp(idOf(1))]).to.deep.equal([true, true]);
    expect([first.drops.total, second.drops.total]).to.deep.equal([0, 0]);
  });
});
