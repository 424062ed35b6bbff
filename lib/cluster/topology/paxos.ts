/**
 * Single-decree Paxos (Lamport, "Paxos Made Simple", 2001): voters decide one value, whatever is lost, late, twice or crashes.
 *
 *     proposer                     voters
 *        │ prepare(ballot) ─────▶    promise: no lower ballot from now on; here is what I accepted last
 *        │ ◀──────── promise × majority
 *        │ accept(ballot, value) ▶   accepted, unless a higher ballot was promised
 *        │ ◀──────── accepted × majority:  the value is decided
 *
 *  1. An acceptor's state is durable before its answer leaves.
 *  2. No two proposals have one ballot: a ballot has the proposer's id, and a proposer never uses a round twice, over restarts neither.
 *  3. A proposer takes the value that was accepted with the highest ballot among its promises; its own only if there is none.
 *
 * Pure: messages are carried, state is kept and time is measured by proposal.ts and ring-store.ts.
 */

import { assert } from '../../base/assert.js';
import type { MemberId } from '../ring/member.js';

/** Which proposal is the later one: by its round, and by its proposer among equal rounds. */
export interface Ballot {
  /** From 1. */
  readonly round: number;
  readonly proposer: MemberId;
}

/** Below 0 if `a` is lower than `b`, 0 if they are the same. */
export function compareBallots(a: Ballot, b: Ballot): number {
  return a.round - b.round || (a.proposer < b.proposer ? -1 : a.proposer > b.proposer ? 1 : 0);
}

export interface AcceptedValue {
  readonly ballot: Ballot;
  readonly value: string;
}

/** What an acceptor remembers of an instance. */
export interface AcceptorState {
  readonly promised: Ballot | undefined;
  readonly accepted: AcceptedValue | undefined;
}

export const FRESH_ACCEPTOR: AcceptorState = { promised: undefined, accepted: undefined };

export type PaxosRequest =
  | { readonly kind: 'prepare'; readonly ballot: Ballot }
  | { readonly kind: 'accept'; readonly ballot: Ballot; readonly value: string };

export type PaxosAnswer =
  | { readonly kind: 'promise'; readonly ballot: Ballot; readonly accepted: AcceptedValue | undefined }
  | { readonly kind: 'accepted'; readonly ballot: Ballot }
  | { readonly kind: 'refused'; readonly ballot: Ballot; readonly promised: Ballot };

/** What an acceptor does with a request: its state afterwards, which is to be durable before the answer leaves. */
export function accept(state: AcceptorState, request: PaxosRequest): { state: AcceptorState; answer: PaxosAnswer } {
  const { ballot } = request;
  const { promised, accepted } = state;
  if (promised !== undefined && compareBallots(ballot, promised) < 0) {
    return { state, answer: { kind: 'refused', ballot, promised } };
  }
  if (request.kind === 'prepare') {
    return { state: { promised: ballot, accepted }, answer: { kind: 'promise', ballot, accepted } };
  }
  return {
    state: { promised: ballot, accepted: { ballot, value: request.value } },
    answer: { kind: 'accepted', ballot },
  };
}

export function majorityOf(voterCount: number): number {
  return Math.floor(voterCount / 2) + 1;
}

/** What a proposer is to do after an answer. */
export type ProposerStep =
  | { readonly kind: 'wait' }
  /** Send this to all voters. */
  | { readonly kind: 'send'; readonly request: PaxosRequest }
  /** Another proposer is ahead: try again later, with a round above this one. */
  | { readonly kind: 'beaten'; readonly round: number }
  | { readonly kind: 'decided'; readonly value: string };

const WAIT: ProposerStep = { kind: 'wait' };

/** One proposal, with one ballot. It begins with `prepare`. */
export class Proposer {
  private readonly ballot: Ballot;
  private readonly ownValue: string;
  private readonly majority: number;
  private phase: 'preparing' | 'accepting' | 'over' = 'preparing';
  /** Voters that have answered what this phase waits for. */
  private readonly agreed = new Set<string>();
  private highest: AcceptedValue | undefined;

  /** `voterCount`: of all voters, those that do not answer included. */
  constructor(ballot: Ballot, value: string, voterCount: number) {
    this.ballot = ballot;
    this.ownValue = value;
    this.majority = majorityOf(voterCount);
  }

  get prepare(): PaxosRequest {
    return { kind: 'prepare', ballot: this.ballot };
  }

  /** Answers of other proposals, repeated ones and late ones count for nothing. */
  onAnswer(voter: MemberId, answer: PaxosAnswer): ProposerStep {
    if (this.phase === 'over' || compareBallots(answer.ballot, this.ballot) !== 0) return WAIT;
    if (answer.kind === 'refused') {
      this.phase = 'over';
      return { kind: 'beaten', round: answer.promised.round };
    }
    return answer.kind === 'promise' ? this.onPromise(voter, answer.accepted) : this.onAccepted(voter);
  }

  private onPromise(voter: MemberId, accepted: AcceptedValue | undefined): ProposerStep {
    if (this.phase !== 'preparing') return WAIT;
    const { highest } = this;
    if (accepted !== undefined && (highest === undefined || compareBallots(accepted.ballot, highest.ballot) > 0)) {
      this.highest = accepted;
    }
    this.agreed.add(voter);
    if (this.agreed.size < this.majority) return WAIT;
    this.phase = 'accepting';
    this.agreed.clear();
    return { kind: 'send', request: { kind: 'accept', ballot: this.ballot, value: this.value } };
  }

  private onAccepted(voter: MemberId): ProposerStep {
    assert(this.phase === 'accepting', 'nobody accepts what was not proposed');
    this.agreed.add(voter);
    if (this.agreed.size < this.majority) return WAIT;
    this.phase = 'over';
    return { kind: 'decided', value: this.value };
  }

  private get value(): string {
    return this.highest?.value ?? this.ownValue;
  }
}
