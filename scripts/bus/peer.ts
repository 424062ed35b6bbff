/** One of two processes that talk over a bus. */

import { createHash } from 'node:crypto';
import { Bus } from '../../lib/cluster/bus/bus.js';
import { NodeClock } from '../../lib/host/node-clock.js';
import { NodeNetwork } from '../../lib/host/node-network.js';
import { NodeRandom } from '../../lib/host/node-random.js';
import { NodeTimers } from '../../lib/host/node-timers.js';

export const HOST = '127.0.0.1';

/** Like what a replica gets: many a turn, no answer. */
export const FRAME = 20;
/** The last of a turn. */
export const TURN = 21;
/** A turn has been taken. */
export const ACK = 22;
/** Asks what CPU time was used: microseconds as text. */
export const CPU = 23;

export const SENDER = 'a'.repeat(40);
export const RECEIVER = 'b'.repeat(40);

/** A bus whose one peer listens on `peerPort()`. */
export function makeBus(memberId: string, peerPort: () => number): Bus {
  return new Bus({
    network: new NodeNetwork(),
    clock: new NodeClock(),
    timers: new NodeTimers(),
    random: new NodeRandom(),
    secret: Buffer.from('secret'),
    tls: undefined,
    identity: () => ({ memberId, clusterDigest: createHash('sha256').digest(), isFormed: true }),
    addressOf: () => ({ host: HOST, port: peerPort() }),
    log: (message) => {
      console.error(message);
    },
  });
}

export function usedCpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
