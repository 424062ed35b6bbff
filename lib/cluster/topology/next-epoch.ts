import type { RingDocument } from '../ring/ring-document.js';
import { decodeRing, encodeRing } from '../ring/ring-document.js';
import type { AdditionHost } from './addition.js';
import { Proposal } from './proposal.js';
import { nextVersion } from './ring-store.js';

/** Has the voters of a ring decide about the next one, and everybody told what they have decided. */
export class NextEpoch {
  readonly next: RingDocument;
  private readonly proposal: Proposal;

  /** `onEnd` is called once, unless it is stopped before: with the reason, if it was not decided, or another ring was. */
  constructor(host: AdditionHost, ring: RingDocument, next: RingDocument, onEnd: (reason: string | undefined) => void) {
    this.next = next;
    const value = encodeRing(next).toString('utf8');
    const isWhat = (decided: string): string | undefined =>
      decided === value ? undefined : 'another change was decided';
    this.proposal = new Proposal({
      ...host,
      version: nextVersion(ring),
      voters: ring.voters.map((id) => ({ id, target: { member: id } })),
      voterCount: ring.voters.length,
      value,
      isInTime: () => true,
      onDecided: (decided) => {
        onEnd(isWhat(decided));
        const document = decodeRing(Buffer.from(decided, 'utf8'));
        host.takeDecided(document);
      },
      onNewer: (newer) => {
        onEnd('the ring has changed meanwhile');
        host.learn(newer);
      },
      onFailed: onEnd,
    });
  }

  start(): void {
    this.proposal.start();
  }

  /** What was proposed may yet be decided. */
  stop(): void {
    this.proposal.stop();
  }
}
