import type { MemberId } from '../../cluster/ring/member.js';
import type { Ring } from '../../cluster/ring/ring.js';
import { BatchParts, EVERY_GROUP } from '../../cluster/replication/batch-parts.js';
import type { HintKeeper } from '../../cluster/replication/ports.js';
import { regroup } from '../../cluster/replication/regroup.js';
import { Shipment, batchBytesFor, concernsOf, writeBatchFor } from '../../cluster/replication/shipment.js';
import { BATCH_HEADER_BYTES } from '../../record/batch-format.js';

export interface HeirsOptions {
  readonly self: MemberId;
  readonly ring: () => Ring;
  readonly keep: HintKeeper['keep'];
  /** Merges a batch into the data of this node. */
  readonly takeOver: (batch: Buffer) => void;
  /** Calls `then` when what was changed up to now is logged. */
  readonly whenLogged: (then: () => void) => void;
}

/**
 * What was kept for a member that is none any more concerns whoever holds its keys now: this node takes its part at once, and keeps theirs for the others, as hints. `settle` is called once, later, with
 * whether all of that is kept. A batch may come more than once: it is merged.
 */
export function passOn(batch: Buffer, options: HeirsOptions, settle: (isKept: boolean) => void): void {
  const { self, keep, takeOver, whenLogged } = options;
  const ring = options.ring();
  const whole = new BatchParts();
  whole.add(EVERY_GROUP, false, batch.length);
  const { parts } = regroup({ bytes: batch, parts: whole }, ring);
  const shipment = new Shipment(0, batch, parts, 0);
  let waiting = 1;
  let isLost = false;
  const settleOne = (isKept: boolean): void => {
    isLost ||= !isKept;
    if (--waiting === 0) settle(!isLost);
  };
  ring.members.forEach(({ id }, index) => {
    const groups = ring.groups.flatMap(({ members }, group) => (members.includes(index) ? [group] : []));
    const concerns = concernsOf(new Set(groups));
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
