/** A ring that is resized, and clients that do everything there is to do with it. */

import { CasClients } from './cas-clients.js';
import { CasSeasons } from './cas-seasons.js';
import { DeletingClients } from './deleting-clients.js';
import { DivergingWorkload } from './diverging-workload.js';
import { ABSENCES_CONFIG } from './long-absences.js';
import { PipeliningClients } from './pipelining-clients.js';
import type { ResizedRingOptions } from './resized-ring.js';
import { ResizedRing } from './resized-ring.js';
import type { SimClient } from './sim-client.js';
import type { World } from './world.js';

const CAS_CLIENTS = 4;
const THINK_MS = 150;
const PIPELINING_CLIENTS = 2;
/** Between two pipelines of a client. */
const PIPELINE_MS = 500;
const LEVEL_SHARE = 0.3;
const LAST = 'last';
const CONFIG = 'counters hits:*\nsiblings-max 100000\n';
/** Collections, each with elements that come and go. */
const CHURN = { slots: 4, collections: 1, isChurning: true };

/** What differs from seed to seed. */
export interface MixedRingWays {
  /** A power failure may take back what was written plainly, and acknowledged. */
  readonly mayForget: boolean;
  /** Elements of collections are written and removed over and over. */
  readonly isChurning: boolean;
  /** Members are away for longer than `away-max` (long-absences.ts). */
  readonly hasAbsences: boolean;
}

export class MixedRing extends ResizedRing {
  readonly cas: CasClients;
  readonly seasons: CasSeasons;
  readonly versions: DivergingWorkload;
  readonly deletions: DeletingClients;
  readonly pipelines: PipeliningClients;

  constructor(world: World, { mayForget, isChurning, hasAbsences }: MixedRingWays, options: ResizedRingOptions) {
    super(world, { ...options, moreConfig: `${CONFIG}${hasAbsences ? ABSENCES_CONFIG : ''}` });
    this.seasons = new CasSeasons(world, !mayForget);
    this.cas = new CasClients(world, { keys: this.seasons.keys, thinkMs: THINK_MS, levelShare: LEVEL_SHARE });
    this.versions = new DivergingWorkload(world, THINK_MS);
    this.deletions = new DeletingClients(world, THINK_MS, isChurning ? CHURN : {});
    this.pipelines = new PipeliningClients(world, {
      shared: this.cas,
      sharedKeys: this.seasons.keys,
      thinkMs: PIPELINE_MS,
      keepsPlain: !mayForget,
    });
  }

  /** Answered requests, of all clients. */
  get operations(): number {
    const answered = this.history.operations.filter(({ outcome }) => outcome === 'ok').length;
    return answered + this.workload.operations + this.versions.operations + this.cas.answered;
  }

  override async use(): Promise<void> {
    const next = (): SimClient => this.client();
    await Promise.all([
      super.use(),
      this.seasons.run(this.cas, next),
      ...Array.from({ length: CAS_CLIENTS }, (_, i) => this.cas.run(`cas${i}`, next)),
      this.versions.run(next),
      this.deletions.run(next),
      ...Array.from({ length: PIPELINING_CLIENTS }, (_, i) => this.pipelines.run(`pipe${i}`, next)),
    ]);
  }

  override stop(): void {
    super.stop();
    this.seasons.stop();
    this.cas.stop();
    this.versions.stop();
    this.deletions.stop();
    this.pipelines.stop();
  }

  protected override get keys(): string[] {
    return [...super.keys, ...this.seasons.all, ...this.versions.keys, ...this.deletions.keys, ...this.pipelines.keys];
  }

  /** Reads what is compared and set at each node. Returns how many keys' histories cannot be judged, and what is wrong with the others. */
  async readCas(): Promise<{ problems: string[]; uncheckedCount: number }> {
    for (const machine of this.machines) {
      const client = this.client(machine);
      for (const key of this.cas.calls.keys()) await this.cas.read(LAST, client, key);
      client.close();
    }
    return this.cas.check();
  }

  override async readAll(isExact: boolean): Promise<string[]> {
    const problems = await super.readAll(isExact);
    const client = this.client();
    problems.push(...(await this.versions.check((...words) => this.ask(client, 'WITH', 'ALL', ...words))));
    problems.push(...(await this.deletions.check((...words) => this.ask(client, ...words))));
    await this.pipelines.readAll(client);
    problems.push(...this.pipelines.check());
    client.close();
    return problems;
  }
}
