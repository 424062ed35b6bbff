/**
 * The addition of a member: one more epoch. Only while no member holds data, since nothing would stream to the new one yet.
 *
 *     all members hold no data ─▶ all hold none, and take no writes for a while ─▶ voters decide, or it is too late
 *
 * The first question stops nobody's writes in vain. Members that do not learn of the new ring within that while take writes again, by the old one:
 * that it is refused by those who know the newer one is up to them.
 */

import type { RingDocument } from '../ring/ring-document.js';
import { decodeRing, encodeRing } from '../ring/ring-document.js';
import { decodeAnswer, encodeMessage } from './messages.js';
import type { Candidate } from './new-ring.js';
import { ringWith, whyNotJoin } from './new-ring.js';
import { Proposal } from './proposal.js';
import { nextVersion } from './ring-store.js';
import type { TopologyOptions } from './topology-options.js';

/** `ring`: the newest that is known, which has the candidate; else the reason why it was not added. */
export type AdditionResult = { readonly ring: RingDocument } | { readonly reason: string };

export interface AdditionHost extends TopologyOptions {
  readonly seedDigest: string;
  readonly learn: (ring: RingDocument) => void;
  readonly spread: (ring: RingDocument) => void;
}

/** So long members take no writes. */
export const WRITE_PAUSE_MS = 5000;
/** What is not decided by then, counted from when they were asked, is no longer proposed. */
const DECISION_MS = 3000;
const ANSWER_TIMEOUT_MS = 1000;
const AGAIN = 'the ring has changed meanwhile: try again';

export class Addition {
  private readonly host: AdditionHost;
  private readonly ring: RingDocument;
  private readonly candidate: Candidate;
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
    const reason = whyNotJoin(this.ring);
    if (reason === undefined) this.askForData(false, () => this.askAndPropose());
    else this.end({ reason });
  }

  /** This node has learnt another ring. What was proposed may yet have been decided. */
  stop(): void {
    this.end({ reason: AGAIN });
  }

  private askAndPropose(): void {
    const { clock } = this.host;
    const endUs = clock.monotonicUs() + DECISION_MS * 1000;
    this.askForData(true, () => this.propose(() => clock.monotonicUs() < endUs));
  }

  /** Calls `next` when all members have said that they hold none. */
  private askForData(pauseWrites: boolean, next: () => void): void {
    const { messenger } = this.host;
    const { members } = this.ring;
    let waitingFor = members.length;
    for (const { id } of members) {
      const message = encodeMessage({ kind: 'holds-data', pauseWrites });
      messenger.ask({ member: id }, message, ANSWER_TIMEOUT_MS, (bytes) => {
        if (this.isOver) return;
        const answer = bytes && decodeAnswer(bytes);
        if (answer?.kind !== 'data') {
          this.end({ reason: `member ${id} does not answer: whether it holds data is not known` });
        } else if (answer.holdsData) {
          this.end({ reason: `member ${id} holds data: joining a cluster with data is not possible yet` });
        } else if (--waitingFor === 0) {
          next();
        }
      });
    }
  }

  private propose(isInTime: () => boolean): void {
    const { ring, candidate, host } = this;
    this.proposal = new Proposal({
      ...host,
      version: nextVersion(ring),
      voters: ring.voters.map((id) => ({ id, target: { member: id } })),
      voterCount: ring.voters.length,
      value: encodeRing(ringWith(ring, candidate)).toString('utf8'),
      isInTime,
      onDecided: (value) => this.take(decodeRing(Buffer.from(value, 'utf8'))),
      onNewer: (newer) => {
        this.end({ reason: AGAIN });
        host.learn(newer);
      },
      onFailed: (reason) => this.end({ reason }),
    });
    this.proposal.start();
  }

  /** Another proposer may have had this one's epoch decided for a candidate of its own. */
  private take(decided: RingDocument): void {
    const isAdded = decided.members.some(({ id }) => id === this.candidate.id);
    this.end(isAdded ? { ring: decided } : { reason: AGAIN });
    this.host.learn(decided);
    this.host.spread(decided);
  }

  private end(result: AdditionResult): void {
    if (this.isOver) return;
    this.isOver = true;
    this.proposal?.stop();
    this.onEnd(result);
  }
}
