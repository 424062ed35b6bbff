/**
 * Which members serve as replicas. Whoever has just been started is alive and connected before it has read its log, and serves nobody until then; nor does a
 * member whose log takes nothing, because its disk is full or has failed: what it holds in memory, a crash may take back.
 *
 *     PRESENT = flags:u8          ASKS: say what you are, if you have your data.  AWAY: this member does not serve; without it: it does
 *
 * It is said to all when a node has its data, or serves no longer, or again, or acts by another ring, whose members may not have been told; and to each with whom it
 * connects. A connection that breaks may have been a restart: what was known is forgotten.
 */

import { BytesPayload } from '../../cluster/bus/payload.js';
import type { MemberLinks } from '../../cluster/coordination/ports.js';
import type { RingMessage } from '../../cluster/coordination/versioned-links.js';
import { MessageKind } from '../../cluster/message-kind.js';
import type { MemberId } from '../../cluster/ring/member.js';

const ASKS = 1;
const AWAY = 2;

export class RingPresence {
  private readonly links: MemberLinks;
  private readonly present = new Set<MemberId>();
  /** Whom this node has told, by the connection that there is, and whether that was that it is away. */
  private readonly told = new Map<MemberId, boolean>();
  private isOpen = false;
  private isAway = false;

  constructor(links: MemberLinks) {
    this.links = links;
  }

  /** This node has its data. */
  open(others: readonly MemberId[]): void {
    this.isOpen = true;
    for (const member of others) this.tell(member, ASKS);
  }

  /** These are the other members now: who was told something else, or nothing, is told. */
  introduce(others: readonly MemberId[]): void {
    for (const member of others) if (this.told.get(member) !== this.isAway) this.tell(member, ASKS);
  }

  /** This node serves from now on, or does not. */
  setAway(isAway: boolean, others: readonly MemberId[]): void {
    this.isAway = isAway;
    for (const member of others) this.tell(member, 0);
  }

  has(member: MemberId): boolean {
    return this.present.has(member);
  }

  /** A connection to a member was made. */
  connected(member: MemberId): void {
    this.present.delete(member);
    this.tell(member, ASKS);
  }

  /** It is gone. */
  lost(member: MemberId): void {
    this.present.delete(member);
    this.told.delete(member);
  }

  /** PRESENT. */
  onPresent({ from, buffer, start, end }: RingMessage): void {
    const flags = end > start ? buffer[start] : 0;
    if ((flags & AWAY) === 0) this.present.add(from);
    else this.present.delete(from);
    if ((flags & ASKS) !== 0) this.tell(from, 0);
  }

  private tell(member: MemberId, flags: number): void {
    if (!this.isOpen) return;
    const { isAway } = this;
    const payload = new BytesPayload(Uint8Array.of(flags | (isAway ? AWAY : 0)));
    if (this.links.send(member, MessageKind.PRESENT, payload)) this.told.set(member, isAway);
  }
}
