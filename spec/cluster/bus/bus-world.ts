/** Members with a bus each, on a network in memory. */

import { createHash } from 'node:crypto';

import type { BusOptions } from '../../../lib/cluster/bus/bus.js';
import { Bus } from '../../../lib/cluster/bus/bus.js';
import type { Identity } from '../../../lib/cluster/bus/handshake.js';
import type { Asker } from '../../../lib/cluster/bus/peer-link.js';
import type { PeerError } from '../../../lib/cluster/bus/peer-error.js';
import type { MemberId } from '../../../lib/cluster/ring/member.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import { MemoryNetwork } from './memory-network.js';
import { VirtualTime } from './virtual-time.js';

export const BUS_PORT = 17000;

/** The id of the member of that name. */
export function idOf(name: string): MemberId {
  return createHash('sha1').update(name).digest('hex');
}

export function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

export function identityOf(name: string, cluster = 'cluster', isFormed = true): Identity {
  return { memberId: idOf(name), clusterDigest: digestOf(cluster), isFormed };
}

export class BusWorld {
  readonly time = new VirtualTime();
  readonly network = new MemoryNetwork(this.time);
  readonly logs: string[] = [];
  private readonly names = new Map<MemberId, string>();

  /** A member that listens on the host of its name. */
  async add(name: string, options: Partial<BusOptions> = {}): Promise<Bus> {
    this.names.set(idOf(name), name);
    const bus = new Bus({
      network: this.network.of(name),
      clock: this.time,
      timers: this.time,
      random: new SeededRandom(this.names.size),
      secret: Buffer.from('secret'),
      tls: undefined,
      identity: () => identityOf(name),
      addressOf: (memberId) => {
        const host = this.names.get(memberId);
        return host === undefined ? undefined : { host, port: BUS_PORT };
      },
      log: (message) => this.logs.push(message),
      ...options,
    });
    await bus.listen({ host: name, port: BUS_PORT, backlog: 10 });
    return bus;
  }
}

/** Remembers what it was told. */
export class Listening implements Asker {
  readonly answers: string[] = [];
  readonly failures: PeerError[] = [];

  onAnswer(buffer: Buffer, start: number, end: number): void {
    this.answers.push(buffer.toString('latin1', start, end));
  }

  onFailure(error: PeerError): void {
    this.failures.push(error);
  }
}
