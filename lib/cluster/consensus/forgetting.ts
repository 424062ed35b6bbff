/**
 * Keys that consensus has decided about, and that are deleted, are forgotten: they are in era 0 again. One of their acceptors has it done (repair/key-forgetter.ts), when the ring is not changing:
 *
 *     REVOKE, to all N acceptors ─▶ each: "nothing but the delete, of ballot b; nothing promised above F" ─▶ FORGET, to all
 *                                   refuses ballots up to F in the slot from then on, durably                 each drops its state
 *
 * b: the ballot by which the delete was accepted, which is decided. F, the floor: not below what any of them has promised of the key, nor below b. D: the delete, a tombstone stamped t.
 *
 *  1. REVOKE is answered with yes if of this key, nothing was accepted, or D by b; nothing above F was promised; the data has nothing of it but what is dead by t; and t is settled in the slot
 *     (repair/slot-bounds.ts). The answer waits until the floor, and the data, are durable. FORGET comes when all N have said yes in one ring: then a state is dropped that still has no more
 *     than D by b, and has promised nothing above F. Who has a state above that keeps it.
 *  2. No ballot up to F is accepted by anybody of this key any more: what had been promised is revoked by all N. That is how a proposer that had been promised its next round in advance finds out:
 *     it is refused, and asks first.
 *  3. After FORGET, acceptors that have heard it take plain writes of the key; those that have not still hold D, and refuse them. A plain write is acknowledged by a majority of those who have
 *     forgotten. A round of a ballot above F that comes later is promised by a majority, one of which has forgotten, and has the write, or has promised a round above F that came before: from then on it
 *     takes no plain write, and what was accepted in that round stands above b. So a round that finds D by b, or nothing, merges into D what those have plainly who have accepted nothing and have a
 *     floor not below b (proposer.ts): plain writes since are stamped above t, for what comes up to there is dropped, being settled. What such an acceptor has from before D is below t, and D hides it.
 *     Who has nothing at all has just D: that is the same as nothing.
 *  4. An acceptor that misses FORGET keeps D. It drops it when somebody asks all N again: then it is the only one with a state, and has it done itself, or has the key decided once more if others have
 *     written it plainly by then.
 *  5. A change whose proposal was accepted by a ballot that is forgotten is not known to have happened: whoever finds nothing accepted hears of the floor, and says that the outcome is unknown
 *     (Proposal.standing). It does not run again. Nor does a plain put again that replicas have refused, and that is settled (server/ring/refused-puts.ts).
 *  6. Floors do not travel. In a change of the ring each key with a state is decided once more by a majority of the old and of the new replicas (rule 4 of topology/ring-change.ts), and messages of
 *     rings before are refused. What is left are states of an acceptor that held the slot once, lost it, and gains it again: it may have a value by a low ballot whose delete is forgotten. It
 *     drops all that it has of slots that are not its own, and of slots that it gains, before it promises anything in the ring that gives them to it (server/ring/ring-slots.ts), durably, once for each
 *     such ring. There, it is a new acceptor. So it need not have had the floor: what is decided by ballots below that one, by new acceptors alone, is above all that any of them has.
 *     So it is with a member that was away for too long (topology/absence.ts): it is none of the N meanwhile, of which a majority is left, and has nothing when it is back.
 *  7. A power failure: floors are in the same file as states, and before them, so who has forgotten a state has its floor. Files that are written again say when they are whole (acceptor-log.ts, 3): a
 *     state that was forgotten does not come back out of a file that a crash has left.
 */

import type { MemberId } from '../ring/member.js';
import type { Ballot } from './ballot.js';
import { compareBallots, maxBallot } from './ballot.js';

/** A key of which this node knows that it is deleted. */
export interface DeletedKey {
  readonly key: Buffer;
  /** The ballot by which that was accepted. */
  readonly accepted: Ballot;
  /** Not below any of what is known of the key. */
  readonly stamp: number;
}

/** What an acceptor has of a key that is to be forgotten: something else, or nothing but the delete; or a plain write, and it has accepted nothing. The numbers stand on the wire. */
export const Holding = { OTHER: 0, DELETE: 1, PLAIN: 2 } as const;
export type Holding = (typeof Holding)[keyof typeof Holding];

export interface Vote {
  readonly holding: Holding;
  /** The highest ballot that it has promised. */
  readonly promised: Ballot;
}

/** Whether all acceptors of a key agree that it may be forgotten. */
export class Forgetting {
  readonly deleted: DeletedKey;
  readonly acceptors: readonly MemberId[];
  /** Ballots up to it are to be refused. */
  floor: Ballot;
  private votes = new Map<MemberId, Vote>();

  constructor(deleted: DeletedKey, acceptors: readonly MemberId[], promised: Ballot) {
    this.deleted = deleted;
    this.acceptors = acceptors;
    this.floor = maxBallot(promised, deleted.accepted);
  }

  voted(member: MemberId, vote: Vote): void {
    this.votes.set(member, vote);
  }

  /** Whether all have nothing but the delete, and have promised nothing above the floor, when they were asked. */
  get isAgreed(): boolean {
    return this.all(({ holding, promised }) => holding === Holding.DELETE && compareBallots(promised, this.floor) <= 0);
  }

  /** Whether it was only too low: then it is raised, and all may be asked again. */
  raise(): boolean {
    if (this.isAgreed || !this.all(({ holding }) => holding === Holding.DELETE)) return false;
    for (const { promised } of this.votes.values()) this.floor = maxBallot(this.floor, promised);
    this.votes = new Map();
    return true;
  }

  /** Whether somebody has forgotten it already, and taken plain writes since. */
  get isWritten(): boolean {
    return [...this.votes.values()].some(({ holding }) => holding === Holding.PLAIN);
  }

  private all(holds: (vote: Vote) => boolean): boolean {
    return this.acceptors.every((member) => {
      const vote = this.votes.get(member);
      return vote !== undefined && holds(vote);
    });
  }
}
