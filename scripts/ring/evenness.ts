/** How even a ring is while members join and leave. */

import type { MemberId } from '../../lib/cluster/ring/member.js';
import { moves } from '../../lib/cluster/ring/moves.js';
import { Ring } from '../../lib/cluster/ring/ring.js';
import type { RingDocument } from '../../lib/cluster/ring/ring-document.js';
import { fairReplicas } from '../../lib/cluster/ring/fair-share.js';
import { chooseTokens } from '../../lib/cluster/ring/tokens.js';
import { SLOT_COUNT } from '../../lib/base/position.js';

export interface Evenness {
  readonly memberCount: number;
  /** The slots of the member with the most, by those of the one with the fewest, as first replica. */
  readonly firsts: number;
  /** The same of all replicas, each by what its zone lets a member have. */
  readonly replicas: number;
  /** What moved for the last member's sake, by its fair share. */
  readonly moved: number;
  /** What moved elsewhere than to it, in slots. */
  readonly movedElsewhere: number;
}

/** `members` has the zone of each, in the order in which they join; a result for each after the first. */
export function joinOneByOne(members: readonly { id: MemberId; zone: string }[], replicaCount: number): Evenness[] {
  let ring: RingDocument | undefined;
  const results: Evenness[] = [];
  for (const { id, zone } of members) {
    const next = withMember(ring, id, zone, replicaCount);
    if (ring !== undefined) results.push(evennessOf(ring, next, id));
    ring = next;
  }
  return results;
}

/** The ring with one more member, made as if it were decided. */
export function withMember(
  ring: RingDocument | undefined,
  id: MemberId,
  zone: string,
  replicaCount: number,
): RingDocument {
  const before = ring?.members ?? [];
  const tokens = chooseTokens({ id, zone, tokenCount: 64 }, before, replicaCount);
  const ordinal = before.length + 1;
  const address = { host: '127.0.0.1', port: 7000, tlsPort: 0, busPort: 17000 };
  const members = [...before, { id, ordinal, zone, tokens, state: 'up' as const, address }];
  return {
    clusterId: '0'.repeat(40),
    generation: 1,
    epoch: ordinal,
    replicaCount,
    positionKey: '0'.repeat(16),
    nextOrdinal: ordinal + 1,
    members,
    voters: members.slice(0, 7).map((member) => member.id),
  };
}

/** The ring without the member with this index. */
export function withoutMember(ring: RingDocument, index: number): RingDocument {
  return { ...ring, members: ring.members.filter((_member, at) => at !== index) };
}

/** `changed`: the member that came, or went. */
export function evennessOf(old: RingDocument, next: RingDocument, changed: MemberId): Evenness {
  const { firsts, replicas } = sharesOf(next);
  const larger = [old, next].find(({ members }) => members.some(({ id }) => id === changed)) ?? next;
  const fair = fairOf(larger)[larger.members.findIndex(({ id }) => id === changed)];
  let moved = 0;
  let movedElsewhere = 0;
  for (const { start, end, to, displaced } of moves(new Ring(old), new Ring(next))) {
    moved += end - start + 1;
    if (to !== changed && !displaced.includes(changed)) movedElsewhere += end - start + 1;
  }
  const spread = (shares: readonly number[]): number => Math.max(...shares) / Math.min(...shares);
  return {
    memberCount: next.members.length,
    firsts: spread(firsts),
    replicas: spread(replicas),
    moved: moved / fair,
    movedElsewhere,
  };
}

function sharesOf(document: RingDocument): { firsts: number[]; replicas: number[] } {
  const ring = new Ring(document);
  const fair = fairOf(document);
  const firsts = fair.map(() => 0);
  const replicas = fair.map(() => 0);
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    const list = ring.replicas(slot);
    firsts[list[0]]++;
    list.forEach((index) => (replicas[index] += 1 / fair[index]));
  }
  return { firsts, replicas };
}

function fairOf({ members, replicaCount }: RingDocument): number[] {
  return fairReplicas(
    members.map(({ zone }) => zone),
    replicaCount,
  );
}
