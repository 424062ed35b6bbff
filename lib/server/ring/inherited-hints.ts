/**
 * Hints whose keys have moved: what was kept for a member goes to those who hold its keys now. Somebody may have been told that the hint is all there is (level ANY).
 *
 *  1. Of a member that is none any more, all goes on; this node takes its own part at once.
 *  2. Of a member that is one, it decides itself what of a hint is of slots that it does not hold, or will not when the change of the ring that is under way is over: what it takes of these now,
 *     nobody may fetch any more. That goes to those who hold them in the end: so by one ring nothing goes on twice.
 *
 * Either way the batch counts as handed over when all of that is kept, as hints, for all but those who are away for too long (topology/absence.ts). It may come more than once: it is merged.
 */

import type { MemberId } from '../../cluster/ring/member.js';
import type { Ring } from '../../cluster/ring/ring.js';
import { BatchParts, EVERY_GROUP } from '../../cluster/replication/batch-parts.js';
import type { HintKeeper } from '../../cluster/replication/ports.js';
import { regroup } from '../../cluster/replication/regroup.js';
import type { Concerns } from '../../cluster/replication/shipment.js';
import { Shipment, batchBytesFor, writeBatchFor } from '../../cluster/replication/shipment.js';
import { BATCH_HEADER_BYTES } from '../../record/batch-format.js';

export interface InheritedHintsOptions {
  readonly self: MemberId;
  readonly ring: () => Ring;
  readonly keep: HintKeeper['keep'];
  /** Merges a batch into the data of this node. */
  readonly takeOver: (batch: Buffer) => void;
  /** Calls `then` when what was changed up to now is logged. */
  readonly whenLogged: (then: () => void) => void;
}

/** Called once, later, with whether everything is kept. */
export type Settle = (isKept: boolean) => void;

export class InheritedHints {
  /** Hints for this node that it has handed on. */
  handedOn = 0;
  private readonly options: InheritedHintsOptions;

  constructor(options: InheritedHintsOptions) {
    this.options = options;
  }

  /** What was kept for a member that is none any more. */
  passOn(batch: Buffer, settle: Settle): void {
    const ring = this.options.ring();
    const shipment = shipmentOf(batch, ring);
    const concerns =
      (index: number): Concerns =>
      (group) =>
        group === EVERY_GROUP || ring.groups[group].members.includes(index);
    this.hand(ring, shipment, concerns, settle);
  }

  /** What was kept for this node, which has taken its part. False: all of that concerns it, and `settle` is not called. */
  passOnStrays(batch: Buffer, settle: Settle): boolean {
    const ring = this.options.ring();
    const self = ring.indexOf(this.options.self);
    if (self === undefined) return false;
    const shipment = shipmentOf(batch, ring);
    const isStray: Concerns = (group) => group !== EVERY_GROUP && !ring.groups[group].next.includes(self);
    if (!shipment.parts.groups.subarray(0, shipment.parts.count).some(isStray)) return false;
    const concerns =
      (index: number): Concerns =>
      (group) =>
        isStray(group) && ring.groups[group].next.includes(index);
    this.handedOn++;
    this.hand(ring, shipment, concerns, settle);
    return true;
  }

  /** Gives each member what concerns it. */
  private hand(ring: Ring, shipment: Shipment, concernsOfMember: (index: number) => Concerns, settle: Settle): void {
    const { self, keep, takeOver, whenLogged } = this.options;
    let waiting = 1;
    let isLost = false;
    const settleOne = (isKept: boolean): void => {
      isLost ||= !isKept;
      if (--waiting === 0) settle(!isLost);
    };
    ring.members.forEach(({ id, absence }, index) => {
      // For it nothing is kept: it is rebuilt.
      if (absence === 'away') return;
      const concerns = concernsOfMember(index);
      const part = Buffer.allocUnsafeSlow(batchBytesFor(shipment, concerns));
      if (part.length === BATCH_HEADER_BYTES) return;
      writeBatchFor(shipment, concerns, part, 0);
      waiting++;
      if (id !== self) {
        if (!keep(id, part, settleOne)) settleOne(false);
        return;
      }
      takeOver(part);
      whenLogged(() => {
        settleOne(true);
      });
    });
    whenLogged(() => {
      settleOne(true);
    });
  }
}

/** A batch as it is in a ring. */
function shipmentOf(batch: Buffer, ring: Ring): Shipment {
  const whole = new BatchParts();
  whole.add(EVERY_GROUP, false, batch.length);
  return new Shipment(0, batch, regroup({ bytes: batch, parts: whole }, ring).parts, 0);
}
