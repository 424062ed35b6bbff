/**
 * Clients that take one lock (SET NX PX), hold it for a while, and let go of it (CAD), by commands or scripts. Some hold it for as long as it is valid, some never let go, some try to let
 * go of what they do not have; who is not answered tries to let go of what he may have.
 */

import { byScript } from './key-scripts.js';
import type { Release, Taking } from './lock-checker.js';

/** Where clients live: in a World, or among processes. */
export interface LockSurroundings {
  nowUs(): number;
  sleep(ms: number): Promise<void>;
  /** A random number of 0 to `limit` - 1. */
  below(limit: number): number;
}

/** Asks some node, each time another one. Resolves to the reply; rejects if the outcome is not known. */
export type Ask = (...words: readonly string[]) => Promise<unknown>;

export interface LockTimes {
  /** How long the lock is valid, on the clocks of nodes. */
  readonly validMs: number;
  /** By how much clocks of two nodes may differ. */
  readonly driftMs: number;
  /** Mean times. */
  readonly holdMs: number;
  readonly pauseMs: number;
}

const KEY = 'lock';
/** One of so many. */
const FORGOTTEN_OF = 200;
const HELD_TO_THE_END_OF = 200;
const UNHELD_RELEASE_OF = 20;

export class LockClients {
  readonly takings: Taking[] = [];
  private readonly surroundings: LockSurroundings;
  private readonly times: LockTimes;
  private isStopped = false;
  private tokens = 0;

  constructor(surroundings: LockSurroundings, times: LockTimes) {
    this.surroundings = surroundings;
    this.times = times;
  }

  /** One client: takes it over and over. Resolves when it was stopped. */
  async run(client: string, ask: Ask): Promise<void> {
    while (!this.isStopped) {
      await this.sleepAbout(this.times.pauseMs);
      this.takings.push(await this.takeOnce(`${client}:${++this.tokens}`, ask));
    }
  }

  stop(): void {
    this.isStopped = true;
  }

  private async takeOnce(token: string, ask: Ask): Promise<Taking> {
    const { validMs, driftMs } = this.times;
    const askedUs = this.surroundings.nowUs();
    const reply = await ask('SET', KEY, token, 'NX', 'PX', String(validMs)).catch(() => undefined);
    const answeredUs = this.surroundings.nowUs();
    const outcome = reply === undefined ? 'unknown' : reply === null ? 'refused' : 'taken';
    const sureUntilUs = askedUs + (validMs - driftMs) * 1000;
    const releases: Release[] = [];
    const letGo = async (): Promise<void> => {
      releases.push(await this.release(token, ask));
    };
    if (outcome === 'unknown') await letGo();
    if (outcome === 'refused' && this.isOneOf(UNHELD_RELEASE_OF)) await letGo();
    if (outcome === 'taken' && (await this.hold(sureUntilUs))) {
      await letGo();
      if (this.isOneOf(UNHELD_RELEASE_OF)) await letGo();
    }
    return { token, askedUs, answeredUs, outcome, sureUntilUs, releases };
  }

  /** Resolves to whether the holder lets go of it. */
  private async hold(sureUntilUs: number): Promise<boolean> {
    if (this.isOneOf(FORGOTTEN_OF)) return false;
    if (this.isOneOf(HELD_TO_THE_END_OF)) {
      await this.surroundings.sleep(Math.max(0, sureUntilUs - this.surroundings.nowUs()) / 1000);
    } else await this.sleepAbout(this.times.holdMs);
    return true;
  }

  private async release(token: string, ask: Ask): Promise<Release> {
    const askedUs = this.surroundings.nowUs();
    const reply = await ask('CAD', KEY, token).catch(() => undefined);
    const outcome = reply === undefined ? 'unknown' : reply === 1 ? 'released' : 'not held';
    return { askedUs, answeredUs: this.surroundings.nowUs(), outcome };
  }

  private sleepAbout(ms: number): Promise<void> {
    return this.surroundings.sleep(1 + this.surroundings.below(2 * ms));
  }

  private isOneOf(count: number): boolean {
    return this.surroundings.below(count) === 0;
  }
}

/** Half of the requests are scripts. */
export function byScriptsToo(ask: Ask, below: LockSurroundings['below']): Ask {
  return (...words) => ask(...(below(2) === 0 ? byScript(words) : words));
}

/** The same lock as one must not have it: whoever finds it free takes it, and whoever finds his own token removes it. */
export function naively(ask: Ask): Ask {
  return async (...words) => {
    const [command, key, token, , , validMs] = words;
    const found = await ask('WITH', 'ONE', 'GET', key);
    if (command === 'SET') return found === null ? ask('WITH', 'ONE', 'SET', key, token, 'PX', validMs) : null;
    return textOf(found) === token ? ask('WITH', 'ONE', 'DEL', key) : 0;
  };
}

function textOf(reply: unknown): unknown {
  return Buffer.isBuffer(reply) ? reply.toString() : reply;
}
