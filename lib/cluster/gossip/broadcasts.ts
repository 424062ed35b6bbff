/**
 * News on its way to others: each piece is sent a limited number of times, on the back of whatever datagram has room.
 *
 * There is one piece about a member at most: newer news takes the place of the older. What was sent least often goes first, among equals the newest
 * (SWIM, section 4.1).
 */

import type { MemberId } from '../ring/member.js';

interface Broadcast {
  readonly id: MemberId;
  readonly bytes: Buffer;
  readonly sequence: number;
  sentCount: number;
}

export class Broadcasts {
  private readonly queue = new Map<MemberId, Broadcast>();
  private sequence = 0;

  get size(): number {
    return this.queue.size;
  }

  /** Queues an encoded piece of news about the member `id`. */
  add(id: MemberId, bytes: Buffer): void {
    this.queue.set(id, { id, bytes, sequence: this.sequence++, sentCount: 0 });
  }

  /** There is nothing more to say about this member. */
  drop(id: MemberId): void {
    this.queue.delete(id);
  }

  /** Offers what is queued, in order, to `put`, which says whether it had room. What has been taken `transmitLimit` times goes. */
  take(transmitLimit: number, put: (bytes: Buffer) => boolean): void {
    if (this.queue.size === 0) return;
    const inOrder = [...this.queue.values()].sort((a, b) => a.sentCount - b.sentCount || b.sequence - a.sequence);
    for (const broadcast of inOrder) {
      if (!put(broadcast.bytes)) continue;
      broadcast.sentCount++;
      if (broadcast.sentCount >= transmitLimit) this.queue.delete(broadcast.id);
    }
  }
}
