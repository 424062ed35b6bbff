/** Which faults a seed draws, how often and how bad. Pure: `chaos.ts` acts on it. */

import type { Moment } from './activity.js';
import type { LinkQuality } from './link.js';
import { GOOD_LINK } from './link.js';
import type { SeededRandom } from './seeded-random.js';

/** Times between two of a kind are means. */
export interface FaultPlan {
  readonly chaosMs: number;
  /** Machines without a process at a time, at most. */
  readonly downMax: number;
  /** From one to the next it takes at least `apartMs`; 0 if there is no such limit. */
  readonly crashes:
    | {
        readonly everyMs: number;
        readonly downMs: number;
        readonly how: CrashKind;
        readonly apartMs: number;
        readonly aim: Aim;
      }
    | undefined;
  /** The power fails for all machines at once; they come back one by one. */
  readonly blackouts: { readonly everyMs: number; readonly downMs: number; readonly aim: Moment } | undefined;
  readonly stops: { readonly everyMs: number; readonly ms: number } | undefined;
  readonly partitions: { readonly everyMs: number; readonly ms: number; readonly oneWay: boolean } | undefined;
  readonly jumps: { readonly everyMs: number; readonly ms: number } | undefined;
  /** Disks are full for a while; or a sync fails, and the process is killed after that while, as an operator would. */
  readonly disks: { readonly everyMs: number; readonly ms: number; readonly how: DiskFault } | undefined;
  /** Half of the disks take up to so much longer than usual. */
  readonly diskDelayUs: number;
  readonly driftPpm: number;
  /** Of the links that are bad, each in its own direction; the others are good. */
  readonly link: LinkQuality;
  readonly badLinkShare: number;
}

/** `kill`: kill -9. `power`: between two turns; `step`: in the middle of one, at a step of the disk; `any` of them. */
export type CrashKind = 'kill' | 'power' | 'step' | 'any';

/** When something strikes. `asked`, `logged`: soon after that has happened to a machine, and this one. `answered`: soon after a client was answered, and anyone. */
export type Aim = 'anytime' | Moment;

export interface PlanLimits {
  /** Of machines. */
  readonly nodes: number;
  /** Clocks are never wrong by more than this. */
  readonly clockErrorMsMax: number;
  /** What may happen to disks; empty: nothing. */
  readonly diskFaults: readonly DiskFault[];
}

export type DiskFault = 'full' | 'failing';

const BAD_LINK_SHARES = [1, 0.5, 0.2];
const AIMS: readonly Aim[] = ['anytime', 'asked', 'answered', 'logged'];
const MOMENTS: readonly Moment[] = ['asked', 'answered', 'logged'];
const CRASH_KINDS: readonly CrashKind[] = ['kill', 'power', 'step', 'any'];

export function drawFaultPlan(random: SeededRandom, limits: PlanLimits): FaultPlan {
  const { diskFaults } = limits;
  const isOn = (): boolean => random.below(2) === 0;
  const between = (least: number, most: number): number => drawBetween(random, least, most);
  const share = (most: number): number => (isOn() ? between(1, most * 1000) / 1000 : 0);
  return {
    chaosMs: between(5_000, 60_000),
    downMax: 1 + random.below(limits.nodes),
    crashes: isOn()
      ? {
          everyMs: between(500, 20_000),
          downMs: between(10, 10_000),
          how: CRASH_KINDS[random.below(CRASH_KINDS.length)],
          apartMs: 0,
          aim: AIMS[random.below(AIMS.length)],
        }
      : undefined,
    blackouts:
      random.below(4) === 0
        ? { everyMs: between(1000, 20_000), downMs: between(10, 10_000), aim: MOMENTS[random.below(MOMENTS.length)] }
        : undefined,
    stops: isOn() ? { everyMs: between(500, 20_000), ms: between(10, 10_000) } : undefined,
    partitions: isOn() ? { everyMs: between(1000, 20_000), ms: between(10, 20_000), oneWay: isOn() } : undefined,
    jumps: isOn() ? { everyMs: between(1000, 20_000), ms: between(1, limits.clockErrorMsMax) } : undefined,
    disks: drawDiskFaults(random, diskFaults),
    diskDelayUs: isOn() ? between(100, 100_000) : 0,
    driftPpm: isOn() ? between(1, 200) : 0,
    link: isOn()
      ? {
          delayUs: between(20, 20_000),
          jitterUs: between(10, 50_000),
          lostShare: share(0.2),
          doubledShare: share(0.1),
          overtakenShare: share(0.1),
        }
      : GOOD_LINK,
    badLinkShare: BAD_LINK_SHARES[random.below(BAD_LINK_SHARES.length)],
  };
}

/** What happens to disks: in one plan of four, if `kinds` has any. */
export function drawDiskFaults(random: SeededRandom, kinds: readonly DiskFault[]): FaultPlan['disks'] {
  if (random.below(4) !== 0 || kinds.length === 0) return undefined;
  const everyMs = drawBetween(random, 1000, 20_000);
  return { everyMs, ms: drawBetween(random, 10, 5000), how: kinds[random.below(kinds.length)] };
}

/** Small ones are as likely as large ones: the logarithm is uniform. */
function drawBetween(random: SeededRandom, least: number, most: number): number {
  return Math.round(least * (most / least) ** (random.uint32() / 0x1_0000_0000));
}

/** The plan on one line. */
export function describePlan(plan: FaultPlan): string {
  const { crashes, blackouts, stops, partitions, jumps, disks, link } = plan;
  const parts = [`chaos for ${plan.chaosMs} ms`];
  if (crashes !== undefined) {
    const { how, everyMs, downMs, apartMs, aim } = crashes;
    const apart = apartMs > 0 ? `, ${apartMs} ms apart` : '';
    const aimed = aim === 'anytime' ? '' : `, soon after something was ${aim}`;
    parts.push(
      `crashes (${how}) every ${everyMs} ms, down for ${downMs} ms, at most ${plan.downMax} at a time${apart}${aimed}`,
    );
  }
  if (blackouts !== undefined) {
    const { everyMs, downMs, aim } = blackouts;
    parts.push(`blackouts every ${everyMs} ms for ${downMs} ms, soon after something was ${aim}`);
  }
  if (stops !== undefined) parts.push(`stops every ${stops.everyMs} ms for ${stops.ms} ms`);
  if (partitions !== undefined) {
    const ways = partitions.oneWay ? 'some one way' : 'both ways';
    parts.push(`partitions (${ways}) every ${partitions.everyMs} ms for ${partitions.ms} ms`);
  }
  if (jumps !== undefined) parts.push(`clocks jump every ${jumps.everyMs} ms by up to ${jumps.ms} ms`);
  if (disks !== undefined) parts.push(`disks are ${disks.how} every ${disks.everyMs} ms for ${disks.ms} ms`);
  if (plan.diskDelayUs > 0) parts.push(`half of the disks take up to ${plan.diskDelayUs} us longer`);
  if (plan.driftPpm > 0) parts.push(`clocks drift by up to ${plan.driftPpm} ppm`);
  const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
  if (link !== GOOD_LINK) {
    parts.push(
      `${percent(plan.badLinkShare)} of links take ${link.delayUs}+${link.jitterUs} us, ${percent(link.lostShare)} lost, ` +
        `${percent(link.doubledShare)} doubled, ${percent(link.overtakenShare)} overtaken`,
    );
  }
  return parts.join('; ');
}
