/**
 * What this member makes of news: the list, suspicions and their end, refutation of what is said of itself, and what it tells on.
 *
 * 1. What is news here is told on, by piggyback (broadcasts.ts); the first few confirmations of a suspicion, too.
 * 2. Of itself it never believes that it is suspect, dead or gone: it says that it is alive in a higher incarnation.
 * 3. What others hold against a member is believed when it comes as news. Out of an exchange it is passed on to the accused instead,
 *    who will refute it: so the sides of a partition that has healed do not suspect each other on hearsay.
 */

import type { MemberId } from '../ring/member.js';
import { compareRingVersions, type RingVersion } from '../ring/ring-version.js';
import type { Awareness } from './awareness.js';
import { Broadcasts } from './broadcasts.js';
import type { Change, GossipMember, MemberList } from './member-list.js';
import {
  isSameProfile,
  type Accusation,
  type AliveNews,
  type Liveness,
  type MemberRecord,
  type News,
  type Profile,
} from './member.js';
import { encodeMessage } from './message-codec.js';
import type { GossipParameters } from './parameters.js';
import { Suspicion } from './suspicion.js';

/** What others want to know. The members handed over are to be read only. Nothing is said of this member itself. */
export interface GossipEvents {
  /** It is there: newly, or again. */
  onAlive(member: GossipMember): void;
  /** It did not answer somebody: to be avoided until it is alive again. */
  onSuspect(member: GossipMember): void;
  onDead(member: GossipMember): void;
  onLeft(member: GossipMember): void;
  /** A member that was known already says something else of itself: its address, its load. */
  onUpdate(member: GossipMember, before: Profile): void;
  /** This member knows a ring that is newer than any heard of before, here or elsewhere. */
  onRingNews(ring: RingVersion, member: GossipMember): void;
}

/** `refuted`: it was said of this member, and is refuted now. `stale`: it was said of this member, and has been refuted before. */
export type Reaction = 'heard' | 'refuted' | 'stale';

export class Membership {
  readonly broadcasts = new Broadcasts();
  /** How often something said of this member was refuted. */
  refutationCount = 0;
  private readonly self: GossipMember;
  private readonly list: MemberList;
  private readonly parameters: GossipParameters;
  private readonly awareness: Awareness;
  private readonly events: GossipEvents;
  private readonly suspicions = new Map<MemberId, Suspicion>();
  private newestRing: RingVersion;

  /** `self`: alive, and in the list. */
  constructor(
    self: GossipMember,
    list: MemberList,
    parameters: GossipParameters,
    awareness: Awareness,
    events: GossipEvents,
  ) {
    this.self = self;
    this.list = list;
    this.parameters = parameters;
    this.awareness = awareness;
    this.events = events;
    this.newestRing = self.profile.ring;
    this.tell(this.selfNews());
  }

  /** What this member says of itself. */
  selfNews(): AliveNews {
    const { id, incarnation, profile } = this.self;
    return { kind: 'alive', id, incarnation, profile };
  }

  /** What is held against a member, to be told to it; undefined if nothing is. */
  accusationOf(id: MemberId): Accusation | undefined {
    const member = this.list.get(id);
    if (member?.state !== 'suspect' && member?.state !== 'dead') return undefined;
    return { kind: member.state, id, incarnation: member.incarnation, from: this.self.id };
  }

  /** News has come from somebody. */
  hear(news: News, nowMs: number): Reaction {
    if (news.id === this.self.id) return this.hearOfSelf(news, nowMs);
    const change = this.list.apply(news, nowMs);
    if (change !== undefined) this.act(change, news, nowMs);
    else if (news.kind === 'suspect') this.confirm(news, news.from);
    return 'heard';
  }

  /** This member has found that another does not answer. */
  accuse(member: GossipMember, nowMs: number): void {
    this.hear({ kind: 'suspect', id: member.id, incarnation: member.incarnation, from: this.self.id }, nowMs);
  }

  /** This member says something else of itself from now on. */
  update(profile: Profile, nowMs: number): void {
    if (compareRingVersions(profile.ring, this.newestRing) > 0) this.newestRing = profile.ring;
    this.raise(this.self.incarnation + 1, profile, nowMs);
  }

  /** This member goes, and says so. */
  leave(nowMs: number): void {
    const { id, incarnation } = this.self;
    const news: News = { kind: 'left', id, incarnation };
    this.list.apply(news, nowMs);
    this.tell(news);
  }

  /** Suspicions that nobody has refuted end. */
  tick(nowMs: number): void {
    for (const [id, suspicion] of this.suspicions) {
      if (!suspicion.isOver(this.parameters, this.list.presentCount, this.awareness.score, nowMs)) continue;
      this.hear({ kind: 'dead', id, incarnation: suspicion.incarnation, from: this.self.id }, nowMs);
    }
  }

  /**
   * Merges what another knows, which comes first in it. Returns what it says of others and is not believed: to be sent to those whom it
   * is about; and whether something about this member had to be refuted.
   */
  merge(records: readonly MemberRecord[], nowMs: number): { accusations: Accusation[]; isRefuted: boolean } {
    const from = records[0].id;
    const isFirst = this.list.size === 1;
    const accusations: Accusation[] = [];
    let isRefuted = false;
    for (const record of records) {
      if (record.id === this.self.id) {
        for (const news of newsOf(record, from)) isRefuted = this.hearOfSelf(news, nowMs) === 'refuted' || isRefuted;
      } else if (this.list.get(record.id) === undefined) {
        this.addRecord(record, from, nowMs, isFirst);
      } else {
        accusations.push(...this.mergeRecord(record, from, nowMs));
      }
    }
    return { accusations, isRefuted };
  }

  /** The suspicion of a member goes, and what is told of it, with the member itself. */
  forget(id: MemberId): void {
    this.list.forget(id);
    this.suspicions.delete(id);
    this.broadcasts.drop(id);
  }

  private hearOfSelf(news: News, nowMs: number): Reaction {
    const { self } = this;
    if (self.state === 'left' || news.incarnation > Number.MAX_SAFE_INTEGER - 1) return 'heard';
    if (news.kind === 'alive') {
      const isMine = news.incarnation === self.incarnation && isSameProfile(news.profile, self.profile);
      if (isMine || news.incarnation < self.incarnation) return 'heard';
    } else {
      if (news.incarnation < self.incarnation) return 'stale';
      this.awareness.apply(1);
    }
    this.refutationCount++;
    this.raise(news.incarnation + 1, self.profile, nowMs);
    return 'refuted';
  }

  private raise(incarnation: number, profile: Profile, nowMs: number): void {
    this.list.apply({ kind: 'alive', id: this.self.id, incarnation, profile }, nowMs);
    this.tell(this.selfNews());
  }

  private addRecord(record: MemberRecord, from: MemberId, nowMs: number, isFirst: boolean): void {
    if (record.ageMs >= this.parameters.forgetAfterMs && record.state !== 'alive') return;
    const change = this.list.add(record, nowMs);
    // Who has just come need not tell everybody what everybody knows.
    if (!isFirst) for (const news of newsOf(record, from)) this.tell(news);
    if (record.state === 'suspect') this.suspect(record.id, from, record.incarnation, nowMs);
    this.announce(change);
  }

  private mergeRecord(record: MemberRecord, from: MemberId, nowMs: number): Accusation[] {
    const accusations: Accusation[] = [];
    for (const news of newsOf(record, from)) {
      const member = this.list.get(record.id);
      if (news.kind === 'alive' || news.kind === 'left') this.hear(news, nowMs);
      else if (member?.isPresent === true && news.incarnation >= member.incarnation) {
        this.confirm(news, from);
        accusations.push(news);
      }
    }
    return accusations;
  }

  private confirm(news: Accusation, from: MemberId): void {
    const suspicion = this.suspicions.get(news.id);
    if (suspicion?.incarnation !== news.incarnation) return;
    if (suspicion.confirm(from, this.parameters.confirmationsMax)) this.tell(news);
  }

  /** The list has changed by this news. */
  private act(change: Change, news: News, nowMs: number): void {
    this.tell(news);
    const { id, state, incarnation } = change.member;
    if (state !== 'suspect') this.suspicions.delete(id);
    else if (news.kind === 'suspect') this.suspect(id, news.from, incarnation, nowMs);
    this.announce(change);
  }

  private suspect(id: MemberId, from: MemberId, incarnation: number, nowMs: number): void {
    this.suspicions.set(id, new Suspicion(from, incarnation, nowMs));
  }

  private announce({ member, before, oldProfile }: Change): void {
    if (oldProfile !== undefined && !isSameProfile(oldProfile, member.profile))
      this.events.onUpdate(member, oldProfile);
    if (member.state !== before) this.announceState(member, member.state);
    if (compareRingVersions(member.profile.ring, this.newestRing) <= 0) return;
    this.newestRing = member.profile.ring;
    this.events.onRingNews(this.newestRing, member);
  }

  private announceState(member: GossipMember, state: Liveness): void {
    if (state === 'alive') this.events.onAlive(member);
    else if (state === 'suspect') this.events.onSuspect(member);
    else if (state === 'dead') this.events.onDead(member);
    else this.events.onLeft(member);
  }

  private tell(news: News): void {
    this.broadcasts.add(news.id, encodeMessage(news));
  }
}

/** What a record says, as news: what its member said of itself, and what `from` holds of it. */
function newsOf(record: MemberRecord, from: MemberId): News[] {
  const { id, incarnation, profile, profileIncarnation, state: kind } = record;
  const alive: News = { kind: 'alive', id, incarnation: profileIncarnation, profile };
  if (kind === 'alive') return [alive];
  return [alive, kind === 'left' ? { kind, id, incarnation } : { kind, id, incarnation, from }];
}
