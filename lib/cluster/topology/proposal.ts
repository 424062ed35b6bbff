/**
 * Has the voters of an epoch decide about the next one: carries the messages of a Proposer (paxos.ts), with a new ballot
 * after a while when another one was ahead, or when too few answered.
 */

import { AssertionError } from '../../base/assert.js';
import type { Random, Timer, Timers } from '../../host/ports.js';
import type { MemberId } from '../ring/member.js';
import type { RingDocument } from '../ring/ring-document.js';
import type { RingVersion } from '../ring/ring-version.js';
import type { TopologyAnswer } from './messages.js';
import { decodeAnswer, encodeMessage } from './messages.js';
import type { PaxosRequest, ProposerStep } from './paxos.js';
import { Proposer } from './paxos.js';
import type { Messenger, Target } from './ports.js';
import type { RingStore } from './ring-store.js';

export interface Voter {
  readonly id: MemberId;
  readonly target: Target;
}

export interface ProposalOptions {
  readonly messenger: Messenger;
  readonly timers: Timers;
  readonly random: Random;
  readonly store: RingStore;
  readonly seedDigest: string;
  /** The epoch that is decided about. */
  readonly version: RingVersion;
  /** Those that are reached by now. */
  readonly voters: readonly Voter[];
  /** With those that are not. */
  readonly voterCount: number;
  readonly value: string;
  /** May the value still be decided? Asked before anything is sent. */
  readonly isInTime: () => boolean;
  /** What became of it; one of these is called, once, and neither after `stop`. */
  readonly onDecided: (value: string) => void;
  /** A voter knows a newer ring. */
  readonly onNewer: (ring: RingDocument) => void;
  readonly onFailed: (reason: string) => void;
}

const ANSWER_TIMEOUT_MS = 1000;
const BACK_OFF_MIN_MS = 50;
const BACK_OFF_MAX_MS = 1000;
const ATTEMPTS_MAX = 12;

export class Proposal {
  private readonly options: ProposalOptions;
  private attempts = 0;
  /** A round that somebody else has come to. */
  private roundSeen = 0;
  private timer: Timer | undefined;
  private isOver = false;
  /** Why voters refused, last. */
  private refusal: string | undefined;

  constructor(options: ProposalOptions) {
    this.options = options;
  }

  start(): void {
    const { store } = this.options;
    this.attempts++;
    store.takeRound(this.roundSeen).then(
      (round) => {
        if (!this.isOver) this.prepare(round);
      },
      (error: unknown) => {
        if (!(error instanceof Error) || error instanceof AssertionError) throw error;
        if (!this.isOver) this.end(() => this.options.onFailed(`the disk failed: ${error.message}`));
      },
    );
  }

  /** Nothing is called any more. What was sent may yet be decided. */
  stop(): void {
    this.isOver = true;
    this.timer?.cancel();
  }

  private prepare(round: number): void {
    const { store, value, voterCount } = this.options;
    const proposer = new Proposer({ round, proposer: store.nodeId }, value, voterCount);
    this.send(proposer, proposer.prepare);
  }

  private send(proposer: Proposer, request: PaxosRequest): void {
    const { messenger, voters, version, seedDigest, isInTime, onFailed } = this.options;
    if (!isInTime()) {
      this.end(() => onFailed('it took too long'));
      return;
    }
    let isOpen = true;
    let waitingFor = voters.length;
    for (const { id, target } of voters) {
      const message = encodeMessage({ kind: 'paxos', version, seedDigest, voter: id, request });
      messenger.ask(target, message, ANSWER_TIMEOUT_MS, (bytes) => {
        if (this.isOver || !isOpen) return;
        const step = this.stepOf(proposer, id, target, bytes && decodeAnswer(bytes));
        waitingFor--;
        // What comes in this phase from here on is late.
        isOpen = step.kind === 'wait' && waitingFor > 0;
        if (step.kind !== 'wait') this.take(proposer, step);
        else if (!isOpen && !this.isOver) this.retryLater();
      });
    }
  }

  private stepOf(
    proposer: Proposer,
    voter: MemberId,
    target: Target,
    answer: TopologyAnswer | undefined,
  ): ProposerStep {
    if (answer?.kind === 'paxos') return proposer.onAnswer(voter, answer.answer);
    if (answer?.kind === 'refused') this.refusal = answer.reason;
    if (answer?.kind === 'ring' && answer.ring !== undefined) {
      const { ring } = answer;
      this.end(() => this.options.onNewer(ring));
    }
    if (answer?.kind === 'behind') this.teach(target);
    return { kind: 'wait' };
  }

  /** The voter has not heard of our ring; by the next attempt it may have. */
  private teach(target: Target): void {
    const { store, messenger } = this.options;
    if (store.ring === undefined) return;
    messenger.ask(target, encodeMessage({ kind: 'ring', ring: store.ring }), ANSWER_TIMEOUT_MS, () => undefined);
  }

  private take(proposer: Proposer, step: ProposerStep): void {
    if (step.kind === 'send') this.send(proposer, step.request);
    if (step.kind === 'decided') this.end(() => this.options.onDecided(step.value));
    if (step.kind === 'beaten') {
      this.roundSeen = Math.max(this.roundSeen, step.round);
      this.retryLater();
    }
  }

  private retryLater(): void {
    const { timers, random, onFailed } = this.options;
    if (this.attempts >= ATTEMPTS_MAX) {
      const why = this.refusal === undefined ? '' : `; the last refusal: ${this.refusal}`;
      this.end(() => onFailed(`no majority of the voters has agreed${why}`));
      return;
    }
    const spread = Math.min(BACK_OFF_MAX_MS, BACK_OFF_MIN_MS * 2 ** this.attempts);
    this.timer = timers.after(BACK_OFF_MIN_MS + (random.uint32() % spread), () => this.start());
  }

  private end(tell: () => void): void {
    this.stop();
    tell();
  }
}
