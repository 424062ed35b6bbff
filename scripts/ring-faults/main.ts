/** `npm run soak:ring`: does a ring go on when nodes of it are killed, paused and cut off? See the help text. */
import { writeFileSync } from 'node:fs';
import { DataDirs } from '../tools/data-dirs.js';
import { findingsTable } from '../tools/findings.js';
import { problemsText } from '../tools/problems.js';
import { ProgressBar } from '../tools/progress-bar.js';
import { runScript } from '../tools/run-script.js';
import { count, readOptions, text, type ValuesOf } from '../tools/script-options.js';
import { cut, kill, pause, shutDown, type Fault } from './faults.js';
import { NO_REPAIR } from './missed-writes.js';
import { PrivateNetwork } from './private-network.js';
import { RingProcesses } from './ring-processes.js';
import { soak, type SoakOutcome } from './soak.js';
import { errorCounts, findingsOf, wrongObituaries } from './verdict.js';

const USAGE = `npm run soak:ring -- [options]

Runs a ring of five nodes, each key on three of them, under a steady load of reads and writes at QUORUM by ioredis, plain and as a
client of Redis Cluster. One node after the other is killed and started again, shut down, paused, and (as root) cut off by its
network. Exit code 1 if anything acknowledged is lost, a read is stale, a node that is well is taken for dead, a node that is back
has not what it missed within 10 s, or requests fail or are late outside of the first second after a fault.

  --seconds N   how long, at least one round of all faults (120)
  --rate N      requests a second (500)
  --p99 MS      what 99 of 100 requests must not exceed (10)
  --samples F   writes what became of each request to a file: lines of JSON
  --out DIR     where the servers' data goes (bench-out)
  --help        this text
`;

const NODES = 5;
const CALM_MS = 4000;
const WARM_UP_MS = 6000;

const OPTIONS = { seconds: count(120), rate: count(500), p99: count(10), samples: text(), out: text('bench-out') };

async function main({ seconds, rate, p99, samples: samplesFile, out }: ValuesOf<typeof OPTIONS>): Promise<boolean> {
  const dirs = new DataDirs(out);
  const network = PrivateNetwork.isPossible ? new PrivateNetwork(NODES) : undefined;
  const plan = planOf(seconds * 1000, network);
  const bar = new ProgressBar(plan.length + 1);
  bar.label('starting');
  const ring = await RingProcesses.start({ count: NODES, dir: dirs.make('ring'), network, args: NO_REPAIR });
  try {
    const onIncident = ({ name }: Fault): void => {
      bar.label(name);
      bar.advance();
    };
    const outcome = await soak({ ring, perSecond: rate, plan, calmMs: CALM_MS, warmUpMs: WARM_UP_MS, onIncident });
    const { samples, incidents, acknowledged } = outcome;
    if (samplesFile !== undefined) writeSamples(samplesFile, outcome);
    const findings = findingsOf(samples, incidents, { p99Ms: p99 });
    const problems = [...outcome.problems, ...wrongObituaries(ring, incidents)];
    bar.finish();
    process.stdout.write(findingsTable(findings));
    for (const [error, count] of errorCounts(samples)) process.stdout.write(`${count} times: ${error}\n`);
    process.stdout.write(`${acknowledged} writes acknowledged\n${problemsText(problems)}`);
    return problems.length === 0 && findings.every(({ isMet }) => isMet);
  } finally {
    bar.finish();
    await ring.stop();
  }
}

/** Milliseconds from the first request on. */
function writeSamples(file: string, { samples, incidents }: SoakOutcome): void {
  const firstMs = Math.min(...samples.map(({ dueMs }) => dueMs));
  const events = incidents.map(({ fault, node, beganMs, endedMs }) => {
    return { fault: fault.name, node, fromMs: beganMs - firstMs, toMs: endedMs - firstMs };
  });
  const requests = samples.map((sample) => ({ ...sample, dueMs: sample.dueMs - firstMs }));
  writeFileSync(file, [...events, ...requests].map((line) => `${JSON.stringify(line)}\n`).join(''));
}

/** Rounds of all faults, each round at the next node. */
function planOf(forMs: number, network: PrivateNetwork | undefined): [Fault, number][] {
  const faults = [kill(5000), pause(2000), pause(10_000), shutDown(5000), pause(5000)];
  if (network !== undefined) faults.push(cut(network, 10_000));
  const plan: [Fault, number][] = [];
  for (let round = 0, atMs = 0; round === 0 || atMs < forMs; round++) {
    faults.forEach((fault, i) => {
      plan.push([fault, (round + i) % NODES]);
      atMs += fault.lastsMs + CALM_MS;
    });
  }
  return plan;
}

await runScript({ name: 'soak:ring', usage: USAGE, parse: (args) => readOptions(args, OPTIONS), run: main });
