import type { MemberId } from '../ring/member.js';
import type { RingMessage } from './versioned-links.js';

/** What is for all that waits; what comes beyond that is lost, as it is with a connection that breaks. */
const KEPT_BYTES_MAX = 16 * 1024 * 1024;

type Take = (message: RingMessage) => void;

interface Early {
  readonly message: RingMessage;
  readonly take: Take;
}

/**
 * Messages that were sent by a newer ring than this node acts by. They wait until it does, and those behind them of the same member with them: what it answered before would be by the older
 * ring, and be refused, and who has asked would wait for nothing.
 */
export class EarlyMessages {
  private readonly byMember = new Map<MemberId, Early[]>();
  private bytes = 0;

  /** Whether something of a member waits: what it sends now comes behind that. */
  has(member: MemberId): boolean {
    return this.byMember.has(member);
  }

  /** Keeps a copy of a message, which `take` is to be given. */
  keep(message: RingMessage, take: Take): void {
    const { from, buffer, start, end } = message;
    if (this.bytes + end - start > KEPT_BYTES_MAX) return;
    this.bytes += end - start;
    const kept = { from, buffer: Buffer.from(buffer.subarray(start, end)), start: 0, end: end - start };
    const waiting = this.byMember.get(from);
    if (waiting === undefined) this.byMember.set(from, [{ message: kept, take }]);
    else waiting.push({ message: kept, take });
  }

  /** Gives all that waits to who takes it, that of each member in its order. What is still early may be kept again. */
  release(): void {
    const due = [...this.byMember.values()].flat();
    this.byMember.clear();
    this.bytes = 0;
    for (const { message, take } of due) take(message);
  }
}
