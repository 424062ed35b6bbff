/** What a run under faults comes to: latencies, errors, who was taken for dead. */
import { atMost, noted, type Finding } from '../tools/findings.js';
import type { Incident } from './faults.js';
import type { Sample } from './open-load.js';
import type { RingProcesses } from './ring-processes.js';

/** For so long after a fault, and after its end, requests may be late or fail. */
const GRACE_MS = 1000;

export interface Bounds {
  readonly p99Ms: number;
}

/** Of each kind of fault: requests during it and behind it. */
export function findingsOf(samples: readonly Sample[], incidents: readonly Incident[], bounds: Bounds): Finding[] {
  const findings = [noted('requests', String(samples.length))];
  const isDisturbed = ({ dueMs }: Sample): boolean =>
    incidents.some(({ beganMs, endedMs }) => dueMs >= beganMs && dueMs < endedMs + GRACE_MS);
  const calm = samples.filter((sample) => !isDisturbed(sample));
  findings.push(...figuresOf('calm', calm, bounds));
  const names = new Set(incidents.map(({ fault }) => fault.name));
  for (const name of names) {
    const those = incidents.filter(({ fault }) => fault.name === name);
    const within = (fromMs: (incident: Incident) => number, toMs: (incident: Incident) => number): Sample[] =>
      samples.filter(({ dueMs }) => those.some((incident) => dueMs >= fromMs(incident) && dueMs < toMs(incident)));
    const first = [
      ...within(
        ({ beganMs }) => beganMs,
        ({ beganMs }) => beganMs + GRACE_MS,
      ),
      ...within(
        ({ endedMs }) => endedMs,
        ({ endedMs }) => endedMs + GRACE_MS,
      ),
    ];
    const during = those.flatMap((incident) => requestsDuring(samples, incident));
    const slowestMs = Math.max(0, ...first.map(({ tookMs }) => tookMs));
    const failed = first.filter(({ error }) => error !== undefined).length;
    findings.push(
      noted(`${name}: first second, failed of ${first.length}, slowest`, `${failed}, ${msText(slowestMs)}`),
    );
    findings.push(...figuresOf(name, during, bounds));
  }
  return findings;
}

function figuresOf(name: string, samples: readonly Sample[], { p99Ms }: Bounds): Finding[] {
  const findings: Finding[] = [];
  for (const kind of ['read', 'write'] as const) {
    for (const client of new Set(samples.map((sample) => sample.client))) {
      const those = samples.filter((sample) => sample.kind === kind && sample.client === client);
      findings.push(atMost(`${name}: p99 of ${kind}s, ${client}`, percentile(those, 0.99), p99Ms, msText));
    }
  }
  const failed = samples.filter(({ error }) => error !== undefined);
  findings.push(atMost(`${name}: failed of ${samples.length}`, failed.length, 0, String));
  return findings;
}

/** The requests that were due while a fault lasted, behind its first second. */
export function requestsDuring(samples: readonly Sample[], { beganMs, endedMs }: Incident): Sample[] {
  return samples.filter(({ dueMs }) => dueMs >= beganMs + GRACE_MS && dueMs < endedMs);
}

/** The errors of all requests, and how often each was met. */
export function errorCounts(samples: readonly Sample[]): [error: string, count: number][] {
  const counts = new Map<string, number>();
  for (const { error, client } of samples) {
    if (error !== undefined) counts.set(`${client}: ${error}`, (counts.get(`${client}: ${error}`) ?? 0) + 1);
  }
  return [...counts];
}

export function percentile(samples: readonly Sample[], share: number): number {
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
