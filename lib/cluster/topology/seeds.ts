/**
 * What a node without a ring does, by what its seeds have answered. Pure; first-boot.ts asks, and acts on it.
 *
 * The voters of epoch 1 are the seeds, who are known by address only. Whoever answers there tells its id; a majority of the
 * seed *list*, counted by distinct ids, decides. Any two majorities have a node in common, so there is never a second cluster.
 */

import { createHash } from 'node:crypto';

import type { MemberId } from '../ring/member.js';
import type { RingDocument } from '../ring/ring-document.js';
import { compareRingVersions } from '../ring/ring-version.js';
import type { TopologyAnswer } from './messages.js';
import type { Candidate } from './new-ring.js';
import { majorityOf } from './paxos.js';

export type Hello = TopologyAnswer & { readonly kind: 'hello' };

/** A seed that answered, with the seeds that we have, too. */
export interface Founder {
  readonly seed: string;
  readonly candidate: Candidate;
}

export type BootStep =
  | { readonly kind: 'wait'; readonly reason: string }
  /** There is a ring that has us. */
  | { readonly kind: 'adopt'; readonly ring: RingDocument }
  /** There is a ring that does not have us; who is at this seed can add us. */
  | { readonly kind: 'join'; readonly seed: string }
  /** There are founders enough to decide epoch 1, and we are the one with this rank among them. */
  | {
      readonly kind: 'found';
      readonly founders: readonly Founder[];
      readonly rank: number;
      readonly isComplete: boolean;
    };

/** The seed list in its one form: sorted, in lower case, without repetition. */
export function normalizeSeeds(seeds: readonly string[]): string[] {
  return [...new Set(seeds.map((seed) => seed.toLowerCase()))].sort();
}

export function digestOfSeeds(seeds: readonly string[]): string {
  return createHash('sha256').update(normalizeSeeds(seeds).join('\n')).digest('hex');
}

/** `hellos` are the answers of `seeds`, which are normalized, in their order; undefined where there was none. */
export function judgeSeeds(
  ownId: MemberId,
  seeds: readonly string[],
  seedDigest: string,
  hellos: readonly (Hello | undefined)[],
): BootStep {
  return joinStep(ownId, seeds, hellos) ?? foundStep(ownId, seeds, seedDigest, hellos);
}

/** What to do if somebody knows a ring. */
function joinStep(
  ownId: MemberId,
  seeds: readonly string[],
  hellos: readonly (Hello | undefined)[],
): BootStep | undefined {
  let newest: RingDocument | undefined;
  let seed = '';
  for (const [index, hello] of hellos.entries()) {
    const ring = hello?.ring;
    if (ring === undefined) continue;
    if (newest !== undefined && newest.clusterId !== ring.clusterId) {
      return {
        kind: 'wait',
        reason: `the seeds ${seed} and ${seeds[index]} are in different clusters: name those of one`,
      };
    }
    if (newest === undefined || compareRingVersions(ring, newest) > 0) {
      newest = ring;
      seed = seeds[index];
    }
  }
  if (newest === undefined) return undefined;
  return newest.members.some(({ id }) => id === ownId) ? { kind: 'adopt', ring: newest } : { kind: 'join', seed };
}

function foundStep(
  ownId: MemberId,
  seeds: readonly string[],
  seedDigest: string,
  hellos: readonly (Hello | undefined)[],
): BootStep {
  const founders: Founder[] = [];
  for (const [index, hello] of hellos.entries()) {
    if (hello === undefined) continue;
    const { candidate } = hello;
    if (hello.seedDigest !== seedDigest) {
      return {
        kind: 'wait',
        reason: `the seed ${seeds[index]} has other seeds: all nodes must be given the same list`,
      };
    }
    // There is a ring, that of the member in whose place it is to be.
    if (candidate.replaces !== undefined) continue;
    if (!founders.some((founder) => founder.candidate.id === candidate.id)) {
      founders.push({ seed: seeds[index], candidate });
    }
  }
  const needed = majorityOf(seeds.length);
  if (founders.length < needed) {
    return {
      kind: 'wait',
      reason: `${founders.length} of ${seeds.length} seeds are there; a new cluster needs ${needed} of them`,
    };
  }
  const rank = founders.findIndex(({ candidate }) => candidate.id === ownId);
  if (rank < 0) return { kind: 'wait', reason: 'the seeds are there, and have no ring yet' };
  return { kind: 'found', founders, rank, isComplete: founders.length === seeds.length };
}
