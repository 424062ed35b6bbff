/**
 * The proposer of CASPaxos for one key: it learns what is accepted, has changes run on it, and has the outcome accepted.
 *
 *     idle ─▶ PREPARE ─▶ a majority has promised ─▶ the changes run ─▶ ACCEPT ─▶ a majority has accepted ─▶ decided
 *      ▲         └────────── refused, or too late: later, by a higher ballot ◀──────┘                            │
 *      └─────────────── with ACCEPT the next ballot was promised: the next round begins with ACCEPT ◀────────────┘
 *
 *  1. What is proposed by a ballot is built on what a majority had accepted when it promised that ballot: the entry of the highest ballot among them; if there is
 *     none, the merge of what plain writes have made of the key at each of them. If that entry says that the key is deleted, somebody may have forgotten it already, and taken plain writes
 *     since (forgetting.ts): what those have made of the key who have accepted nothing, though their floor is not below that ballot, is merged into it.
 *  2. One entry is proposed by a ballot (see acceptor.ts). ACCEPT may be sent again, PREPARE may not: that takes a new ballot.
 *  3. Every change ends with a round of ACCEPT, those included that change nothing and those that only look: what they have seen is decided then.
 *  4. Nothing of a change is told before it is decided. If that is not known in time, the outcome is unknown.
 *  5. All that waits for a key goes into one round, in the order in which it came.
 *  6. If the clients of one acceptor alone use the key, it is left to that one, with what is decided: it proposes about it itself from then on, until somebody else does.
 */

import { slotOf } from '../../base/position.js';
import type { Random } from '../../host/ports.js';
import type { MemberId } from '../ring/member.js';
import type { Ballot } from './ballot.js';
import { NO_BALLOT, ballotAbove, compareBallots, maxBallot } from './ballot.js';
import { EMPTY_BYTES } from './entry-bytes.js';
import type { Accept, AcceptAnswer, Decided, Prepare, PrepareAnswer } from './messages.js';
import type { Change } from './proposal.js';
import { Proposal } from './proposal.js';
import type { MemberSets } from './quorum.js';
import { isMajority, membersOf } from './quorum.js';
import { SoleUser } from './sole-user.js';

/** A round that is not answered begins anew, or is sent again, after this. */
const RETRY_MS = 300;
/** Who was refused waits for so long at most, twice as long each time. */
const BACK_OFF_MS = 20;
const BACK_OFF_MS_MAX = 320;

/** What a proposer needs of the outside. */
export interface ProposerPort {
  /** This node's ordinal. */
  readonly ordinal: number;
  readonly random: Random;
  /** Whether a key may be left to another member. */
  readonly leavesKeys: boolean;
  nowMs(): number;
  /** A number for a round that no other has had; that of the proposer's round before means nothing any more. */
  nextId(proposer: KeyProposer, before: number): number;
  /** The acceptors of the keys of a slot. */
  acceptorsOf(slot: number): MemberSets;
  /** What this node's own acceptor has promised about a key, and up to where it refuses all ballots in a slot. */
  promisedHere(name: string): Ballot;
  floorHere(slot: number): Ballot;
  prepare(member: MemberId, message: Prepare): void;
  accept(member: MemberId, message: Accept, name: string): void;
  decided(member: MemberId, message: Decided, name: string): void;
  /** The merge of what plain writes have made of a key at some nodes. */
  merge(key: Buffer, entries: readonly Buffer[]): Buffer;
  /** The same merged into an entry that was accepted, if that says that the key is deleted. */
  mergeInto(key: Buffer, entry: Buffer, entries: readonly Buffer[]): Buffer;
}

interface Promised {
  readonly accepted: Ballot;
  readonly floor: Ballot;
  readonly entry: Buffer;
}

/** `settle`: those who waited for the round that has ended are told. */
type Phase = 'idle' | 'prepare' | 'accept' | 'wait' | 'settle';

export class KeyProposer {
  readonly key: Buffer;
  /** The key, each byte one character. */
  readonly name: string;
  private readonly slot: number;
  private readonly port: ProposerPort;
  private phase: Phase = 'idle';
  private sets: MemberSets = [];
  /** All that are in them. */
  private members: readonly MemberId[] = [];
  /** Of the round that is under way, or was last. */
  private id = 0;
  private ballot: Ballot = NO_BALLOT;
  private next: Ballot = NO_BALLOT;
  private entry: Buffer = EMPTY_BYTES;
  /** The highest ballot that anybody was heard to have promised. */
  private highest: Ballot = NO_BALLOT;
  private readonly promises = new Map<MemberId, Promised>();
  private readonly accepted = new Set<MemberId>();
  private readonly refused = new Set<MemberId>();
  /** `next` was promised by a majority, with what it has accepted last: the entry. */
  private isLeader = false;
  /** Waiting for the next round; and in the one that is under way, or was given up. */
  private queue: Proposal[] = [];
  private running: Proposal[] = [];
  /** When the round is sent again, or begun anew. */
  private dueMs = 0;
  private backOffMs = BACK_OFF_MS;
  /** Acceptors of the round that was decided last which have not said that they have it. */
  private readonly missing = new Set<MemberId>();
  private readonly user = new SoleUser();
  /** Whom the key was left to by the round that was decided last. */
  private leftTo: MemberId | undefined;

  constructor(port: ProposerPort, key: Buffer, name: string) {
    this.port = port;
    this.key = key;
    this.name = name;
    this.slot = slotOf(key, 0, key.length);
  }

  /** What the round that is under way, or was last, is known by. */
  get roundId(): number {
    return this.id;
  }

  /** Whether nothing is under way. */
  get isIdle(): boolean {
    return this.phase === 'idle' && this.queue.length === 0;
  }

  /** Whether all acceptors have what was decided last, as far as this node has decided. */
  get isComplete(): boolean {
    return this.missing.size === 0;
  }

  submit(change: Change, deadlineMs: number): void {
    this.queue.push(new Proposal(change, deadlineMs));
    if (this.phase === 'idle') this.begin();
  }

  /** The acceptors may be others from now on. */
  restart(): void {
    this.isLeader = false;
    this.missing.clear();
    if (this.phase !== 'idle') this.prepare();
  }

  /** Others may have promised more to somebody else since: the next round asks first, for what is refused when it is accepted is known to nobody. */
  resign(): void {
    this.isLeader = false;
  }

  onPromised(member: MemberId, id: number, answer: PrepareAnswer): void {
    if (this.phase !== 'prepare' || id !== this.id) return;
    if (!answer.isPromised) {
      this.wasRefused(member, answer.promised);
      return;
    }
    this.promises.set(member, { ...answer, entry: Buffer.from(answer.entry) });
    if (isMajority(this.sets, (one) => this.promises.has(one))) this.learn();
  }

  onAccepted(member: MemberId, id: number, answer: AcceptAnswer): void {
    if (id !== this.id) return;
    if (answer !== undefined) {
      this.isLeader = false;
      if (this.phase === 'accept') this.wasRefused(member, answer);
      else this.highest = maxBallot(this.highest, answer);
      return;
    }
    if (this.phase !== 'accept') {
      if (this.missing.delete(member)) this.tellDecided(member);
      return;
    }
    this.accepted.add(member);
    if (isMajority(this.sets, (one) => this.accepted.has(one))) this.decide();
  }

  /** Called some times a second. `isUp`: who can be reached. */
  tick(isUp: (member: MemberId) => boolean): void {
    const nowMs = this.port.nowMs();
    this.expire(nowMs);
    if (this.phase === 'idle') {
      if (this.missing.size > 0 && this.dueMs <= nowMs) this.complete(nowMs, isUp);
      return;
    }
    if (this.dueMs > nowMs) return;
    if (this.queue.length + this.running.length === 0) this.rest();
    else if (this.phase === 'accept' && this.refused.size === 0) this.sendAccept();
    else this.prepare();
  }

  /** Nobody waits for the round that is under way: whoever comes next finishes it. */
  private rest(): void {
    this.phase = 'idle';
    this.isLeader = false;
  }

  private begin(): void {
    // Whatever this node's own acceptor has promised since, others have perhaps, too.
    const { port, name, slot, next } = this;
    const isPromised =
      compareBallots(port.promisedHere(name), next) <= 0 && compareBallots(port.floorHere(slot), next) < 0;
    if (!this.isLeader || !isPromised) {
      this.prepare();
      return;
    }
    this.propose(next);
  }

  private prepare(): void {
    const { port, key, name, slot } = this;
    this.isLeader = false;
    this.sets = port.acceptorsOf(slot);
    this.members = membersOf(this.sets);
    this.highest = maxBallot(this.highest, maxBallot(port.promisedHere(name), port.floorHere(slot)));
    this.ballot = ballotAbove(maxBallot(this.highest, this.next), port.ordinal);
    this.next = this.ballot;
    this.startRound('prepare');
    this.promises.clear();
    this.missing.clear();
    for (const member of this.members) port.prepare(member, { id: this.id, ballot: this.ballot, key });
  }

  /** A majority has promised. */
  private learn(): void {
    // Of what is too old to be told any more, nobody may remember whether it has happened.
    this.expire(this.port.nowMs());
    const promises = [...this.promises.values()];
    this.promises.clear();
    const best = promises.reduce((highest, { accepted }) => maxBallot(highest, accepted), NO_BALLOT);
    const floor = promises.reduce((highest, one) => maxBallot(highest, one.floor), NO_BALLOT);
    this.entry = this.entryOf(promises, best);
    const again: Proposal[] = [];
    const included: Proposal[] = [];
    for (const proposal of this.running) {
      const standing = proposal.standing(best, floor);
      if (standing === 'included') included.push(proposal);
      else if (standing === 'open') again.push(proposal);
      else proposal.change.end('unknown');
    }
    this.running = included;
    this.queue.unshift(...again);
    this.propose(this.ballot);
  }

  /** What all that comes is built on, if `best` is the highest ballot that anything was accepted by. */
  private entryOf(promises: readonly Promised[], best: Ballot): Buffer {
    const { port, key } = this;
    const isAcceptedBy = (one: Promised, ballot: Ballot): boolean => compareBallots(one.accepted, ballot) === 0;
    const plain = promises.filter((one) => isAcceptedBy(one, NO_BALLOT));
    const accepted = promises.find((one) => isAcceptedBy(one, best));
    const entriesOf = (some: readonly Promised[]): Buffer[] => some.map(({ entry }) => entry);
    if (accepted === undefined || plain.length === promises.length) return port.merge(key, entriesOf(plain));
    const forgetful = plain.filter(({ floor }) => compareBallots(floor, best) >= 0);
    return forgetful.length === 0 ? accepted.entry : port.mergeInto(key, accepted.entry, entriesOf(forgetful));
  }

  /** Has all that waits run on the entry, and proposes what comes of it. REQUIRES: a majority has promised `ballot`. */
  private propose(ballot: Ballot): void {
    this.ballot = ballot;
    this.next = ballotAbove(ballot, this.port.ordinal);
    for (const proposal of this.running) proposal.repropose(ballot);
    const { queue } = this;
    this.queue = [];
    for (const proposal of queue) {
      this.entry = proposal.proposeOn(this.entry, ballot);
      this.running.push(proposal);
    }
    this.startRound('accept');
    this.accepted.clear();
    this.missing.clear();
    this.sendAccept();
  }

  private sendAccept(): void {
    const { port, key, name, id, ballot, next, entry } = this;
    this.dueMs = port.nowMs() + RETRY_MS;
    const message = { id, ballot, next, key, entry };
    for (const member of this.members) if (!this.accepted.has(member)) port.accept(member, message, name);
  }

  private decide(): void {
    const { port, accepted, running, user } = this;
    this.phase = 'settle';
    this.isLeader = this.refused.size === 0;
    this.running = [];
    this.backOffMs = BACK_OFF_MS;
    const nowMs = port.nowMs();
    this.dueMs = nowMs + RETRY_MS;
    for (const { change } of running) user.usedBy(change.askedBy, nowMs);
    this.leftTo = port.leavesKeys ? user.at(nowMs) : undefined;
    this.missing.clear();
    for (const member of this.members) {
      if (accepted.has(member)) this.tellDecided(member);
      else this.missing.add(member);
    }
    for (const proposal of running) proposal.decided();
    this.phase = 'idle';
    if (this.queue.length > 0) this.begin();
  }

  private tellDecided(member: MemberId): void {
    const { ballot, key, name, leftTo } = this;
    this.port.decided(member, { ballot, isLeft: member === leftTo, key }, name);
  }

  /** Somebody has promised a higher ballot. If no majority can be had any more, another round follows, a little later. */
  private wasRefused(member: MemberId, promised: Ballot): void {
    this.highest = maxBallot(this.highest, promised);
    this.refused.add(member);
    if (isMajority(this.sets, (one) => !this.refused.has(one))) return;
    const { port, backOffMs } = this;
    this.phase = 'wait';
    this.dueMs = port.nowMs() + (port.random.uint32() % backOffMs);
    this.backOffMs = Math.min(BACK_OFF_MS_MAX, backOffMs * 2);
  }

  /** Sends what was decided to those who have not said that they have it. */
  private complete(nowMs: number, isUp: (member: MemberId) => boolean): void {
    const { port, key, name, id, ballot, next, entry } = this;
    this.dueMs = nowMs + RETRY_MS;
    const message = { id, ballot, next, key, entry };
    for (const member of this.missing) if (isUp(member)) port.accept(member, message, name);
  }

  private expire(nowMs: number): void {
    const late = (proposal: Proposal): boolean => proposal.deadlineMs <= nowMs;
    const over = [...this.running.filter(late), ...this.queue.filter(late)];
    if (over.length === 0) return;
    this.running = this.running.filter((one) => !late(one));
    this.queue = this.queue.filter((one) => !late(one));
    for (const proposal of over) proposal.giveUp();
  }

  private startRound(phase: Phase): void {
    this.phase = phase;
    this.id = this.port.nextId(this, this.id);
    this.refused.clear();
    this.dueMs = this.port.nowMs() + RETRY_MS;
  }
}
