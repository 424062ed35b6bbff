/**
 * From whom a member must have heard what its damaged tables held, before these go.
 *
 * Of the n replicas of a slot, a majority Q has what was acknowledged, and this node does not count as one that has what was in its damaged tables. So Q - 1 of the n - 1 others have it, and:
 *
 *   n - Q + 1 others tell      One of them has it: any so many of n - 1 meet any Q - 1. Who returns (topology/absence.ts) counts as one that has told: the others were told what it had.
 *   a of them are away         for longer than `away-max`, by the ring. With three replicas, the two others are n - Q + 1, so one that is away for good would be waited for for ever. Then n - Q + 1 - a
 *                              of those who are there are enough, if with one that tells this node has compared everything since the a were left out:
 *     what this node had when it was compared     is with that one. What those who are away have acknowledged is among it, if this node has acknowledged it too: they were left out before, and whoever is left out
 *                                                 acknowledges nothing (an acknowledgement of one that comes later belongs to a write that was given up since: it was under way for longer than `away-max`).
 *     what it was given later                     was acknowledged without those who are away, so by Q - 1 of the n - 1 - a others who are there: any n - Q + 1 - a of these have one of them.
 *   they are away, and leave   An operator has RING REMOVE, or a node in their place: what they alone have is lost, as whoever does that has been told. n - Q + 1 - a are enough. Without that they would be waited for by this
 *                              node, and this node by who takes over their slots.
 *
 * Each of these must be able to read what it has. What this node alone had acknowledged (level ONE) is lost with the table. What was in it and only those who are away have besides, and no
 * majority, comes back with them, if it was not settled without them.
 *
 *     <dir>/cluster/compared        a checked file (topology/checked-file.ts), whose line is JSON: the ring, and with whom everything was compared since who was left out
 *
 * What is noted is for one ring, and is noted anew for the next one that this node acts by, but for who is back. It counts after a start only if no other ring was acted by since; and without it, or if it
 * cannot be written, who is away is waited for.
 */

import { join } from 'node:path';

import { CorruptionError, DiskError } from '../../base/errors.js';
import { ShapeError, integer, list, object } from '../../base/json-shape.js';
import type { Disk } from '../../host/ports.js';
import { majorityOf } from '../coordination/consistency.js';
import type { MemberId } from '../ring/member.js';
import { checkMemberId } from '../ring/member.js';
import type { Ring, SlotGroup } from '../ring/ring.js';
import type { RingVersion } from '../ring/ring-version.js';
import { compareRingVersions } from '../ring/ring-version.js';
import { readCheckedFile, writeCheckedFile } from '../topology/checked-file.js';

/** Everything was compared with `member` since all of `without` were left out. */
interface Comparison {
  readonly member: MemberId;
  readonly without: readonly MemberId[];
}

interface Notes extends RingVersion {
  readonly comparisons: readonly Comparison[];
}

const TITLE = 'compared';
const whole = integer(0, Number.MAX_SAFE_INTEGER);
const checkNotes = object<Notes>({
  generation: whole,
  epoch: whole,
  comparisons: list(object<Comparison>({ member: checkMemberId, without: list(checkMemberId) })),
});

export class RestoreSources {
  private readonly disk: Disk;
  private readonly path: string;
  private readonly self: MemberId;
  private comparisons: readonly Comparison[];

  /** `ring`: the one that this node acts by when it is started. */
  constructor(disk: Disk, directory: string, self: MemberId, { document }: Ring) {
    this.disk = disk;
    this.path = join(directory, 'cluster', TITLE);
    this.self = self;
    this.comparisons = this.read(document);
  }

  /** This node acts by another ring: whoever is away no more may acknowledge something. REQUIRES: called of every ring, before anything is taken by it. */
  useRing(ring: Ring): void {
    if (this.comparisons.length === 0) return;
    const { absent } = ring;
    this.comparisons = this.comparisons.flatMap(({ member, without }) => {
      const away = without.filter((id) => absent.has(id));
      return away.length === 0 ? [] : [{ member, without: away }];
    });
    this.write(ring);
  }

  /** Whether it is worth to compare everything with a member, whoever would do so otherwise. */
  isNews({ absent }: Ring, member: MemberId): boolean {
    return [...absent].some((id) => !this.wasComparedWithout(member, id));
  }

  /** All that this node had when it began to act by this ring, and what it was given for some time after that, was compared with a member. REQUIRES: it acts by that ring still. */
  note(ring: Ring, member: MemberId): void {
    if (!this.isNews(ring, member)) return;
    const others = this.comparisons.filter((one) => one.member !== member);
    this.comparisons = [...others, { member, without: [...ring.absent] }];
    this.write(ring);
  }

  /**
   * Who is missing, if those for whom `tells` is true have been told, or can tell, too little of what this node had of some slots. Undefined: they are enough.
   */
  missing(ring: Ring, slots: Iterable<number>, tells: (member: MemberId) => boolean): Set<MemberId> | undefined {
    const groups = new Set<SlotGroup>();
    for (const slot of slots) groups.add(ring.groups[ring.groupOf(slot)]);
    let missing: Set<MemberId> | undefined;
    for (const group of groups) {
      const lacking = this.missingOf(ring, group, tells);
      if (lacking === undefined) continue;
      missing ??= new Set();
      for (const id of lacking) missing.add(id);
    }
    return missing;
  }

  private missingOf(ring: Ring, { current }: SlotGroup, tells: (member: MemberId) => boolean): MemberId[] | undefined {
    const others = Array.from(current, (index) => ring.members[index]).filter(({ id }) => id !== this.self);
    const there = others.filter(({ id, absence }) => absence === 'returning' || tells(id));
    const enough = current.length - majorityOf(current.length) + 1;
    if (there.length >= enough) return undefined;
    const away = others.filter(({ absence }) => absence === 'away');
    const isKnown =
      away.every(({ state }) => state === 'leaving') ||
      there.some(({ id }) => away.every((one) => this.wasComparedWithout(id, one.id)));
    if (away.length > 0 && isKnown && there.length >= Math.max(1, enough - away.length)) return undefined;
    return others.filter((member) => !there.includes(member)).map(({ id }) => id);
  }

  private wasComparedWithout(member: MemberId, away: MemberId): boolean {
    return this.comparisons.some((one) => one.member === member && one.without.includes(away));
  }

  private read(version: RingVersion): readonly Comparison[] {
    try {
      const line = readCheckedFile(this.disk, this.path, TITLE, 'it is made anew');
      const notes = line === undefined ? undefined : checkNotes(JSON.parse(line), TITLE);
      return notes !== undefined && compareRingVersions(notes, version) === 0 ? notes.comparisons : [];
    } catch (error) {
      const isExpected = [CorruptionError, DiskError, ShapeError, SyntaxError].some((kind) => error instanceof kind);
      if (!isExpected) throw error;
      return [];
    }
  }

  private write({ document: { generation, epoch } }: Ring): void {
    const notes: Notes = { generation, epoch, comparisons: this.comparisons };
    try {
      writeCheckedFile(this.disk, this.path, TITLE, JSON.stringify(notes));
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
    }
  }
}
