/**
 * What is taken of a member that was away for too long, and by it (cluster/topology/absence.ts, 3): what rebuilds it, and nothing else of data.
 *
 *     it ─▶ the others      what it has, compared and offered; what it pulls; how far it is
 *     the others ─▶ it      answers to that; chunks; how far they are
 */

import { MessageKind } from '../../cluster/message-kind.js';
import type { MemberId } from '../../cluster/ring/member.js';
import type { Ring } from '../../cluster/ring/ring.js';

const OF_ANYBODY = [MessageKind.FILLED, MessageKind.PUBLISH, MessageKind.INQUIRE, MessageKind.INFORM];

const FROM_IT: ReadonlySet<number> = new Set<number>([
  ...OF_ANYBODY,
  MessageKind.COMPARE_ROOTS,
  MessageKind.COMPARE_SLOTS,
  MessageKind.COMPARE_LEAVES,
  MessageKind.COMPARE_KEYS,
  MessageKind.TAKE_ENTRIES,
  MessageKind.BOUNDS,
  MessageKind.PULL,
  MessageKind.TAKEN,
]);

const TO_IT: ReadonlySet<number> = new Set<number>([
  ...OF_ANYBODY,
  MessageKind.COMPARED,
  MessageKind.CHUNK,
  MessageKind.UNABLE,
]);

/** Whether the member `self` takes a message of a kind, as far as absences matter. */
export function isTakenDespiteAbsence({ absent }: Ring, self: MemberId, from: MemberId, kind: number): boolean {
  if (absent.size === 0) return true;
  return (!absent.has(from) || FROM_IT.has(kind)) && (!absent.has(self) || TO_IT.has(kind));
}
