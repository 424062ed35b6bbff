/** What can be measured, as data; `scenarios.ts` is the table of them. */
import type { ServerKind } from '../tools/server-process.js';
import type { Contender } from './server-driver.js';

/** A figure that a scenario yields in each round. */
export interface Metric {
  readonly name: string;
  readonly unit: string;
}

/** One round's figure of each server. */
export type Sample = Readonly<Record<ServerKind, number>>;

/** All rounds of one metric of one scenario. */
export interface Series {
  readonly scenario: string;
  readonly metric: Metric;
  readonly rounds: readonly Sample[];
}

/** Keys that are there before a load runs. */
export interface Preload {
  readonly prefix: string;
  readonly count: number;
  /** One value for all; default: letters, `valueBytes` of them. */
  readonly value?: string;
  readonly valueBytes?: number;
}

/** How the servers are started and filled. Scenarios that name the same setup object share running servers. */
export interface Setup {
  /** For people: the chart's headings. */
  readonly title: string;
  readonly flags: readonly string[];
  readonly preload: readonly Preload[];
  /** Random numbers of the workload are below this; default: as many as the first preload has keys. */
  readonly keySpace?: number;
}

/** A scenario in which redis-benchmark drives servers that stay up for all rounds. */
export interface LoadScenario {
  readonly kind: 'load';
  /** Unique; `--only` matches it. */
  readonly name: string;
  /** For people, within the setup: `GET, 16 pipelined`. */
  readonly title: string;
  readonly setup: Setup;
  /** redis-benchmark's arguments that say what to send. */
  readonly workload: readonly string[];
  /** What is sent before, unmeasured, as often: for a workload that needs something there, or uses it up. */
  readonly before?: readonly string[];
  /** Requests that a connection sends before it waits for replies. */
  readonly pipeline: number;
}

/** A scenario that starts servers of its own in every round. */
export interface FreshScenario {
  readonly kind: 'fresh';
  readonly name: string;
  readonly title: string;
  readonly metrics: readonly Metric[];
  /** Figures that hardly vary need few rounds: the most that are of use. */
  readonly roundsMax: number;
  /** How long one measurement takes, about; for the progress bar. */
  readonly estimateSeconds: number;
  /** Yields one figure for each metric. The directory is empty, and is removed afterwards. */
  measure(contender: Contender, dir: string): Promise<readonly number[]>;
}

export type Scenario = LoadScenario | FreshScenario;
