/**
 * Whose place the next node takes that joins: one member was told (RING REPLACE), and tells all others. It is kept in memory, for a while, or until it is taken back (RING ABORT); what a
 * node says of itself (`cluster-replaces`) counts more.
 */

import type { Clock } from '../../host/ports.js';
import { majorityOf } from '../coordination/consistency.js';
import type { MemberId } from '../ring/member.js';
import type { RingDocument } from '../ring/ring-document.js';
import type { TopologyRequest } from './messages.js';
import { decodeAnswer, encodeMessage } from './messages.js';
import type { Messenger } from './ports.js';

const KEPT_US = 600_000_000;
const ANSWER_TIMEOUT_MS = 1000;

export interface SuccessionOptions {
  readonly clock: Clock;
  readonly messenger: Messenger;
  readonly self: MemberId;
}

export class Succession {
  private readonly options: SuccessionOptions;
  private noted: { readonly member: MemberId; readonly untilUs: number } | undefined;

  constructor(options: SuccessionOptions) {
    this.options = options;
  }

  /** The next node that joins takes this member's place. */
  note(member: MemberId): void {
    this.noted = { member, untilUs: this.options.clock.monotonicUs() + KEPT_US };
  }

  /** Whose place is to be taken by a node that joins now. */
  placeIn({ members }: RingDocument): MemberId | undefined {
    const { noted, options } = this;
    if (noted === undefined || noted.untilUs < options.clock.monotonicUs()) return undefined;
    return members.find(({ id }) => id === noted.member)?.id;
  }

  /** Notes it, and has the other members do so. `onEnd` is called once, with the reason if too few of them have said that they did: a node that joins by one of the rest would take nobody's place. */
  announce({ members }: RingDocument, member: MemberId, onEnd: (reason: string | undefined) => void): void {
    const others = this.others(members).filter((id) => id !== member);
    this.note(member);
    this.tell(others, { kind: 'replace', member }, (heardCount) => {
      const isEnough = heardCount + 1 >= majorityOf(members.length);
      onEnd(isEnough ? undefined : `${heardCount + 1} of ${members.length} members know of it: try again`);
    });
  }

  /** The next node that joins takes nobody's place. */
  forget(): void {
    this.noted = undefined;
  }

  /**
   * Forgets whose place is to be taken, and has the other members do so, but for that one, which may be dead. `onEnd` is called once, with the reason if one of them has not said that it
   * did: who joins by that one takes the place.
   */
  takeBack({ members }: RingDocument, onEnd: (reason: string | undefined) => void): void {
    const others = this.others(members).filter((id) => id !== this.noted?.member);
    this.forget();
    this.tell(others, { kind: 'replace-nobody' }, (heardCount) => {
      const missing = others.length - heardCount;
      onEnd(
        missing === 0
          ? undefined
          : `${missing} of ${members.length} members have not said that they know of it: who joins by them may still take that place`,
      );
    });
  }

  private others(members: RingDocument['members']): MemberId[] {
    return members.map(({ id }) => id).filter((id) => id !== this.options.self);
  }

  /** `onEnd` is called once, with how many of them have said that they have heard it. */
  private tell(ids: readonly MemberId[], request: TopologyRequest, onEnd: (heardCount: number) => void): void {
    let heardCount = 0;
    let waitingFor = ids.length;
    if (waitingFor === 0) onEnd(0);
    for (const id of ids) {
      this.options.messenger.ask({ member: id }, encodeMessage(request), ANSWER_TIMEOUT_MS, (bytes) => {
        if (bytes !== undefined && decodeAnswer(bytes)?.kind === 'ring') heardCount++;
        if (--waitingFor === 0) onEnd(heardCount);
      });
    }
  }
}
