/**
 * Which members have their data: whoever has just been started is alive and connected before it has read its log, and serves nobody until then.
 *
 *     PRESENT = isQuestion:u8          this member has its data; and, if it is a question: say so, if you have yours
 *
 * It is said to all when a node has its data, and to each with whom it connects. A connection that breaks may have been a restart: what was known is forgotten.
 */

import { BytesPayload } from '../cluster/bus/payload.js';
import type { MemberLinks } from '../cluster/coordination/ports.js';
import type { RingMessage } from '../cluster/coordination/versioned-links.js';
import { MessageKind } from '../cluster/message-kind.js';
import type { MemberId } from '../cluster/ring/member.js';

const QUESTION = new BytesPayload(Uint8Array.of(1));
const STATEMENT = new BytesPayload(Uint8Array.of(0));

export class RingPresence {
  private readonly links: MemberLinks;
  private readonly present = new Set<MemberId>();
  private isOpen = false;

  constructor(links: MemberLinks) {
    this.links = links;
  }

  /** This node has its data. */
  open(others: readonly MemberId[]): void {
    this.isOpen = true;
    for (const member of others) this.links.send(member, MessageKind.PRESENT, QUESTION);
  }

  has(member: MemberId): boolean {
    return this.present.has(member);
  }

  /** A connection to a member was made. */
  connected(member: MemberId): void {
    this.present.delete(member);
    if (this.isOpen) this.links.send(member, MessageKind.PRESENT, QUESTION);
  }

  /** It is gone. */
  lost(member: MemberId): void {
    this.present.delete(member);
  }

  /** PRESENT. */
  onPresent({ from, buffer, start, end }: RingMessage): void {
    this.present.add(from);
    if (this.isOpen && end > start && buffer[start] !== 0) this.links.send(from, MessageKind.PRESENT, STATEMENT);
  }
}
