/** What a run under faults comes to: latencies, errors, who was taken for dead. */
import { atMost, noted, type Finding } from '../tools/findings.js';
import type { Incident } from './faults.js';
import { CATCH_UP_MS, type CaughtUp } from './missed-writes.js';
import type { Sample } from './open-load.js';
import type { RingProcesses } from './ring-processes.js';

/** For so long after a fault, and after its end, requests may be late or fail. */
const GRACE_MS = 1000;

/** Of fewer requests, the slowest one would be all that is looked at. */
const SAMPLES_MIN = 200;

export interface Bounds {
  readonly p99Ms: number;
}

/** Of each kind of fault: requests during it and behind it. */
export function findingsOf(samples: readonly Sample[], incidents: readonly Incident[], bounds: Bounds): Finding[] {
  const isDisturbed = (sample: Sample): boolean => incidents.some((incident) => isUnder(sample, incident));
  const calm = samples.filter((sample) => !isDisturbed(sample));
  const findings = [noted('requests', String(samples.length)), ...figuresOf('calm', calm, bounds)];
  const names = new Set(incidents.map(({ fault }) => fault.name));
  for (const name of names) {
    const those = incidents.filter(({ fault }) => fault.name === name);
    const first = samples.filter((sample) => those.some((incident) => isInFirstSecond(sample, incident)));
    const slowestMs = Math.max(0, ...first.map(({ tookMs }) => tookMs));
    findings.push(
      noted(`${name}: first second, failed of ${first.length}, slowest`, `${failedOf(first)}, ${msText(slowestMs)}`),
    );
    if (those[0].fault.isInOrder === true) {
      const told = those.flatMap((incident) => errorsElsewhere(samples, incident));
      findings.push(atMost(`${name}: errors of other nodes`, told.length, 0, String));
    }
    findings.push(
      ...figuresOf(
        name,
        those.flatMap((incident) => requestsDuring(samples, incident)),
        bounds,
      ),
    );
    findings.push(...those.map(({ caughtUp }) => catchUpFinding(name, caughtUp)));
  }
  return findings;
}

/** Whether a fault may have touched a request, the first second behind it included. */
function isUnder({ dueMs, tookMs }: Sample, { beganMs, backMs }: Incident): boolean {
  return dueMs + tookMs >= beganMs && dueMs < backMs + GRACE_MS;
}

/** The first second of a fault, or the first behind it. */
function isInFirstSecond({ dueMs }: Sample, { beganMs, endedMs, backMs }: Incident): boolean {
  return (dueMs >= beganMs && dueMs < beganMs + GRACE_MS) || (dueMs >= endedMs && dueMs < backMs + GRACE_MS);
}

function catchUpFinding(name: string, { missedCount, tookMs }: CaughtUp): Finding {
  return atMost(`${name}: ${missedCount} writes that it missed are there after`, tookMs, CATCH_UP_MS, msText);
}

function figuresOf(name: string, samples: readonly Sample[], { p99Ms }: Bounds): Finding[] {
  const findings: Finding[] = [];
  for (const kind of ['read', 'write'] as const) {
    const ofKind = samples.filter((sample) => sample.kind === kind);
    const byClient = [...new Set(ofKind.map(({ client }) => client))].map((client) => ({
      client,
      those: ofKind.filter((sample) => sample.client === client),
    }));
    const isEnough = byClient.every(({ those }) => those.length >= SAMPLES_MIN);
    for (const { client, those } of isEnough ? byClient : [{ client: 'all clients', those: ofKind }]) {
      findings.push(atMost(`${name}: p99 of ${kind}s, ${client}`, percentile(those, 0.99), p99Ms, msText));
    }
  }
  findings.push(atMost(`${name}: failed of ${samples.length}`, failedOf(samples), 0, String));
  return findings;
}

/** The requests that were due while a fault lasted, behind its first second; without those that a client has sent to that node itself. */
export function requestsDuring(samples: readonly Sample[], { beganMs, endedMs, node }: Incident): Sample[] {
  return samples.filter(
    (sample) => sample.dueMs >= beganMs + GRACE_MS && sample.dueMs < endedMs && sample.node !== node,
  );
}

/** What clients of other nodes were told from when a fault began to when the node was back: errors that say that a node, or the ring, does not serve. */
export function errorsElsewhere(samples: readonly Sample[], { beganMs, backMs, node }: Incident): string[] {
  const those = samples.filter((sample) => sample.dueMs >= beganMs && sample.dueMs < backMs && sample.node !== node);
  return those.flatMap(({ error }) => (error !== undefined && /^(ERR|CLUSTERDOWN) /.test(error) ? [error] : []));
}

function failedOf(samples: readonly Sample[]): number {
  return samples.filter(({ error }) => error !== undefined).length;
}

/** The errors of all requests, and how often each was met: the most frequent first. */
export function errorCounts(samples: readonly Sample[]): [error: string, count: number][] {
  const counts = new Map<string, number>();
  for (const { error, client } of samples) {
    if (error !== undefined) counts.set(`${client}: ${error}`, (counts.get(`${client}: ${error}`) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a);
}

export function percentile(samples: readonly Pick<Sample, 'tookMs'>[], share: number): number {
  const sorted = samples.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

/** Lines of logs by which a node that was well, or only paused for a moment, was taken for dead. */
export function wrongObituaries(ring: RingProcesses, incidents: readonly Incident[]): string[] {
  const count = ring.addresses.length;
  const logs = Array.from({ length: count }, (_, node) => ring.logText(node));
  const ids = logs.map((log) => /Node ([0-9a-f]{40}) listens/.exec(log)?.[1]);
  const dead = new Set(incidents.filter(({ fault }) => fault.looksDead).map(({ node }) => node));
  return logs.flatMap((log, node) => {
    // Who was away himself, or cut off, may think so of others.
    if (dead.has(node)) return [];
    const lines = log.split('\n').filter((line) => line.includes('is taken for dead'));
    return lines
      .filter((line) => ids.some((id, other) => id !== undefined && line.includes(id) && !dead.has(other)))
      .map((line) => `node ${node}: ${line}`);
  });
}

function msText(ms: number): string {
  return `${ms.toFixed(1)} ms`;
}
