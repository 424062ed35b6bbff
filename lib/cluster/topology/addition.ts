/**
 * The addition of a member: one more epoch. Only while no member holds data, since nothing would stream to the new one yet.
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
    if (reason === undefined) this.askForData();
    else this.end({ reason });
  }

  /** This node has learnt another ring. What was proposed may yet have been decided. */
  stop(): void {
    this.end({ reason: AGAIN });
  }

  private askForData(): void {
    const { messenger } = this.host;
    const { members } = this.ring;
    let waitingFor = members.length;
    for (const { id } of members) {
      messenger.ask({ member: id }, encodeMessage({ kind: 'holds-data' }), ANSWER_TIMEOUT_MS, (bytes) => {
        if (this.isOver) return;
        const answer = bytes && decodeAnswer(bytes);
        if (answer?.kind !== 'data') {
          this.end({ reason: `member ${id} does not answer: whether it holds data is not known` });
        } else if (answer.holdsData) {
          this.end({ reason: `member ${id} holds data: joining a cluster with data is not possible yet` });
        } else if (--waitingFor === 0) {
          this.propose();
        }
      });
    }
  }

  private propose(): void {
    const { ring, candidate, host } = this;
    this.proposal = new Proposal({
      ...host,
      version: nextVersion(ring),
      voters: ring.voters.map((id) => ({ id, target: { member: id } })),
      voterCount: ring.voters.length,
      value: encodeRing(ringWith(ring, candidate)).toString('utf8'),
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
