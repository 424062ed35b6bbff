/**
 * The addition of a member. While no member holds data it takes one epoch, in which the new one is up at once; else the new one joins first, and is filled (ring-change.ts).
 *
 *     all members hold no data ─▶ all hold none, and take no writes for a while ─▶ voters decide, or it is too late
 *     one holds some, or may   ─▶ voters decide: it is joining
 *
 * The first question stops nobody's writes in vain. Members that do not learn of the new ring within that while take writes again, by the old one:
 * that it is refused by those who know the newer one is up to them.
 */

import type { RingDocument } from '../ring/ring-document.js';
import { decodeRing, encodeRing } from '../ring/ring-document.js';
import { choosingTokens } from '../ring/tokens.js';
import { decodeAnswer, encodeMessage } from './messages.js';
import type { Candidate } from './new-ring.js';
import { ringWith, whyNotJoin } from './new-ring.js';
import { Proposal } from './proposal.js';
import { isChanging, whyNotChange, whyNotLeave, whyOvertaken, withJoining } from './ring-change.js';
import { nextVersion } from './ring-store.js';
import type { TopologyOptions } from './topology-options.js';

/** `ring`: the newest that is known, which has the candidate; else the reason why it was not added. */
export type AdditionResult = { readonly ring: RingDocument } | { readonly reason: string };

export interface AdditionHost extends TopologyOptions {
  readonly seedDigest: string;
  /** A ring was decided, as somebody says: this node takes it, if it is newer. */
  readonly learn: (ring: RingDocument) => void;
  /** The same, and tells the members; when it is durable here, if the disk takes it. */
  readonly takeDecided: (ring: RingDocument) => void;
}

/** So long members take no writes. */
export const WRITE_PAUSE_MS = 5000;
/** What is not decided by then, counted from when they were asked, is no longer proposed. */
const DECISION_MS = 3000;
const ANSWER_TIMEOUT_MS = 1000;

export class Addition {
  private readonly host: AdditionHost;
  private readonly ring: RingDocument;
  readonly candidate: Candidate;
  private readonly onEnd: (result: AdditionResult) => void;
  private proposal: Proposal | undefined;
  private isOver = false;

  /** To `ring`, which is the newest that this node knows. `onEnd` is called once. */
  constructor(host: AdditionHost, ring: RingDocument, candidate: Candidate, onEnd: (result: AdditionResult) => void) {
    this.host = host;
    this.ring = ring;
    this.candidate = candidate;
    this.onEnd = onEnd;
  }

  start(): void {
    const { ring, candidate } = this;
    const reason = whyNotAdd(ring, candidate);
    if (reason !== undefined) this.end({ reason });
    else if (candidate.replaces !== undefined) this.proposeJoining();
    else this.askForData(false, () => this.askAndPropose());
  }

  /** This node has learnt another ring, or stops. What was proposed may yet have been decided. */
  stop(ring: RingDocument = this.ring): void {
    this.end({ reason: whyOvertaken(ring) });
  }

  private askAndPropose(): void {
    const { clock } = this.host;
    const endUs = clock.monotonicUs() + DECISION_MS * 1000;
    this.askForData(true, () => this.propose(ringWith(this.ring, this.candidate), () => clock.monotonicUs() < endUs));
  }

  private proposeJoining(): void {
    const { ring, candidate } = this;
    const { replaces } = candidate;
    const propose = (tokens?: readonly number[]): void =>
      this.propose(withJoining(ring, candidate, replaces, tokens), () => true);
    if (replaces === undefined) this.chooseTokens(propose);
    else propose();
  }

  /** A step each turn of the loop: all of it takes longer than clients are to wait. */
  private chooseTokens(next: (tokens: readonly number[]) => void): void {
    const { ring, candidate, host } = this;
    const choice = choosingTokens(candidate, ring.members, ring.replicaCount);
    const go = (): void => {
      if (this.isOver) return;
      const step = choice.next();
      if (step.done === true) next(step.value);
      else host.timers.after(0, go);
    };
    go();
  }

  /** Calls `next` when all members have said that they hold none. If one holds some, or does not answer, the candidate joins. */
  private askForData(pauseWrites: boolean, next: () => void): void {
    const { messenger } = this.host;
    const { members } = this.ring;
    let waitingFor = members.length;
    let isAnswered = false;
    for (const { id } of members) {
      const message = encodeMessage({ kind: 'holds-data', pauseWrites });
      messenger.ask({ member: id }, message, ANSWER_TIMEOUT_MS, (bytes) => {
        if (this.isOver || isAnswered) return;
        const answer = bytes && decodeAnswer(bytes);
        isAnswered = answer?.kind !== 'data' || answer.holdsData || --waitingFor === 0;
        if (!isAnswered) return;
        if (waitingFor === 0) next();
        else this.proposeJoining();
      });
    }
  }

  private propose(next: RingDocument, isInTime: () => boolean): void {
    const { ring, host } = this;
    this.proposal = new Proposal({
      ...host,
      version: nextVersion(ring),
      voters: ring.voters.map((id) => ({ id, target: { member: id } })),
      voterCount: ring.voters.length,
      value: encodeRing(next).toString('utf8'),
      isInTime,
      onDecided: (value) => this.take(decodeRing(Buffer.from(value, 'utf8'))),
      onNewer: (newer) => {
        this.end({ reason: whyOvertaken(newer) });
        host.learn(newer);
      },
      onFailed: (reason) => this.end({ reason }),
    });
    this.proposal.start();
  }

  /** Another proposer may have had this one's epoch decided for a candidate of its own. */
  private take(decided: RingDocument): void {
    const isAdded = decided.members.some(({ id }) => id === this.candidate.id);
    this.end(isAdded ? { ring: decided } : { reason: whyOvertaken(decided) });
    this.host.takeDecided(decided);
  }

  private end(result: AdditionResult): void {
    if (this.isOver) return;
    this.isOver = true;
    this.proposal?.stop();
    this.onEnd(result);
  }
}

function whyNotAdd(ring: RingDocument, { replaces }: Candidate): string | undefined {
  if (isChanging(ring)) return whyNotChange(ring);
  return whyNotJoin(ring) ?? (replaces === undefined ? undefined : whyNotLeave(ring, replaces));
}
