/** What replication needs of the rest. */

import type { Payload } from '../bus/payload.js';
import type { MemberId } from '../ring/member.js';

/** Messages between members, by kind. */
export interface ReplicaLinks {
  /** Queues a message, which leaves at the end of the turn. False if there is no connection, or too much waits for it already. */
  send(member: MemberId, kind: number, payload: Payload): boolean;
}

/** What members have missed, kept for them. */
export interface HintKeeper {
  /**
   * Keeps `batch`, the records that concern a member which did not take them. False if it is not kept: there is no room. `then` is called when it
   * is durable, or cannot be made so; later, never at once.
   */
  keep(member: MemberId, batch: Buffer, then?: (isDurable: boolean) => void): boolean;
}
