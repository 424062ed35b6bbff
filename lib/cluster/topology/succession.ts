/**
 * Whose place the next node takes that joins: one member was told (RING REPLACE), and tells all others. It is kept in memory, for a while; what a node says of itself (`cluster-replaces`) counts more.
 */

import type { Clock } from '../../host/ports.js';
import { majorityOf } from '../coordination/consistency.js';
import type { MemberId } from '../ring/member.js';
import type { RingDocument } from '../ring/ring-document.js';
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
    const { messenger, self } = this.options;
    const others = members.filter(({ id }) => id !== self && id !== member);
    const needed = majorityOf(members.length);
    let notedCount = 1;
    let waitingFor = others.length;
    const endIfAll = (): void => {
      if (waitingFor > 0) return;
      onEnd(notedCount >= needed ? undefined : `${notedCount} of ${members.length} members know of it: try again`);
    };
    this.note(member);
    for (const { id } of others) {
      messenger.ask({ member: id }, encodeMessage({ kind: 'replace', member }), ANSWER_TIMEOUT_MS, (bytes) => {
        waitingFor--;
        if (bytes !== undefined && decodeAnswer(bytes)?.kind === 'ring') notedCount++;
        endIfAll();
      });
    }
    endIfAll();
  }
}
