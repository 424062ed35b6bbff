/** The rings that are proposed: the first one, and those with one more member. */

import { createHash } from 'node:crypto';

import { POSITION_KEY_BYTES } from '../../base/position.js';
import type { Random } from '../../host/ports.js';
import type { Address, Member, MemberId } from '../ring/member.js';
import { ORDINAL_MAX } from '../ring/member.js';
import type { RingDocument } from '../ring/ring-document.js';
import { CLUSTER_ID_BYTES, MEMBERS_MAX } from '../ring/ring-document.js';
import { chooseTokens } from '../ring/tokens.js';
import { chooseVoters } from './voters.js';

/** A node that is to become a member. */
export interface Candidate {
  readonly id: MemberId;
  readonly zone: string;
  readonly tokenCount: number;
  readonly address: Address;
  /** A member, dead for good, whose place it is to take. */
  readonly replaces?: MemberId | undefined;
}

/** Epoch 1. `seedDigest` stands for the seed list. REQUIRES: there is a candidate. */
export function firstRing(
  candidates: readonly Candidate[],
  seedDigest: string,
  replicaCount: number,
  random: Random,
): RingDocument {
  const drawn = Buffer.alloc(CLUSTER_ID_BYTES + POSITION_KEY_BYTES);
  random.fill(drawn);
  const positionKey = drawn.toString('hex', CLUSTER_ID_BYTES);
  const digest = createHash('sha256').update(seedDigest).update(drawn.subarray(0, CLUSTER_ID_BYTES));
  const clusterId = digest.digest('hex').slice(0, 2 * CLUSTER_ID_BYTES);
  const members: Member[] = [];
  for (const candidate of candidates) members.push(memberOf(candidate, members, members.length + 1, replicaCount));
  return {
    clusterId,
    generation: 1,
    epoch: 1,
    replicaCount,
    positionKey,
    nextOrdinal: members.length + 1,
    members,
    voters: chooseVoters(members, []),
  };
}

/** The next epoch, with one more member. REQUIRES: `whyNotJoin` has no reason. */
export function ringWith(ring: RingDocument, candidate: Candidate): RingDocument {
  const { epoch, nextOrdinal, replicaCount } = ring;
  const members = [...ring.members, memberOf(candidate, ring.members, nextOrdinal, replicaCount)];
  const voters = chooseVoters(members, ring.voters);
  return { ...ring, epoch: epoch + 1, nextOrdinal: nextOrdinal + 1, members, voters };
}

/** A candidate as it joins; with these tokens, by default those that are chosen for it. */
export function joiningMember(
  { members, nextOrdinal, replicaCount }: RingDocument,
  candidate: Candidate,
  tokens: readonly number[] = chooseTokens(candidate, members, replicaCount),
): Member {
  const { id, zone, address } = candidate;
  return { id, ordinal: nextOrdinal, zone, tokens, state: 'joining', address };
}

/** Why the ring can have no more members; undefined if it can. */
export function whyNotJoin({ members, nextOrdinal }: RingDocument): string | undefined {
  if (members.length >= MEMBERS_MAX) return `the ring has ${MEMBERS_MAX} members, and can have no more`;
  return nextOrdinal > ORDINAL_MAX ? `all ${ORDINAL_MAX} ordinals of this cluster have been given` : undefined;
}

function memberOf(
  { id, zone, tokenCount, address }: Candidate,
  members: readonly Member[],
  ordinal: number,
  replicaCount: number,
): Member {
  const tokens = chooseTokens({ id, zone, tokenCount }, members, replicaCount);
  return { id, ordinal, zone, tokens, state: 'up', address };
}
