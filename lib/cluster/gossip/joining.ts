/**
 * Which places to exchange states with to find others: the seeds until each has answered once, and later, one at a time, members that are
 * dead here and seeds where nobody alive is known. So members that start at the same time become one cluster, whichever of them meet
 * first; and the two sides of a partition find each other when it has healed. Pure.
 */

import type { MemberId } from '../ring/member.js';
import type { GossipMember, MemberList } from './member-list.js';
import { gossipEndpoint } from './member.js';
import type { GossipParameters } from './parameters.js';
import type { Endpoint } from './ports.js';

interface Seed {
  readonly endpoint: Endpoint;
  /** Who answered there last. */
  member: MemberId | undefined;
  isAsked: boolean;
}

export class Joining {
  private readonly self: MemberId;
  private readonly parameters: GossipParameters;
  private readonly seeds: Seed[];
  private backoffMs: number;
  private nextAtMs = 0;

  constructor(self: MemberId, seeds: readonly Endpoint[], parameters: GossipParameters) {
    this.self = self;
    this.parameters = parameters;
    this.seeds = seeds.map((endpoint) => ({ endpoint, member: undefined, isAsked: false }));
    this.backoffMs = parameters.joinBackoffMinMs;
  }

  /** Whether a seed other than this member has answered, or there are none. */
  get isJoined(): boolean {
    return this.seeds.length === 0 || this.seeds.some(({ member }) => member !== undefined && member !== this.self);
  }

  /** The seeds to try now: all that have not answered yet, each time after a longer while. */
  takeSeeds(nowMs: number): readonly Endpoint[] {
    if (nowMs < this.nextAtMs) return [];
    const open = this.seeds.filter(({ member, isAsked }) => member === undefined && !isAsked);
    if (open.length === 0) return [];
    this.nextAtMs = nowMs + this.backoffMs;
    this.backoffMs = Math.min(this.backoffMs * 2, this.parameters.joinBackoffMaxMs);
    for (const seed of open) seed.isAsked = true;
    return open.map(({ endpoint }) => endpoint);
  }

  /** What came of trying a seed: who answered, if anybody. */
  onAnswer(endpoint: Endpoint, member: MemberId | undefined): void {
    const seed = this.seeds.find((candidate) => candidate.endpoint === endpoint);
    if (seed === undefined) return;
    seed.isAsked = false;
    seed.member = member ?? seed.member;
  }

  /** Where somebody may be who is not known to live: the dead, and seeds whose member is gone. */
  lostPlaces(list: MemberList): Endpoint[] {
    const isPresent = (id: MemberId) => list.get(id)?.isPresent === true;
    const dead = [...list.all()].filter(({ state }: GossipMember) => state === 'dead');
    const seeds = this.seeds.filter(({ member, isAsked }) => !isAsked && member !== undefined && !isPresent(member));
    return [...dead.map(({ profile }) => gossipEndpoint(profile.address)), ...seeds.map(({ endpoint }) => endpoint)];
  }
}
