/** `npm run soak:resize`: does a ring grow, shrink and get a lost member back under load? See the help text. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { History } from '../ring-faults/history.js';
import { OpenLoad, type Sample } from '../ring-faults/open-load.js';
import { ClusterClient, PlainClient } from '../ring-faults/ring-clients.js';
import { errorCounts, percentile } from '../ring-faults/verdict.js';
import { DataDirs } from '../tools/data-dirs.js';
import { atMost, findingsTable, noted, type Finding } from '../tools/findings.js';
import { loadKeys, readKeys } from '../tools/pipelined-loader.js';
import { problemsText } from '../tools/problems.js';
import { runScript } from '../tools/run-script.js';
import { count, readOptions, text, type ValuesOf } from '../tools/script-options.js';
import { GrowingRing } from './growing-ring.js';
import { slowSpells, spellsText } from './slow-spells.js';

const USAGE = `npm run soak:resize -- [options]

Runs a ring of three nodes with data under a steady load of reads and writes at QUORUM by ioredis, plain and as a client of Redis
Cluster. Two nodes join, one after the other, and leave again; then one of the three is killed, its directory removed, and another
one takes its place. Exit code 1 if anything acknowledged is lost, a read is stale, shares are uneven, or requests fail or are late
while the ring grows and shrinks.

Plain clients have a connection to each node. Where a node that leaves closes one, what was just being sent there goes to another
node, increments too: it must not have been run. ioredis sends such requests again by itself. Nothing else is sent again, and nothing
at all when the node is killed: what becomes of requests then is shown.

Shown too is when requests were slower than --p99 while a step was under way, and for how long this program itself stood still at most:
what was due then is late, and no server has made it so.

  --keys N      keys of 100 bytes that are there before (100000)
  --rate N      requests a second (500)
  --p99 MS      what 99 of 100 requests must not exceed (20)
  --out DIR     where the servers' data goes (bench-out)
  --help        this text
`;

const STEP_TIMEOUT_MS = 180_000;
const CALM_MS = 2000;
/** What was sent so shortly before a node is killed may be under way there. */
const UNDER_WAY_MS = 1000;
const VALUE_BYTES = 100;
/** Shares: the largest beside the smallest. */
const UNEVEN_MAX = 1.25;
const PLAIN_CLIENTS = 4;

const OPTIONS = { keys: count(100_000), rate: count(500), p99: count(20), out: text('bench-out') };

/** A step, and when it was under way. */
interface Phase {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly unevenness: number;
}

class Resize {
  readonly phases: Phase[] = [];
  readonly #ring: GrowingRing;

  constructor(ring: GrowingRing) {
    this.#ring = ring;
  }

  /** Does something, and waits until these nodes are the ring. */
  async step(name: string, nodes: readonly number[], begin: () => Promise<unknown>): Promise<void> {
    const fromMs = performance.now();
    await begin();
    const members = await this.#ring.settled(nodes, STEP_TIMEOUT_MS);
    const shares = members.map(({ heldSlots }) => heldSlots);
    this.phases.push({ name, fromMs, toMs: performance.now(), unevenness: Math.max(...shares) / Math.min(...shares) });
    await sleep(CALM_MS);
  }
}

async function main({ keys, rate, p99, out }: ValuesOf<typeof OPTIONS>): Promise<boolean> {
  const dir = new DataDirs(out).make('ring');
  const ring = await GrowingRing.start({ count: 3, countMax: 6, dir });
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  try {
    const { port } = ring.addresses[0];
    await loadKeys({ port, count: keys, valueBytes: VALUE_BYTES, stamped: true });
    const plainClients = Array.from({ length: PLAIN_CLIENTS }, () => new PlainClient(ring.addresses));
    const clients = [...plainClients, new ClusterClient(ring.addresses)];
    for (const client of plainClients) client.resendsClosed = true;
    const history = new History(Math.random);
    const load = new OpenLoad(history, clients, rate);
    const resize = new Resize(ring);
    await sleep(CALM_MS);
    load.start();
    await sleep(CALM_MS);
    load.samples.length = 0;
    const standstill = monitorEventLoopDelay({ resolution: 1 });
    standstill.enable();
    await sleep(CALM_MS);
    await resize.step('3 -> 4', [0, 1, 2, 3], () => ring.startNode(3));
    await resize.step('4 -> 5', [0, 1, 2, 3, 4], () => ring.startNode(4));
    await resize.step('5 -> 4', [0, 1, 2, 3], () => ring.ask(4, 'RING', 'LEAVE'));
    await resize.step('4 -> 3', [0, 1, 2], () => ring.ask(3, 'RING', 'LEAVE'));
    const lost = (await ring.membersBy(0)).find((member) => member.port === ring.addresses[2].port);
    const beforeLoss = performance.now();
    for (const client of plainClients) client.resendsClosed = false;
    await resize.step('replaced', [0, 1, 5], async () => {
      await ring.destroyNode(2);
      await ring.startNode(5, ['--cluster-replaces', lost?.id ?? '']);
    });
    standstill.disable();
    await load.stop();
    await history.check((words) => clients[0].call(words));
    await readKeys({ port, count: keys, valueBytes: VALUE_BYTES });
    for (const client of clients) client.close();
    const planned = load.samples.filter(({ dueMs }) => dueMs < beforeLoss - UNDER_WAY_MS);
    const findings = findingsOf(planned, load.samples, resize.phases, p99);
    const resentCount = plainClients.reduce((sum, client) => sum + client.resentCount, 0);
    say(findingsTable(findings));
    for (const { name, fromMs, toMs } of resize.phases)
      say(`${name}: slow: ${spellsText(slowSpells(duringOf(load.samples, fromMs, toMs), p99), fromMs)}`);
    say(`the load itself stood still for ${(standstill.max / 1e6).toFixed(0)} ms at most`);
    for (const [error, count] of errorCounts(load.samples)) say(`${count} times: ${error}`);
    say(`${resentCount} requests were sent again because their connection was closed`);
    say(`${history.acknowledgedCount} writes acknowledged; all ${keys} keys of before are there`);
    process.stdout.write(problemsText(history.problems));
    return history.problems.length === 0 && findings.every(({ isMet }) => isMet);
  } catch (error) {
    say(ring.lastWords);
    throw error;
  } finally {
    await ring.stop();
  }
}

function findingsOf(
  planned: readonly Sample[],
  all: readonly Sample[],
  phases: readonly Phase[],
  p99Ms: number,
): Finding[] {
  const ms = (value: number): string => `${value.toFixed(1)} ms`;
  return [
    noted('requests', String(all.length)),
    atMost('failed while the ring was resized', planned.filter(({ error }) => error !== undefined).length, 0, String),
    atMost('p99 while the ring was resized', percentile(answered(planned), 0.99), p99Ms, ms),
    ...phases.flatMap((phase) => {
      const during = duringOf(all, phase.fromMs, phase.toMs);
      const failed = during.filter(({ error }) => error !== undefined).length;
      const late = percentile(answered(during), 0.99);
      const isPlanned = planned.includes(during[0]);
      return [
        noted(`${phase.name}: time`, `${((phase.toMs - phase.fromMs) / 1000).toFixed(1)} s`),
        isPlanned ? atMost(`${phase.name}: failed`, failed, 0, String) : noted(`${phase.name}: failed`, String(failed)),
        isPlanned ? atMost(`${phase.name}: p99`, late, p99Ms, ms) : noted(`${phase.name}: p99`, ms(late)),
        atMost(
          `${phase.name}: largest share`,
          phase.unevenness,
          UNEVEN_MAX,
          (value) => `${value.toFixed(2)} of the smallest`,
        ),
      ];
    }),
  ];
}

function duringOf(samples: readonly Sample[], fromMs: number, toMs: number): Sample[] {
  return samples.filter(({ dueMs }) => dueMs >= fromMs && dueMs <= toMs);
}

function answered(samples: readonly Sample[]): Sample[] {
  return samples.filter(({ error }) => error === undefined);
}

await runScript({ name: 'soak:resize', usage: USAGE, parse: (args) => readOptions(args, OPTIONS), run: main });
