/**
 * What gossip costs, how quickly it finds out, and how often it errs: `node scripts/run.mjs scripts/gossip/main.js [runs]`.
 *
 * All in virtual time, over a network that is made up: only the CPU time is this machine's, and has that of the network in it.
 * `runs`: how many seeds for each row of errors (10).
 */

import { right, textTable } from '../tools/text-table.js';
import { GossipNetwork } from '../../spec/cluster/gossip/gossip-network.js';

const QUIET_S = 60;
const SETTLE_MS = 40_000;
const LOSSY_MS = 600_000;
const MEMBERS = [5, 50, 200];
const LOSSES = [0.1, 0.3, 0.5];
const [runs = 10] = process.argv.slice(2).map(Number);

/** Members that know each other, and how long that took. */
function settled(members: number, seed: number): { network: GossipNetwork; joinedMs: number } {
  const network = new GossipNetwork({ seed });
  network.addAll(members);
  const joinedMs = network.runUntil(() => network.agrees('alive', network.members), 120_000, 'all know all');
  network.run(SETTLE_MS);
  return { network, joinedMs };
}

/** Sums of all members. */
function totals(network: GossipNetwork): { datagrams: number; bytes: number } {
  const figures = network.members.map(({ gossip }) => gossip.figures);
  return {
    datagrams: figures.reduce((sum, { sentDatagrams }) => sum + sentDatagrams, 0),
    bytes: figures.reduce((sum, { sentBytes }) => sum + sentBytes, 0),
  };
}

function costRow(members: number): string[] {
  const { network, joinedMs } = settled(members, 1);
  const before = { ...totals(network), exchanged: network.exchangedBytes, cpuUs: process.cpuUsage().user };
  network.run(QUIET_S * 1000);
  const cpuUs = process.cpuUsage().user - before.cpuUs;
  const after = totals(network);
  const aSecond = (sum: number) => sum / members / QUIET_S;

  const [victim, ...rest] = network.members;
  victim.kill();
  const avoidedMs = network.runUntil(() => rest.every(({ gossip }) => !gossip.isUp(victim.id)), 60_000, 'avoided');
  const deadMs = avoidedMs + network.runUntil(() => network.agrees('dead', [victim], rest), 120_000, 'dead');
  return [
    `${members}`,
    aSecond(after.datagrams - before.datagrams).toFixed(1),
    aSecond(after.bytes - before.bytes).toFixed(0),
    aSecond(network.exchangedBytes - before.exchanged).toFixed(0),
    (aSecond(cpuUs) / 1000).toFixed(2),
    ...[joinedMs, avoidedMs, deadMs].map((ms) => (ms / 1000).toFixed(2)),
  ];
}

function errorRow(loss: number): string[] {
  const members = 5;
  let [deaths, runsWithDeaths, suspicions, looks, up] = [0, 0, 0, 0, 0];
  for (let seed = 1; seed <= runs; seed++) {
    const { network } = settled(members, seed);
    network.loss = loss;
    const startMs = network.time.nowMs;
    while (network.time.nowMs < startMs + LOSSY_MS) {
      network.run(1_000);
      for (const viewer of network.members) {
        looks += members;
        up += network.members.filter(({ id }) => viewer.gossip.isUp(id)).length;
      }
    }
    const died = network.members.reduce((sum, member) => sum + member.heard('dead', startMs).length, 0);
    deaths += died;
    runsWithDeaths += Number(died > 0);
    suspicions += network.members.reduce((sum, member) => sum + member.heard('suspect', startMs).length, 0);
  }
  const minutes = (runs * LOSSY_MS) / 60_000;
  return [
    `${loss * 100} %`,
    `${runsWithDeaths} of ${runs}`,
    `${deaths}`,
    (suspicions / minutes / members).toFixed(1),
    `${((100 * up) / looks).toFixed(2)} %`,
  ];
}

process.stdout.write(
  'Quiet members: what each sends, and its CPU time, a second; how long until all know of a join, and of an end\n',
);
const costs = ['members', 'datagrams', 'bytes', 'bytes of exchanges', 'CPU ms', 'joined s', 'avoided s', 'dead s'];
process.stdout.write(textTable(costs.map(right), MEMBERS.map(costRow)));
process.stdout.write('\n5 members of which none ends, without streams, while datagrams are lost, for 10 minutes\n');
const errors = ['lost', 'runs with deaths', 'deaths seen', 'suspicions a minute', 'up'];
process.stdout.write(textTable(errors.map(right), LOSSES.map(errorRow)));
