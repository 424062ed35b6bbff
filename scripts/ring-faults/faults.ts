/** What may happen to one node of a ring. */
import { setTimeout as sleep } from 'node:timers/promises';
import { MissedWrites, type CaughtUp } from './missed-writes.js';
import type { PrivateNetwork } from './private-network.js';
import type { RingProcesses } from './ring-processes.js';

/** Behind this time the others know that something is wrong. */
const FIRST_MS = 1000;

export interface Fault {
  readonly name: string;
  /** How long it lasts. */
  readonly lastsMs: number;
  /** Whether the others may take the node for dead. */
  readonly looksDead: boolean;
  /** Whether the node goes in order, so that nobody else is told of an error. */
  readonly isInOrder?: boolean;
  begin(ring: RingProcesses, node: number): Promise<void> | void;
  end(ring: RingProcesses, node: number): Promise<void> | void;
}

export function kill(lastsMs: number): Fault {
  return {
    name: 'kill -9, restart',
    lastsMs,
    looksDead: true,
    begin: async (ring, node) => {
      await ring.node(node).kill('SIGKILL');
    },
    end: (ring, node) => ring.startNode(node),
  };
}

export function shutDown(lastsMs: number): Fault {
  return {
    ...kill(lastsMs),
    name: 'SIGTERM, restart',
    isInOrder: true,
    begin: async (ring, node) => {
      await ring.node(node).stop();
    },
  };
}

/** SIGSTOP: others can tell a node that is paused for up to 5 s from one that is dead. */
export function pause(lastsMs: number): Fault {
  return {
    name: `SIGSTOP for ${lastsMs / 1000} s`,
    lastsMs,
    looksDead: lastsMs > 5000,
    begin: (ring, node) => {
      ring.node(node).signal('SIGSTOP');
    },
    end: (ring, node) => {
      ring.node(node).signal('SIGCONT');
    },
  };
}

export function cut(network: PrivateNetwork, lastsMs: number): Fault {
  return {
    name: `cut off for ${lastsMs / 1000} s`,
    lastsMs,
    looksDead: true,
    begin: (_ring, node) => {
      network.cut(node);
    },
    end: (_ring, node) => {
      network.heal(node);
    },
  };
}

/** The node and the others are cut off from each other, though clients reach all of them; `isOneWay`: what it sends is lost, and what it is sent is not. */
export function part(network: PrivateNetwork, lastsMs: number, isOneWay: boolean): Fault {
  const both = (ring: RingProcesses, node: number, act: (from: number, to: number) => void): void => {
    for (let other = 0; other < ring.addresses.length; other++) {
      if (other === node) continue;
      act(node, other);
      if (!isOneWay) act(other, node);
    }
  };
  return {
    name: `parted ${isOneWay ? 'one way' : 'both ways'} for ${lastsMs / 1000} s`,
    lastsMs,
    looksDead: true,
    begin: (ring, node) => {
      both(ring, node, (from, to) => {
        network.part(from, to);
      });
    },
    end: (ring, node) => {
      both(ring, node, (from, to) => {
        network.unite(from, to);
      });
    },
  };
}

/** One fault of a run. Milliseconds since an arbitrary start. */
export interface Incident {
  readonly fault: Fault;
  readonly node: number;
  readonly beganMs: number;
  readonly endedMs: number;
  /** When the node could serve again. */
  readonly backMs: number;
  readonly caughtUp: CaughtUp;
}

/** Has a fault happen to a node, and sees that the node gets what it has missed. */
export async function inflict(fault: Fault, ring: RingProcesses, node: number): Promise<Incident> {
  const missed = new MissedWrites(ring, node);
  const beganMs = performance.now();
  await fault.begin(ring, node);
  await sleep(beganMs + FIRST_MS - performance.now());
  await missed.write(beganMs + fault.lastsMs);
  await sleep(Math.max(0, beganMs + fault.lastsMs - performance.now()));
  const endedMs = performance.now();
  await fault.end(ring, node);
  const backMs = performance.now();
  return { fault, node, beganMs, endedMs, backMs, caughtUp: await missed.arrive(backMs) };
}
