/**
 * The members that this one knows, itself among them, and how news about them merges. Pure: it decides nothing, and sends nothing.
 *
 * 1. What is known of a member is the pair (incarnation, state), and only ever rises: by incarnation, then in the order of LIVENESSES. So news
 *    may come in any order, and any number of times.
 * 2. Only the member itself raises its incarnation: by what it says in a higher one, it refutes what was said of it in a lower.
 * 3. The profile is that of the highest incarnation in which the member has said something.
 * 4. Nothing but `alive` news, or a record, makes a member known: without an address it is no use.
 * 5. Members come in the order in which they became known.
 */

import type { Random } from '../../host/ports.js';
import type { MemberId } from '../ring/member.js';
import { LIVENESSES, type AliveNews, type Liveness, type MemberRecord, type News, type Profile } from './member.js';

export class GossipMember {
  readonly id: MemberId;
  state: Liveness;
  incarnation: number;
  profile: Profile;
  profileIncarnation: number;
  /** When it came into this state, in lived time. */
  changedMs: number;

  constructor(record: MemberRecord, nowMs: number) {
    this.id = record.id;
    this.state = record.state;
    this.incarnation = record.incarnation;
    this.profile = record.profile;
    this.profileIncarnation = record.profileIncarnation;
    this.changedMs = nowMs - record.ageMs;
  }

  /** Neither dead nor gone. */
  get isPresent(): boolean {
    return this.state === 'alive' || this.state === 'suspect';
  }

  record(nowMs: number): MemberRecord {
    const { id, state, incarnation, profile, profileIncarnation } = this;
    return { id, state, incarnation, profile, profileIncarnation, ageMs: Math.floor(nowMs - this.changedMs) };
  }
}

/** What a piece of news has changed. */
export interface Change {
  readonly member: GossipMember;
  /** The state before; undefined if the member was not known. */
  readonly before: Liveness | undefined;
  /** The profile before; undefined if it is still the same. */
  readonly oldProfile: Profile | undefined;
}

export class MemberList {
  private readonly members = new Map<MemberId, GossipMember>();
  private present = 0;

  /** Members that are neither dead nor gone. */
  get presentCount(): number {
    return this.present;
  }

  get size(): number {
    return this.members.size;
  }

  get(id: MemberId): GossipMember | undefined {
    return this.members.get(id);
  }

  all(): Iterable<GossipMember> {
    return this.members.values();
  }

  /** Merges news; undefined if it says nothing new, or its member is not known. */
  apply(news: News, nowMs: number): Change | undefined {
    const member = this.members.get(news.id);
    if (member !== undefined) return this.merge(member, news, nowMs);
    if (news.kind !== 'alive') return undefined;
    const { id, incarnation, profile } = news;
    return this.add({ id, state: 'alive', incarnation, profile, profileIncarnation: incarnation, ageMs: 0 }, nowMs);
  }

  /** Takes over what another knows of a member. REQUIRES: it is not known here. */
  add(record: MemberRecord, nowMs: number): Change {
    const member = new GossipMember(record, nowMs);
    this.members.set(record.id, member);
    if (member.isPresent) this.present++;
    return { member, before: undefined, oldProfile: undefined };
  }

  forget(id: MemberId): void {
    const member = this.members.get(id);
    if (member === undefined) return;
    this.members.delete(id);
    if (member.isPresent) this.present--;
  }

  /** Up to `count` members that `fits` accepts, drawn by lot, in the order drawn. */
  draw(count: number, random: Random, fits: (member: GossipMember) => boolean): GossipMember[] {
    const pool = [...this.members.values()].filter(fits);
    const drawn = Math.min(count, pool.length);
    for (let i = 0; i < drawn; i++) {
      const other = i + (random.uint32() % (pool.length - i));
      [pool[i], pool[other]] = [pool[other], pool[i]];
    }
    return pool.slice(0, drawn);
  }

  private merge(member: GossipMember, news: News, nowMs: number): Change | undefined {
    const before = member.state;
    const oldProfile = news.kind === 'alive' ? mergeProfile(member, news) : undefined;
    const isNewState = isHigher(news.incarnation, news.kind, member);
    if (!isNewState && oldProfile === undefined) return undefined;
    if (isNewState) this.setState(member, news, nowMs);
    return { member, before, oldProfile };
  }

  private setState(member: GossipMember, news: News, nowMs: number): void {
    const wasPresent = member.isPresent;
    if (member.state !== news.kind) member.changedMs = nowMs;
    member.state = news.kind;
    member.incarnation = news.incarnation;
    this.present += Number(member.isPresent) - Number(wasPresent);
  }
}

/** Returns the profile that was replaced. */
function mergeProfile(member: GossipMember, news: AliveNews): Profile | undefined {
  if (news.incarnation <= member.profileIncarnation) return undefined;
  const oldProfile = member.profile;
  member.profile = news.profile;
  member.profileIncarnation = news.incarnation;
  return oldProfile;
}

function isHigher(incarnation: number, state: Liveness, than: GossipMember): boolean {
  if (incarnation !== than.incarnation) return incarnation > than.incarnation;
  return LIVENESSES.indexOf(state) > LIVENESSES.indexOf(than.state);
}
