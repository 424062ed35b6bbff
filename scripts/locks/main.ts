/** `npm run soak:locks`: does one client at a time have a lock, whatever happens to the nodes of a ring? See the help text. */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkLock, type Taking } from '../../spec/sim/lock-checker.js';
import { LockClients, byScriptsToo, naively, type Ask } from '../../spec/sim/lock-clients.js';
import { PrivateNetwork } from '../ring-faults/private-network.js';
import { PlainClient } from '../ring-faults/ring-clients.js';
import { RingProcesses } from '../ring-faults/ring-processes.js';
import { DataDirs } from '../tools/data-dirs.js';
import { findingsTable } from '../tools/findings.js';
import { problemsText } from '../tools/problems.js';
import { ProgressBar } from '../tools/progress-bar.js';
import { runScript } from '../tools/run-script.js';
import { count, flag, readOptions, text, type ValuesOf } from '../tools/script-options.js';
import { Incidents } from './incidents.js';
import { lockFindings } from './lock-findings.js';

const USAGE = `npm run soak:locks -- [options]

Runs a ring of nodes, three replicas of everything, whose clocks jump but never differ by more than max-clock-drift. Eight clients
(ioredis) take one lock by SET key token NX PX, each time by another node, hold it, and let go of it by CAD by yet another one; some
never let go, some let go of what they have not. Meanwhile nodes are killed, stopped, shut down, and (as root) cut off from all or
from each other, now and then so many that nobody can take the lock. Exit code 1 if two clients are sure at a time that they have it,
or one loses it while it is valid, or one lets go of what he has not, or nobody can take it for a minute.

  --rounds N    so often the lock is taken, at least (10000)
  --nodes N     of the ring (3)
  --valid MS    the lock's validity, more than twice max-clock-drift (1500)
  --naive       takes it by GET and SET at level ONE instead, as one must not: then two holders must be found
  --out DIR     where the servers' data goes (bench-out)
  --help        this text
`;

const CLIENTS = 8;
/** Of the nodes. */
const MAX_CLOCK_DRIFT_MS = 500;
/** Each clock is wrong by so much, this way or that; what is left of the drift is for the way of messages. */
const CLOCK_ERROR_MS = 230;
const HOLD_MS = 3;
const PAUSE_MS = 20;
const LOOK_EVERY_MS = 100;
const STUCK_MS = 60_000;

const OPTIONS = { rounds: count(10_000), nodes: count(3), valid: count(1500), naive: flag, out: text('bench-out') };

async function main({ rounds, nodes, valid, naive, out }: ValuesOf<typeof OPTIONS>): Promise<boolean> {
  const network = PrivateNetwork.isPossible ? new PrivateNetwork(nodes) : undefined;
  const bar = new ProgressBar(rounds);
  bar.label('starting');
  const ring = await RingProcesses.start({
    count: nodes,
    dir: new DataDirs(out).make('ring'),
    network,
    args: ['--max-clock-drift', String(MAX_CLOCK_DRIFT_MS)],
    runtimeArgsOf: (node) => ['--import', wrongClock(node / nodes)],
  });
  const connections = Array.from({ length: CLIENTS }, () => new PlainClient(ring.addresses));
  try {
    await Promise.all(connections.map((connection) => connection.ready()));
    const surroundings = { nowUs: () => performance.now() * 1000, sleep, below: (limit: number) => randomInt(limit) };
    const times = { validMs: valid, driftMs: MAX_CLOCK_DRIFT_MS, holdMs: HOLD_MS, pauseMs: PAUSE_MS };
    const clients = new LockClients(surroundings, times);
    const incidents = new Incidents(ring, network);
    const used = connections.map((connection, i) => {
      const ask: Ask = (...words) => connection.call(words);
      return clients.run(`client ${i + 1}`, naive ? naively(ask) : byScriptsToo(ask, surroundings.below));
    });
    const struck = incidents.run((name) => bar.label(name));
    const isStuck = await reach(rounds, clients.takings, bar);
    incidents.stop();
    await struck;
    clients.stop();
    await Promise.all(used);
    bar.finish();
    const { takings } = clients;
    process.stdout.write(findingsTable(lockFindings(takings, incidents.past)));
    if (isStuck) process.stdout.write(`nobody could take the lock for ${STUCK_MS / 1000} s\n`);
    const problems = checkLock(takings);
    process.stdout.write(problemsText(problems));
    if (naive) return problems.some((problem) => problem.startsWith('two holders'));
    return !isStuck && problems.length === 0;
  } finally {
    bar.finish();
    for (const connection of connections) connection.close();
    await ring.stop();
  }
}

/** Waits until the lock was taken so often. Resolves to whether that has come to nothing. */
async function reach(rounds: number, takings: readonly Taking[], bar: ProgressBar): Promise<boolean> {
  let [takenCount, seenCount, lastMs] = [0, 0, performance.now()];
  while (takenCount < rounds) {
    await sleep(LOOK_EVERY_MS);
    for (; seenCount < takings.length; seenCount++) {
      if (takings[seenCount].outcome !== 'taken') continue;
      takenCount++;
      lastMs = performance.now();
      bar.advance();
    }
    if (performance.now() - lastMs > STUCK_MS) return true;
  }
  return false;
}

function wrongClock(phase: number): string {
  const url = new URL('wrong-clock.js', import.meta.url);
  url.search = `errorMs=${CLOCK_ERROR_MS}&phase=${phase}`;
  return url.href;
}

await runScript({ name: 'soak:locks', usage: USAGE, parse: (args) => readOptions(args, OPTIONS), run: main });
