/** Clients that take one lock (SET NX PX), hold it for a while, and let go of it (CAD), each by another node; and when each could be sure to have it. */

import { outcomeOf } from './register-clients.js';
import type { SeededRandom } from './seeded-random.js';
import type { SimClient } from './sim-client.js';
import type { World } from './world.js';

const KEY = 'lock';
/** How long the lock is valid, from when it was asked for. */
const VALID_MS = 1500;
const HOLD_MS = 40;
const PAUSE_MS = 20;

/** A client was sure to have the lock. */
export interface Hold {
  readonly client: string;
  readonly fromUs: number;
  readonly toUs: number;
}

export class LockClients {
  readonly holds: Hold[] = [];
  private readonly world: World;
  private readonly random: SeededRandom;
  /** By how much clocks of two nodes may differ. */
  private readonly driftMs: number;
  private isStopped = false;
  private tokens = 0;

  constructor(world: World, driftMs: number) {
    this.world = world;
    this.random = world.fork();
    this.driftMs = driftMs;
  }

  async run(client: string, next: () => SimClient): Promise<void> {
    while (!this.isStopped) {
      await this.world.sleep(1 + this.random.below(2 * PAUSE_MS));
      await this.takeOnce(client, next);
    }
  }

  stop(): void {
    this.isStopped = true;
  }

  private async takeOnce(client: string, next: () => SimClient): Promise<void> {
    const token = `${client}:${++this.tokens}`;
    const askedUs = this.world.nowUs;
    const taker = next();
    const answer = await taker.call('SET', KEY, token, 'NX', 'PX', VALID_MS);
    taker.close();
    if (answer.kind !== 'reply' || outcomeOf(answer) !== 'ok' || answer.value === null) return;
    const fromUs = this.world.nowUs;
    const untilUs = askedUs + (VALID_MS - this.driftMs) * 1000;
    // Some never let go: the lock ends by itself.
    const isForgotten = this.random.below(10) === 0;
    await this.world.sleep(1 + this.random.below(2 * HOLD_MS));
    const toUs = Math.min(isForgotten ? Infinity : this.world.nowUs, untilUs);
    if (toUs > fromUs) this.holds.push({ client: token, fromUs, toUs });
    if (isForgotten) return;
    const releaser = next();
    await releaser.call('CAD', KEY, token);
    releaser.close();
  }
}

/** Holds that overlap, in words. */
export function overlapping(holds: readonly Hold[]): string[] {
  const sorted = holds.toSorted((a, b) => a.fromUs - b.fromUs);
  const problems: string[] = [];
  let last: Hold | undefined;
  for (const hold of sorted) {
    if (last !== undefined && hold.fromUs < last.toUs) {
      problems.push(
        `${hold.client} had the lock from ${hold.fromUs / 1e6} s on, ${last.client} until ${last.toUs / 1e6} s`,
      );
    }
    if (last === undefined || hold.toUs > last.toUs) last = hold;
  }
  return problems;
}
