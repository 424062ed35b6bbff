/**
 * Keys that clients compare and set for a while (cas-clients.ts), one after the other; then nobody touches them until the end, whatever becomes of the ring meanwhile.
 *
 * Where plain writes are kept, every other key is written plainly before it is compared and set for the first time: consensus has to take over what they have left. Nothing else is done to it until
 * consensus has decided about it: the promises of plain writes are weaker. As soon as it has, the key is written plainly once, by a node that may not know of that. What was written with an outcome that nobody knows may yet appear, though others have written since: such a key is not used.
 *
 * Some keys are used by scripts alone, from the beginning on: whoever comes first, consensus decides.
 */

import type { CasClients } from './cas-clients.js';
import { STARTER, keyOfScripts } from './cas-clients.js';
import type { SeededRandom } from './seeded-random.js';
import type { SimClient } from './sim-client.js';
import type { World } from './world.js';

const IN_USE_DEFAULT = 3;
/** How long a key is in use, on average; and how long a plain write is left alone, at most. */
const SEASON_MS = 4500;
const ALONE_MS_MAX = 3000;
const PAUSE_MS = 100;
/** One key of so many is used by scripts alone. */
const OF_SCRIPTS_OF = 3;

export class CasSeasons {
  /** In use now. */
  readonly keys: string[] = [];
  /** Every key that may be there. */
  readonly all: string[] = [];
  /** Keys that consensus has decided about, or does from the first change on. */
  readonly begun: string[] = [];
  private readonly world: World;
  private readonly random: SeededRandom;
  private readonly keepsPlain: boolean;
  private readonly inUseMax: number;
  private isStopped = false;

  /** `keepsPlain`: what was written plainly, and acknowledged, is never lost. `inUseMax`: keys at a time. */
  constructor(world: World, keepsPlain: boolean, inUseMax = IN_USE_DEFAULT) {
    this.world = world;
    this.keepsPlain = keepsPlain;
    this.inUseMax = inUseMax;
    this.random = world.fork();
  }

  stop(): void {
    this.isStopped = true;
  }

  /** Takes one key after the other into use until `stop`. `next`: a client of any node. */
  async run(clients: CasClients, next: () => SimClient): Promise<void> {
    while (!this.isStopped) {
      const isOfScripts = this.random.below(OF_SCRIPTS_OF) === 0;
      const number = this.all.length + 1;
      const key = isOfScripts ? keyOfScripts(number) : `cas:${number}`;
      this.all.push(key);
      if (isOfScripts) this.use(key);
      else await this.start(clients, next, key);
      await this.world.sleep(this.random.below(Math.floor((2 * SEASON_MS) / this.inUseMax)));
    }
  }

  /** Has consensus decide about a key, and clients use it from then on. */
  private async start(clients: CasClients, next: () => SimClient, key: string): Promise<void> {
    const isWritten = this.keepsPlain && this.random.below(2) === 0;
    const isGood = isWritten ? await this.takeOver(clients, next, key) : await this.begin(clients, next, key, 'drop');
    if (isGood) {
      await this.writeOver(clients, next, key);
      this.use(key);
    }
  }

  private use(key: string): void {
    this.begun.push(key);
    this.keys.push(key);
    if (this.keys.length > this.inUseMax) this.keys.shift();
  }

  /** Writes a key plainly, and has consensus take it over a little later. False: it is not known whether it was written. */
  private async takeOver(clients: CasClients, next: () => SimClient, key: string): Promise<boolean> {
    const writer = next();
    const outcome = await clients.ask(STARTER, writer, key, 'write');
    writer.close();
    if (outcome !== 'ok') {
      clients.calls.delete(key);
      return false;
    }
    await this.world.sleep(this.random.below(ALONE_MS_MAX));
    return this.begin(clients, next, key, 'swap');
  }

  /** Writes a key plainly that consensus has just decided about, and looks whether it is there. */
  private async writeOver(clients: CasClients, next: () => SimClient, key: string): Promise<void> {
    for (const kind of ['write', 'read'] as const) {
      const client = next();
      await clients.ask(STARTER, client, key, kind);
      client.close();
    }
  }

  /** Has consensus decide about a key for the first time. False: there was no time. */
  private async begin(
    clients: CasClients,
    next: () => SimClient,
    key: string,
    kind: 'swap' | 'drop',
  ): Promise<boolean> {
    while (!this.isStopped) {
      const client = next();
      const outcome = await clients.ask(STARTER, client, key, kind);
      client.close();
      if (outcome === 'ok') return true;
      await this.world.sleep(PAUSE_MS);
    }
    return false;
  }
}
