import type { Liveness } from '../../cluster/gossip/member.js';
import type { Address, MemberId } from '../../cluster/ring/member.js';
import type { RingDocument } from '../../cluster/ring/ring-document.js';
import type { RingVersion } from '../../cluster/ring/ring-version.js';
import type { Ring } from '../../cluster/ring/ring.js';
import type { PeerLink } from '../../commands/ring-ports.js';
import type { TlsSettings } from '../../host/ports.js';
import type { RingLinks } from './ring-links.js';

/** What the ring must know of a member's data before it is changed. */
export interface RingData {
  /** Whether this node holds any key, or may: it has not read its data yet. */
  holdsData(): boolean;
  /** No client's write is taken for so long. */
  pauseWrites(durationMs: number): void;
}

/** What is known of a member beside what the ring says. */
export interface RingPeer {
  readonly liveness: Liveness | 'unknown';
  readonly link: PeerLink;
}

/** What makes a node a member of a ring. */
export interface RingMembership {
  readonly self: MemberId;
  readonly ring: Ring;
  readonly links: RingLinks;
  /** Where a member is now. REQUIRES, as of `peer`: it is one of the ring, this node or another. */
  addressOf(member: MemberId): Address;
  peer(member: MemberId): RingPeer;
  /** The node has its data. */
  attach(data: RingData): void;
  /** The data was read. Who has just joined has kept quiet until now: as soon as others hear of it, they act by the ring that it has joined (cluster/topology/ring-start.ts). */
  enter(): void;
  /** Says good-bye, so that the others send nothing here any more. Resolves when they have had time to hear it. */
  leave(): Promise<void>;
  /** Certificates have been read anew. */
  renewTls(tls: TlsSettings): void;
  /** Nothing is sent, and nothing comes, from now on. */
  stop(): void;
  /** A member has a ring of this version, which is newer. */
  heardOf(version: RingVersion, member: MemberId): void;
  /** Called with each newer ring. */
  onRing(listener: (ring: Ring) => void): void;
  /** Called when this node is no member of the newest ring any more. */
  onGone(listener: () => void): void;
  /** Has the voters decide about `next`, which is to follow `ring`. `onEnd` is called once, with the reason if it was not decided, or if that is not known. */
  change(ring: RingDocument, next: RingDocument, onEnd: (reason: string | undefined) => void): void;
  /** Has the next node that joins take the place of a member. `onEnd` is called once, with the reason if that is not so. */
  replace(member: MemberId, onEnd: (reason: string | undefined) => void): void;
  /** Whose place the next node takes that joins, as far as this one has heard. */
  readonly toBeReplaced: MemberId | undefined;
  /** Has the next node that joins take nobody's place. `onEnd` is called once, with the reason if that is not so, or not known of all. */
  replaceNobody(onEnd: (reason: string | undefined) => void): void;
  /** Asks a member for the newest ring. */
  refresh(member: MemberId): void;
}
