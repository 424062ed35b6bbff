/** LATENCY: what took longer than latency-monitor-threshold, and how the durations of commands are distributed. */

import type { Call } from './call.js';
import type { Command, CommandFlag, SyncCommand } from './command.js';
import { NO_KEYS } from './command.js';
import type { HelpEntry } from './help.js';
import { helpCommand } from './help.js';
import { latencyGraph } from './latency-graph.js';
import type { CommandUse, LatencyDistribution, LatencySample } from './ports.js';

const HELP: readonly HelpEntry[] = [
  ['DOCTOR', 'What was slow, and what may help.'],
  ['GRAPH <event>', 'The course of an event, drawn.'],
  ['HISTOGRAM [<command> ...]', 'How many calls of commands took at most how many microseconds.'],
  ['HISTORY <event>', 'The samples of an event: Unix time, milliseconds.'],
  ['LATEST', 'The last sample of each event, and the worst.'],
  ['RESET [<event> ...]', 'Forget events (default: all).'],
];

/** What may help against an event, by its name. */
const ADVICE: ReadonlyMap<string, string> = new Map([
  ['command', 'Look for slow commands in SLOWLOG: KEYS, SORT, FLUSHALL, or commands on very large values.'],
  ['fast-command', 'Commands that are quick by nature were slow: the machine is short of processors or memory.'],
]);

/** LATENCY LATEST */
function latest(call: Call): void {
  const { reply } = call;
  const { latency } = call.server;
  const events = latency.events();
  reply.array(events.length);
  for (const event of events) {
    const last = latency.history(event).at(-1);
    reply.array(4);
    reply.bulkLatin1(event);
    reply.integer(last?.atSeconds ?? 0);
    reply.integer(last?.latencyMs ?? 0);
    reply.integer(latency.maxMs(event));
  }
}

/** LATENCY HISTORY event */
function history(call: Call): void {
  const { reply } = call;
  const samples = call.server.latency.history(call.args.text(2));
  reply.array(samples.length);
  for (const { atSeconds, latencyMs } of samples) {
    reply.array(2);
    reply.integer(atSeconds);
    reply.integer(latencyMs);
  }
}

/** LATENCY RESET [event ...] */
function reset(call: Call): void {
  call.reply.integer(call.server.latency.reset(words(call, 2)));
}

/** LATENCY GRAPH event */
function graph(call: Call): void {
  const { reply } = call;
  const { latency } = call.server;
  const event = call.args.text(2);
  const samples = latency.history(event);
  if (samples.length === 0) {
    reply.error(`ERR No samples available for event '${event}'`);
    return;
  }
  const nowSeconds = Math.floor(call.server.wallMs() / 1000);
  reply.verbatim('txt', latencyGraph(event, samples, latency.maxMs(event), nowSeconds));
}

/** LATENCY DOCTOR */
function doctor(call: Call): void {
  const { config, latency } = call.server;
  const events = latency.events();
  let report = '';
  if (config.latencyMonitorThresholdMs === 0) {
    report =
      'Slow events are not recorded. Set latency-monitor-threshold to the milliseconds from which they should be ' +
      '(CONFIG SET), and ask again later.\n';
  } else if (events.length === 0) report = 'Nothing has been slow.\n';
  for (const event of events) report += diagnosis(event, latency.history(event), latency.maxMs(event));
  call.reply.verbatim('txt', report);
}

function diagnosis(event: string, samples: readonly LatencySample[], maxMs: number): string {
  const sumMs = samples.reduce((sum, { latencyMs }) => sum + latencyMs, 0);
  const meanMs = (sumMs / samples.length).toFixed(0);
  const advice = ADVICE.get(event);
  const figures = `${event}: ${samples.length} samples, mean ${meanMs} ms, worst ${maxMs} ms.\n`;
  return advice === undefined ? figures : `${figures}  ${advice}\n`;
}

/** LATENCY HISTOGRAM [command ...]: of the commands named and their subcommands, or of all; of none twice. */
function histogram(call: Call): void {
  const { args, reply, server } = call;
  const named = words(call, 2).map((name) => name.toLowerCase());
  const isWanted = (use: CommandUse): boolean =>
    args.count === 2 || named.includes(use.name) || named.includes(use.name.split('|')[0]);
  const measured: [string, LatencyDistribution][] = [];
  for (const use of server.commandUses()) {
    if (isWanted(use) && use.latency !== undefined && use.latency.count > 0) measured.push([use.name, use.latency]);
  }
  reply.map(measured.length);
  for (const [name, latency] of measured) {
    reply.bulkText(name);
    replyDistribution(call, latency);
  }
}

function replyDistribution({ reply }: Call, latency: LatencyDistribution): void {
  const steps = latency.cumulative();
  reply.map(2);
  reply.bulkText('calls');
  reply.integer(latency.count);
  reply.bulkText('histogram_usec');
  reply.map(steps.length);
  for (const [boundUs, calls] of steps) {
    reply.integer(boundUs);
    reply.integer(calls);
  }
}

/** The arguments from `from` on. */
function words({ args }: Call, from: number): string[] {
  const found: string[] = [];
  for (let i = from; i < args.count; i++) found.push(args.text(i));
  return found;
}

const ADMIN: readonly CommandFlag[] = ['admin', 'noscript', 'loading', 'stale'];

function row(name: string, arity: number, run: SyncCommand['run']): SyncCommand {
  return { name, arity, flags: ADMIN, keys: NO_KEYS, run };
}

export const latencyCommands: readonly Command[] = [
  {
    name: 'latency',
    arity: -2,
    flags: [],
    keys: NO_KEYS,
    subcommands: [
      row('doctor', 2, doctor),
      row('graph', 3, graph),
      helpCommand('latency', HELP),
      row('histogram', -2, histogram),
      row('history', 3, history),
      row('latest', 2, latest),
      row('reset', -2, reset),
    ],
  },
];
