/** What may happen to one node of a ring. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PrivateNetwork } from './private-network.js';
import type { RingProcesses } from './ring-processes.js';

export interface Fault {
  readonly name: string;
  /** How long it lasts. */
  readonly lastsMs: number;
  /** Whether the others may take the node for dead. */
  readonly looksDead: boolean;
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

/** One fault of a run. Milliseconds since an arbitrary start. */
export interface Incident {
  readonly fault: Fault;
  readonly node: number;
  readonly beganMs: number;
  readonly endedMs: number;
}

/** Has a fault happen to a node. */
export async function inflict(fault: Fault, ring: RingProcesses, node: number): Promise<Incident> {
  const beganMs = performance.now();
  await fault.begin(ring, node);
  await sleep(Math.max(0, fault.lastsMs - (performance.now() - beganMs)));
  const endedMs = performance.now();
  await fault.end(ring, node);
  return { fault, node, beganMs, endedMs };
}
