import type { Timer, Timers } from '../../host/ports.js';
import type { MemberId } from '../ring/member.js';
import type { RingDocument } from '../ring/ring-document.js';
import type { RingVersion } from '../ring/ring-version.js';
import { compareRingVersions } from '../ring/ring-version.js';

/** After so long it is asked for again. */
const AGAIN_MS = 2000;

export interface RingPursuitOptions {
  readonly timers: Timers;
  /** This node. */
  readonly self: MemberId;
  /** The newest ring that this node has; undefined before it is in one. */
  readonly ring: () => RingDocument | undefined;
  /** Asks a member for the newest ring. It may not answer, and what it gives may not be kept. */
  readonly fetch: (member: MemberId) => void;
}

/**
 * Gets the newest ring that this node has heard of: it is told of it once, so it asks until it has it, first who was said to have it, then the members, one after the
 * other.
 */
export class RingPursuit {
  private readonly options: RingPursuitOptions;
  private wanted: RingVersion | undefined;
  /** Who is said to have it. */
  private source: MemberId | undefined;
  private attempts = 0;
  private timer: Timer | undefined;

  constructor(options: RingPursuitOptions) {
    this.options = options;
  }

  /** `member` has a ring of this version. */
  heardOf(version: RingVersion, member: MemberId): void {
    if (!this.isNews(version)) return;
    this.begin(version, member);
    this.ask();
  }

  /** There is a ring of this version, which this node could not keep. */
  missed(version: RingVersion): void {
    if (!this.isNews(version)) return;
    this.begin(version, undefined);
    this.askLater();
  }

  stop(): void {
    this.timer?.cancel();
    this.wanted = undefined;
  }

  private isNews(version: RingVersion): boolean {
    const known = this.hasWanted ? this.options.ring() : this.wanted;
    return known !== undefined && compareRingVersions(version, known) > 0;
  }

  private get hasWanted(): boolean {
    const ring = this.options.ring();
    return this.wanted === undefined || (ring !== undefined && compareRingVersions(ring, this.wanted) >= 0);
  }

  private begin(version: RingVersion, source: MemberId | undefined): void {
    this.wanted = version;
    this.source = source;
    this.attempts = 0;
    this.timer?.cancel();
  }

  private ask(): void {
    const { self, ring, fetch } = this.options;
    const members = ring()?.members.map(({ id }) => id) ?? [];
    const sources = members.filter((id) => id !== self && id !== this.source);
    if (this.source !== undefined) sources.unshift(this.source);
    this.askLater();
    if (sources.length > 0) fetch(sources[this.attempts++ % sources.length]);
  }

  private askLater(): void {
    this.timer = this.options.timers.after(AGAIN_MS, () => {
      if (this.hasWanted) this.stop();
      else this.ask();
    });
  }
}
