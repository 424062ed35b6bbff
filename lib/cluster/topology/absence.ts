/**
 * Members that are away for too long (`away-max`): the others go on without them, so that deletes may go (repair/closer.ts), and they are rebuilt when they are back.
 *
 *     e     up           T: a member X is away for away-max
 *     e+1   away         the others settle slots, and forget decisions, without X
 *     f     returning    X has nothing: it is filled by the others that hold its slots, as if it took the place of a dead member; nothing is settled
 *     f+1   up           or away again, if that comes to nothing
 *
 *  1. X is left out by an epoch, decided as every ring is: durable at a majority of the voters before anybody acts by it, and at everybody who acts by it. So it survives whoever is started anew. It stays
 *     among the replicas of its slots: majorities are those that they were.
 *  2. A member may be left out if of each slot a majority of the replicas is not (`whyNotLeaveOut`; each voter looks at that). So whatever was acknowledged by a majority is known to one that is there. Slots of which that is not
 *     so any more, because others have left the ring since, are not settled (Ring.presentReplicas).
 *  3. Whoever acts by e+1 refuses what X says by an older ring; and of what it says by e+1 and f, takes no more than what rebuilds it (server/ring/absent-members.ts). X acts by e+1 before it hears anything else of
 *     the others; then it serves nobody, promises and accepts nothing, and drops the hints that it keeps.
 *  4. All who are not left out take part in settling: by messages of e+1, so they act by it. Hints for X are dropped by who takes e+1, and none is kept until f.
 *  5. Before f, X has sent the others what it has, of each slot one of them at least, and they have taken what is stamped above all that is closed at them (`SettledFilter.filterOffered`): that is not settled, and may be with X alone.
 *  6. From f on it is a change of the ring as any (ring-change.ts), in which X gives up its slots first, what it had promised and accepted too (server/ring/ring-slots.ts), and takes them over from a majority of
 *     the others (movesUnderWay), with their bounds. The ring changes, so nothing is settled or forgotten in f, and what was begun before comes to nothing. f+1 is proposed when X has everything, and of the n replicas of each
 *     of its slots n - Q + 1, not counting X, act by f and have had decided anew whatever they had accepted. f is aborted as other changes are: then X is away as before.
 *     A start anew of X in f, or of who fills it, interrupts nothing: X goes on from what it has noted (transfer/fill-notes.ts). After an abort it begins from nothing, and must: by f+1 the others settle slots without X
 *     again, and forget what was deleted. What X was given in f of a slot that is settled further since may have been deleted, and nobody would tell it.
 *
 * Why nothing that was deleted comes back:
 *
 *   data of X      is given up before X is heard again. What it offers (5) is above what is closed at who takes it; dead is never above closed. Who has not closed as far as another one merges more, before both are
 *                  compared: then it is known, or it is a difference, and the slot is settled later. An element of a list is as old as its creation, though it was changed later.
 *   messages of X  that were sent by rings before e+1 are refused by then; those by e+1 and f are not taken (3). When f+1 is decided nothing is left that it might send again: it proposes f when all that it has sent
 *                  was taken or given up, and it keeps no hints.
 *   hints for X    are of f or later: what was stamped up to a bound was given up before that was closed, for CLOSE is answered when nothing is under way to anybody, X included.
 *   bounds         X takes over both with the data, in f, when none rises any more.
 *
 * Why nothing is lost that was acknowledged by a majority Q: X does not count as one that has it, from when it gives up its slots until it was filled. A write that X and Q - 1 others have acknowledged is with one of
 * any n - Q + 1 of the n - 1 others, and a majority of n - 1 is that many. So X has it again, and Q have it. What others have acknowledged since stays with them. In consensus the same is true of what was accepted
 * by Q, X among them: one of those n - Q + 1 knows it, and has had it decided anew by Q without X, which says nothing until then (6). What was deleted and forgotten without X (consensus/forgetting.ts) X has no state of, as nobody has who takes slots over.
 *
 * Why fewer than n - Q + 1 of the others are not enough, one of three replicas for instance, though X has told it before (5) what X has:
 *
 *   data           A write that X and another one, D, have acknowledged, and that is stamped up to where E has closed the slot, E does not take of X: D may have settled that with E, and it be deleted. If it was not,
 *                  D has it, and E need not: closed is not compared. So it takes D to know; and the same is true of a change of an old element of a list, whenever it was made.
 *   consensus      X gives up what it has accepted, for others may have forgotten the key meanwhile. What was decided by X and D is then with D alone, and Q without X are all others.
 *
 * What is lost: a hint that X kept for others, of a write that was acknowledged at ANY, or by sloppy-quorum, and that nobody else knows of; and what X alone has of a slot, up to where that was settled without it.
 * Reads at ONE, by X while it reaches nobody, may show what was deleted, as those of any member that is cut off.
 */

import type { Absence, Member, MemberId } from '../ring/member.js';
import { Ring } from '../ring/ring.js';
import type { RingDocument } from '../ring/ring-document.js';

/** The next epoch, in which a member is left out. REQUIRES: nothing speaks against it (`whyNotLeaveOut`). */
export function withAway(ring: RingDocument, id: MemberId): RingDocument {
  return withAbsence(ring, id, 'away');
}

/** The next epoch, in which a member is rebuilt. REQUIRES: it is away, and the ring is not changing. */
export function withReturning(ring: RingDocument, id: MemberId): RingDocument {
  return withAbsence(ring, id, 'returning');
}

/** The member as it is when the others have heard of it again. */
export function present(member: Member): Member {
  const { id, ordinal, zone, tokens, state, address } = member;
  return { id, ordinal, zone, tokens, state, address };
}

/** Whether a ring follows by leaving out a member of `ring`, or by its return. REQUIRES: `ring` is not changing. */
export function mayFollowByAbsence(ring: RingDocument, following: RingDocument): boolean {
  const { members } = ring;
  if (following.members.length !== members.length) return false;
  const index = members.findIndex(({ absence }, i) => absence !== following.members[i].absence);
  if (index < 0) return false;
  const { id, absence } = members[index];
  const next = absence === 'away' ? withReturning(ring, id) : withAway(ring, id);
  if (absence === undefined && whyNotLeaveOut(ring, id) !== undefined) return false;
  return areSameMembers(next.members, following.members);
}

/** Why the others cannot go on without a member; undefined if they can. REQUIRES: the ring is not changing. */
export function whyNotLeaveOut(ring: RingDocument, id: MemberId): string | undefined {
  const member = ring.members.find((one) => one.id === id);
  if (member === undefined) return `${id} is no member of the ring`;
  if (member.absence !== undefined) return 'it is left out already';
  const { groups, members } = new Ring(withAway(ring, id));
  const isThere = (index: number): boolean => members[index].absence === undefined;
  const areEnough = groups.every(({ current }) => current.filter(isThere).length * 2 > current.length);
  return areEnough ? undefined : 'of some slots, no majority of the replicas would be left';
}

/** What has become of members from one ring to a later one, in words. */
export function absencesInWords(before: RingDocument, after: RingDocument): string[] {
  return after.members.flatMap(({ id, absence }) => {
    const was = before.members.find((member) => member.id === id)?.absence;
    if (absence === was) return [];
    if (absence === 'returning') return [`Node ${id} is back, and is being rebuilt by the others`];
    if (absence === undefined) return [`Node ${id} is rebuilt, and a replica again`];
    return was === undefined
      ? [`Node ${id} was away for longer than away-max: the others go on without it, and it is rebuilt when it is back`]
      : [`Node ${id} is away again: it could not be rebuilt`];
  });
}

/** Whether these are the same members, in the same state; their addresses count for nothing. */
export function areSameMembers(some: readonly Member[], others: readonly Member[]): boolean {
  const textOf = ({ id, ordinal, zone, tokens, state, absence }: Member): string =>
    JSON.stringify([id, ordinal, zone, tokens, state, absence]);
  return some.length === others.length && some.every((member, index) => textOf(member) === textOf(others[index]));
}

function withAbsence(ring: RingDocument, id: MemberId, absence: Absence): RingDocument {
  const members = ring.members.map((member) => (member.id === id ? { ...present(member), absence } : member));
  return { ...ring, epoch: ring.epoch + 1, members };
}
