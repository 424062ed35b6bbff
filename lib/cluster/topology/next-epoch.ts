import type { RingDocument } from '../ring/ring-document.js';
import { decodeRing, encodeRing } from '../ring/ring-document.js';
import type { AdditionHost } from './addition.js';
import { Proposal } from './proposal.js';
import { whyOvertaken } from './ring-change.js';
import { nextVersion } from './ring-store.js';

/** Has the voters of a ring decide about the next one, and everybody told what they have decided. */
export class NextEpoch {
  readonly next: RingDocument;
  private readonly proposal: Proposal;

  /** `onEnd` is called once, unless it is stopped before: with the reason, if it was not decided, or another ring was. */
  constructor(host: AdditionHost, ring: RingDocument, next: RingDocument, onEnd: (reason: string | undefined) => void) {
    this.next = next;
    const value = encodeRing(next).toString('utf8');
    this.proposal = new Proposal({
      ...host,
      version: nextVersion(ring),
      voters: ring.voters.map((id) => ({ id, target: { member: id } })),
      voterCount: ring.voters.length,
      value,
      isInTime: () => true,
      onDecided: (decided) => {
        const document = decodeRing(Buffer.from(decided, 'utf8'));
        onEnd(this.whyNot(document));
        host.takeDecided(document);
      },
      onNewer: (newer) => {
        onEnd(this.whyNot(newer));
        host.learn(newer);
      },
      onFailed: onEnd,
    });
  }

  /** Why it was not decided, by the ring that was; undefined: it was, whoever has brought that about. */
  whyNot(decided: RingDocument): string | undefined {
    return encodeRing(decided).equals(encodeRing(this.next)) ? undefined : whyOvertaken(decided);
  }

  start(): void {
    this.proposal.start();
  }

  /** What was proposed may yet be decided. */
  stop(): void {
    this.proposal.stop();
  }
}
