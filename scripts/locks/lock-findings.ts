/** The figures of a lock that was taken and let go of under faults. */
import type { Release, Taking } from '../../spec/sim/lock-checker.js';
import { percentile } from '../ring-faults/verdict.js';
import { noted, type Finding } from '../tools/findings.js';
import type { LockIncident } from './incidents.js';

/** For so long behind a fault, requests may be late. */
const GRACE_MS = 1000;

/** REQUIRES: the lock was taken twice. */
export function lockFindings(takings: readonly Taking[], incidents: readonly LockIncident[]): Finding[] {
  const countOf = (outcome: Taking['outcome']): string =>
    String(takings.filter((taking) => taking.outcome === outcome).length);
  const taken = takings.filter(({ outcome }) => outcome === 'taken');
  const releases = takings.flatMap((taking) => taking.releases);
  const timesMs = taken.map(({ answeredUs }) => answeredUs / 1000).sort((a, b) => a - b);
  const lastMs = timesMs[timesMs.length - 1] - timesMs[0];
  const isCalm = (request: Release | Taking): boolean => incidents.every((incident) => !isUnder(request, incident));
  return [
    noted('taken', `${taken.length}, ${((1000 * taken.length) / lastMs).toFixed(1)} a second`),
    noted('refused', countOf('refused')),
    noted('outcome not known', countOf('unknown')),
    noted('taken and never let go of', String(taken.filter((taking) => taking.releases.length === 0).length)),
    ...wrongReleases(takings),
    noted('longest time in which nobody took it', longestGap(timesMs, incidents)),
    noted('SET NX PX that took it, calm: p50, p99', latencyText(taken.filter(isCalm))),
    noted('SET NX PX that took it, all: p50, p99', latencyText(taken)),
    noted('CAD, calm: p50, p99', latencyText(releases.filter(isCalm))),
    noted('CAD, all: p50, p99', latencyText(releases)),
    ...[...countsOf(incidents)].map(([name, count]) => noted(`fault: ${name}`, String(count))),
  ];
}

/** And what had struck before its end. */
function longestGap(timesMs: readonly number[], incidents: readonly LockIncident[]): string {
  const gapsMs = timesMs.slice(1).map((ms, i) => ms - timesMs[i]);
  const longestMs = Math.max(...gapsMs);
  const endMs = timesMs[gapsMs.indexOf(longestMs) + 1];
  const { name } = incidents.findLast(({ beganMs }) => beganMs < endMs) ?? { name: 'nothing' };
  return `${(longestMs / 1000).toFixed(1)} s (${name})`;
}

/** Of who was refused, and of who has let go of it before. */
function wrongReleases(takings: readonly Taking[]): Finding[] {
  const wrong = takings.flatMap(({ outcome, releases }) => {
    const first = releases.findIndex((release) => release.outcome === 'released');
    if (outcome === 'refused') return releases;
    return first < 0 ? [] : releases.slice(first + 1);
  });
  const refused = wrong.filter(({ outcome }) => outcome === 'not held').length;
  return [noted('CAD of who has it not: answered 0', `${refused} of ${wrong.length}`)];
}

function isUnder({ askedUs, answeredUs }: Release | Taking, { beganMs, endedMs }: LockIncident): boolean {
  return answeredUs / 1000 >= beganMs && askedUs / 1000 < endedMs + GRACE_MS;
}

function latencyText(requests: readonly (Release | Taking)[]): string {
  const samples = requests.map(({ askedUs, answeredUs }) => ({ tookMs: (answeredUs - askedUs) / 1000 }));
  return [0.5, 0.99].map((share) => `${percentile(samples, share).toFixed(1)} ms`).join(', ');
}

function countsOf(incidents: readonly LockIncident[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { name } of incidents) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
