/** A ring under load, to whose nodes things happen. */
import { setTimeout as sleep } from 'node:timers/promises';
import { inflict, type Fault, type Incident } from './faults.js';
import { History } from './history.js';
import { OpenLoad, type Sample } from './open-load.js';
import { ClusterClient, PlainClient } from './ring-clients.js';
import type { RingProcesses } from './ring-processes.js';

export interface SoakOptions {
  readonly ring: RingProcesses;
  readonly perSecond: number;
  /** One after the other, each with a node. */
  readonly plan: readonly (readonly [fault: Fault, node: number])[];
  /** Between two of them, before the first and behind the last. */
  readonly calmMs: number;
  /** Before the load is measured. */
  readonly warmUpMs: number;
  readonly onIncident?: (fault: Fault) => void;
}

export interface SoakOutcome {
  readonly samples: readonly Sample[];
  readonly incidents: readonly Incident[];
  readonly acknowledged: number;
  /** All that must not be, in words. */
  readonly problems: readonly string[];
}

/** Of five requests, one goes by ioredis's client for clusters. */
const PLAIN_CLIENTS = 4;
const ATTEMPTS = 20;
const ATTEMPT_EVERY_MS = 500;

export async function soak({ ring, perSecond, plan, calmMs, warmUpMs, onIncident }: SoakOptions): Promise<SoakOutcome> {
  const plain = Array.from({ length: PLAIN_CLIENTS }, () => new PlainClient(ring.addresses));
  const clients = [...plain, new ClusterClient(ring.addresses)];
  const history = new History(Math.random);
  const load = new OpenLoad(history, clients, perSecond);
  const incidents: Incident[] = [];
  try {
    await sleep(ATTEMPT_EVERY_MS);
    load.start();
    await sleep(warmUpMs);
    load.samples.length = 0;
    for (const [fault, node] of plan) {
      await sleep(calmMs);
      onIncident?.(fault);
      incidents.push(await inflict(fault, ring, node));
    }
    await sleep(calmMs);
    await load.stop();
    await history.check((words) => insist(plain[0], words));
  } finally {
    await load.stop();
    for (const client of clients) client.close();
  }
  const { samples } = load;
  return { samples, incidents, acknowledged: history.acknowledgedCount, problems: history.problems };
}

async function insist(client: PlainClient, words: readonly string[]): Promise<unknown> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await client.call(words);
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      await sleep(ATTEMPT_EVERY_MS);
    }
  }
}
