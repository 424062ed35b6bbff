import { RingView } from '../../cluster/coordination/ring-view.js';
import type { MemberId } from '../../cluster/ring/member.js';
import type { RingVersion } from '../../cluster/ring/ring-version.js';
import { compareRingVersions } from '../../cluster/ring/ring-version.js';
import type { Ring } from '../../cluster/ring/ring.js';

/** Which ring a node acts by, and what it has heard of newer ones. */
export class RingInForce {
  /** The ring that the node acts by, and who can be reached. Another object with each ring. */
  view: RingView;
  /** A newer ring, which the node has, and does not act by yet. */
  next: Ring | undefined;
  private readonly self: MemberId;
  private readonly isUp: (member: MemberId) => boolean;
  /** Of the newest ring that anybody has been heard to have. */
  private newestVersion: RingVersion;

  /** See RingView. */
  constructor(ring: Ring, self: MemberId, isUp: (member: MemberId) => boolean) {
    this.self = self;
    this.isUp = isUp;
    this.view = new RingView(ring, self, isUp);
    this.newestVersion = ring.document;
  }

  get version(): RingVersion {
    return this.view.ring.document;
  }

  /** Whether nobody was heard of who has a newer ring than the one in force. */
  get isNewest(): boolean {
    return compareRingVersions(this.version, this.newestVersion) >= 0;
  }

  /** Somebody has a ring of this version. */
  heardOf(version: RingVersion): void {
    if (compareRingVersions(version, this.newestVersion) > 0) this.newestVersion = version;
  }

  /** This node has a newer ring. */
  offer(ring: Ring): void {
    this.heardOf(ring.document);
    this.next = ring;
  }

  /** From now on the node acts by `ring`. */
  use(ring: Ring): void {
    this.next = undefined;
    this.view = new RingView(ring, this.self, this.isUp);
  }

  /** The other members. */
  others(): MemberId[] {
    return this.view.ring.members.map(({ id }) => id).filter((id) => id !== this.self);
  }
}
