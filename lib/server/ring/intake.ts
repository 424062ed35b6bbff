/**
 * What other members have written, on its way into this node's data, and the acknowledgements that go back (replication/shipment.ts, hint-messages.ts):
 *
 *     REPLICATE ─▶ data, log of this turn ─▶ REPLICATED, one a member and turn, when all that it speaks of is logged, and durable if it must be
 *     HINT      ─▶ data, log of this turn ─▶ HINTED
 *                  what of it others hold by now ─▶ a hint for them, durable ─▶ HINTED
 *
 *  1. A batch is taken only if the one that was sent before it was: so an acknowledgement speaks of all batches up to the one it names.
 *  2. An acknowledgement waits until it is known of each put of its batches whether this node holds something newer.
 *  3. Each says behind which one it goes on: who has not had that takes none, and sends all again. It may have been lost, with what it said of puts.
 */

import { EMPTY_PAYLOAD } from '../../cluster/bus/payload.js';
import { Outboxes } from '../../cluster/coordination/outboxes.js';
import type { MemberLinks } from '../../cluster/coordination/ports.js';
import type { RingMessage } from '../../cluster/coordination/versioned-links.js';
import { MessageKind } from '../../cluster/message-kind.js';
import { Acknowledgement } from '../../cluster/replication/acknowledgement.js';
import type { Newer } from '../../cluster/replication/acknowledgement.js';
import { HINT_HEAD_BYTES } from '../../cluster/replication/hint-messages.js';
import { REPLICATE_HEAD_BYTES } from '../../cluster/replication/shipment.js';
import type { MemberId } from '../../cluster/ring/member.js';
import type { Superseded } from './foreign-batches.js';
import type { InheritedHints } from './inherited-hints.js';
import type { RingStore } from './ring-store.js';

export interface IntakeOptions {
  readonly store: Pick<RingStore, 'takeOver'>;
  readonly links: MemberLinks;
  readonly inherited: Pick<InheritedHints, 'passOnStrays'>;
  /** Calls `then` when what was changed up to now is logged. */
  readonly whenLogged: (then: () => void) => void;
  /** Work of the loop's turn begins. */
  readonly onWork: () => void;
}

/** What is to be acknowledged to a member. */
interface Pending {
  /** The batch before the first one; 0 if nothing was sent before that. */
  after: number;
  sequence: number;
  readonly newer: Newer[];
  /** Batches of which it is not known yet what they say of puts. */
  undecided: number;
}

export class Intake {
  private readonly options: IntakeOptions;
  private readonly hinted: Outboxes;
  private readonly pending = new Map<MemberId, Pending>();
  /** Of each member, the last of its batches that was taken. */
  private readonly taken = new Map<MemberId, number>();

  constructor(options: IntakeOptions) {
    this.options = options;
    this.hinted = new Outboxes(options.links, MessageKind.HINTED);
  }

  /** REPLICATE, whose payload begins at `start`. */
  onReplicate({ from, buffer, end }: RingMessage, start: number): void {
    const sequence = buffer.readDoubleLE(start);
    const previous = buffer.readDoubleLE(start + 8);
    if (previous !== 0 && previous !== this.taken.get(from)) {
      this.options.links.send(from, MessageKind.MISSED, EMPTY_PAYLOAD);
      return;
    }
    const { superseded, later } = this.options.store.takeOver(buffer.subarray(start + REPLICATE_HEAD_BYTES, end));
    this.taken.set(from, sequence);
    let pending = this.pending.get(from);
    if (pending === undefined)
      this.pending.set(from, (pending = { after: previous, sequence, newer: [], undecided: 0 }));
    if (previous === 0) pending.after = 0;
    pending.sequence = sequence;
    note(pending, sequence, superseded);
    if (later !== undefined) this.noteLater(pending, sequence, later);
  }

  /** HINT: what this node has missed. Whether it was superseded matters to nobody any more. */
  onHint({ from, buffer, end }: RingMessage, start: number): void {
    const { store, inherited, whenLogged } = this.options;
    const id = buffer.readUInt32LE(start);
    const batch = buffer.subarray(start + HINT_HEAD_BYTES, end);
    store.takeOver(batch);
    const acknowledge = (): void => {
      this.hinted.to(from).word(id);
    };
    const goesOn = inherited.passOnStrays(batch, (isKept) => {
      // Else it is sent again.
      if (isKept) whenLogged(acknowledge);
    });
    if (!goesOn) whenLogged(acknowledge);
  }

  /** What a member has sent was refused: it has to send all again that was not acknowledged. */
  refuse(member: MemberId): void {
    this.options.links.send(member, MessageKind.MISSED, EMPTY_PAYLOAD);
    this.taken.delete(member);
  }

  /** What may be acknowledged of this turn waits for the log. */
  endTurn(): void {
    for (const [member, { after, sequence, newer, undecided }] of this.pending) {
      if (undecided > 0) continue;
      this.pending.delete(member);
      this.options.whenLogged(() => {
        this.options.links.send(member, MessageKind.REPLICATED, new Acknowledgement(after, sequence, newer));
      });
    }
  }

  /** Sends the acknowledgements of hints. */
  flush(): void {
    this.hinted.flush();
  }

  /** The log has failed: nothing is acknowledged. */
  abandon(): void {
    this.pending.clear();
  }

  /** The acknowledgement waits until it is known. */
  private noteLater(pending: Pending, sequence: number, later: Promise<readonly Superseded[]>): void {
    pending.undecided++;
    void later.then((superseded) => {
      this.options.onWork();
      pending.undecided--;
      note(pending, sequence, superseded);
    });
  }
}

function note(pending: Pending, sequence: number, superseded: readonly Superseded[]): void {
  for (const one of superseded) pending.newer.push({ sequence, ...one });
}
