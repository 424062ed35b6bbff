/**
 * Members join and leave a ring that holds data: in two epochs, with a ring of two placements between them.
 *
 *     e     settled         ring.replicas = O
 *     e+1   under change    ring.replicas = O, ring.nextReplicas = N       joining members are filled (transfer/)
 *     e+2   finished        ring.replicas = N                              or aborted: O again
 *
 *  1. In e+1 a write needs its W among O and its W among N. A read needs its R among O and its R among N that have the same; members of N that are not of O
 *     are told what they lack, and say nothing that counts among O: a joining member runs no command, and nobody reads from it (rule 6 of the design).
 *  2. Whoever acts by a ring refuses what is sent for an older one (coordination/versioned-links.ts). A ring is durable before anybody acts by it.
 *  3. A source streams only after it acts by e+1. It streams all that it has logged by then, deletes too. Who takes over a range gets it from each member that it displaces; if one
 *     of these is dead, or it displaces nobody, from a majority of O (from |O| - majority + 1, if no more survive). Where replicas become fewer, each of those who stay gets what who goes has; if that
 *     one is dead, it gets it from the others of O, and counts itself as one that gives.
 *  4. e+2 is proposed when everybody who takes over has all of that durable, and of O of each slot that changes |O| - Q + 1, so one of any Q, act by e+1, and have had decided anew, by Q of O and Q of N, whatever
 *     they had accepted in consensus (consensus/). Of what was decided before, by Q of O, one of these knows. A member of O that leaves and cannot be reached is left out where such decisions are counted: a
 *     majority of the others is |O| - Q + 1, which meets any Q of O, and any other such majority. With two replicas, one of which is dead, there is no Q of O; what was decided by it, the other one knows.
 *     (If such a change is aborted, what was decided in it may be with the others alone, until that key is decided again.)
 *     Who takes over slots has forgotten what it had accepted of them when it held them before
 *     (server/ring/ring-slots.ts), and nothing is forgotten as deleted (consensus/forgetting.ts) in e+1.
 *     A member that leaves, and can be reached, has sent its clients away by then (server/ring/retirement.ts).
 *     What each of these has done stays done, for it is durable: so it counts when anybody has heard of all of it, though some of them may be lost by then, and others be started anew
 *     (transfer/change-progress.ts).
 *  5. e+1 may be aborted at any time, by anybody; it is when one that it waits for is away for `join-timeout` (server/ring/change-end.ts). Only one change is under way: e+1 is followed by its own end alone (checkSuccessor).
 *
 * Why nothing acknowledged is lost, and nothing stale is read (Q: a majority; other levels as far as they promise anything):
 *
 *   e   and e+1   Whoever acts by e reads and writes Q of O; so does who acts by e+1, beside N: they meet.
 *   e+1 and e+2   Whoever acts by e+1 reads and writes Q of N, too, as who acts by e+2 does: they meet. The same with O, if the change is aborted.
 *   e   and e+2   A straggler at e finds no Q of O any more that answers it, by 4, once there can be an e+2: it reads nothing, and no write of it is acknowledged.
 *                 What was acknowledged before by Q of O was taken at e by each of them. In a ring that is settled it is with Q of the replicas, those included that are dead, and a change leaves it so:
 *                   D leaves a slot, and somebody takes its place. It acts by e+1 before it streams, and took nothing at e after that (2): so the stream has what it took, and the one that takes D's place
 *                     has what D had. With D dead, |O| - Q + 1 members of O are streamed, and one of them is among any Q. At least as many of N have the write as had of O.
 *                   |N| = |O| + 1: who joins has it by the same, and Q(O) + 1 is Q(N) at least.
 *                   |N| = |O| - 1: if who goes had it, all who stay have it; if not, Q(O) of them. With that one dead, all who stay have it.
 *                 So it is after any number of changes, with neither hints nor repair in between (spec/cluster/topology/change-sequences.spec.ts), and as many disks may be lost, one after the other, as
 *                 changes come to their end in between. An abort takes nothing from O. Only `ringkv ring recover` starts from less.
 *   two reads     The first one, by e+1, had Q of O and Q of N with the same before it answered. So the next one finds it, by whatever ring.
 *   crashes       Of a source: what it has acted on is durable, and so is what it has logged as far as its appendfsync promises; it streams again from what its receiver has durable. Of
 *                 a receiver: it goes on from what it has noted as durable, for this epoch; what it merges twice does no harm. Of a voter: Paxos. Whoever drives the change keeps nothing: all
 *                 is in the ring, and anybody may go on.
 *   lost disks    A node that lost its disk draws a new id, and is no member: nobody counts what the one before had.
 *   hints         are kept for all of O and N, and count for nothing above. One for a member that is gone goes to those who hold its keys (replication/hints.ts). A member hands on what it is told
 *                 so of slots that it gives away, or has given away (server/ring/inherited-hints.ts): somebody may have been told that the hint is all there is (level ANY, sloppy-quorum).
 */

import type { Member, MemberId } from '../ring/member.js';
import type { RingDocument } from '../ring/ring-document.js';
import { areSameMembers, mayFollowByAbsence, present } from './absence.js';
import type { Candidate } from './new-ring.js';
import { joiningMember } from './new-ring.js';
import { chooseVoters } from './voters.js';

/** Whether members join, leave or return (absence.ts). */
export function isChanging({ members }: RingDocument): boolean {
  return members.some(({ state, absence }) => state !== 'up' || absence === 'returning');
}

/** Why no other change can begin now, by a ring that is being changed, or that comes to be. */
export function whyNotChange(ring: RingDocument): string {
  return isChanging(ring)
    ? `the ring is being changed, ${changeInWords(ring)}: try again when that is done`
    : 'the ring is being changed: try again';
}

/** Why a change was not decided that another one came before: by the ring that this has led to. */
export function whyOvertaken(ring: RingDocument): string {
  return isChanging(ring) ? whyNotChange(ring) : 'the ring has changed meanwhile: try again';
}

/** Who joins, who leaves and who returns, in words. */
export function changeInWords({ members }: RingDocument): string {
  const those = (are: (member: Member) => boolean, verb: string): string[] =>
    members.filter(are).map(({ id }) => `${id} ${verb}`);
  return [
    ...those(({ state }) => state === 'joining', 'joins'),
    ...those(({ state }) => state === 'leaving', 'leaves'),
    ...those(({ absence }) => absence === 'returning', 'returns'),
  ].join(', ');
}

/**
 * The next epoch, in which a candidate joins; in the place of the member `replaces`, and with its tokens, if that is not undefined. `tokens`: those that were chosen for it, if it
 * takes nobody's place (ring/tokens.ts). REQUIRES: nothing speaks against it (`isChanging`, `whyNotJoin`).
 */
export function withJoining(
  ring: RingDocument,
  candidate: Candidate,
  replaces: MemberId | undefined,
  tokens?: readonly number[],
): RingDocument {
  const replaced = ring.members.find(({ id }) => id === replaces);
  const members = ring.members.map((member) => (member === replaced ? withState(member, 'leaving') : member));
  const joining = joiningMember(ring, candidate, replaced?.tokens ?? tokens);
  return { ...next(ring, [...members, joining]), nextOrdinal: ring.nextOrdinal + 1 };
}

/** The next epoch, in which a member leaves. REQUIRES: as above. */
export function withLeaving(ring: RingDocument, id: MemberId): RingDocument {
  return next(
    ring,
    ring.members.map((member) => (member.id === id ? withState(member, 'leaving') : member)),
  );
}

/** The epoch after a change: who was joining is up, who was leaving is gone, who was returning is back. */
export function finished(ring: RingDocument): RingDocument {
  const staying = ring.members.filter(({ state }) => state !== 'leaving');
  const back = (member: Member): Member => (member.absence === 'returning' ? present(member) : member);
  return next(
    ring,
    staying.map((member) => withState(back(member), 'up')),
  );
}

/** The epoch after a change that has come to nothing: who was joining is gone, who was leaving stays, who was returning is away. */
export function aborted(ring: RingDocument): RingDocument {
  const staying = ring.members.filter(({ state }) => state !== 'joining');
  const away = (member: Member): Member => (member.absence === 'returning' ? { ...member, absence: 'away' } : member);
  return next(
    ring,
    staying.map((member) => withState(away(member), 'up')),
  );
}

/** Why no change can begin that takes this member out of the ring; undefined if one can. */
export function whyNotLeave(ring: RingDocument, id: MemberId): string | undefined {
  if (!ring.members.some((member) => member.id === id)) return `${id} is no member of the ring`;
  if (isChanging(ring)) return whyNotChange(ring);
  return ring.members.length === 1 ? 'it is the only member' : undefined;
}

/** Whether a ring of the next epoch may follow `ring`: who holds what changes only as above; or members are added that are up, while there is no data (addition.ts); or as absence.ts says. */
export function mayFollow(ring: RingDocument, following: RingDocument): boolean {
  if (isChanging(ring)) {
    return [finished(ring), aborted(ring)].some(({ members }) => areSameMembers(members, following.members));
  }
  if (mayFollowByAbsence(ring, following)) return true;
  const staying = following.members.slice(0, ring.members.length);
  const added = following.members.slice(ring.members.length);
  const before = staying.map((member) => (member.state === 'leaving' ? withState(member, 'up') : member));
  return (
    areSameMembers(ring.members, before) &&
    added.every(({ state, absence }) => state !== 'leaving' && absence === undefined)
  );
}

function next(ring: RingDocument, members: readonly Member[]): RingDocument {
  return { ...ring, epoch: ring.epoch + 1, members, voters: chooseVoters(members, ring.voters) };
}

function withState(member: Member, state: Member['state']): Member {
  return { ...member, state };
}
