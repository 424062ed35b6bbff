import type { Timer, Timers } from '../../host/ports.js';
import type { RingDocument } from '../ring/ring-document.js';
import type { RingVersion } from '../ring/ring-version.js';
import { compareRingVersions } from '../ring/ring-version.js';

/** So long a node that has a ring waits for the others, and for one that joins by it, which opens its data first. */
const PATIENCE_MS = 250;
const NEWCOMER_PATIENCE_MS = 1000;

export interface RingStartOptions {
  readonly timers: Timers;
  /** The node acts by the ring from now on. */
  readonly act: (ring: RingDocument) => void;
}

/**
 * When a node acts by a ring that it has kept: as soon as all others have kept it, too, so that nobody who acts by it waits for the disk of one that does not yet.
 *
 *     who has had it decided   all others say that they have it  ─┐
 *     who is told              one is heard of who acts by it    ─┼─▶ acts by it
 *     both                     PATIENCE_MS are over              ─┘
 *
 * If somebody joins by it who was in no ring before, all wait until that one is heard of, or NEWCOMER_PATIENCE_MS are over: it is to have its data open when others need its answers. Until then quorums
 * of the slots that it is to hold would rest on one member less.
 *
 * It is about time alone: by what is said above, rings may be acted by in any order (ring-change.ts). A newer ring takes the place of one that waits.
 */
export class RingStart {
  private readonly options: RingStartOptions;
  private waiting: RingDocument | undefined;
  private timer: Timer | undefined;

  constructor(options: RingStartOptions) {
    this.options = options;
  }

  /** The node has kept this ring, the newest one. `hasNewcomer`: somebody joins by it. */
  kept(ring: RingDocument, hasNewcomer: boolean): void {
    this.stop();
    this.waiting = ring;
    this.timer = this.options.timers.after(hasNewcomer ? NEWCOMER_PATIENCE_MS : PATIENCE_MS, () => this.due(ring));
  }

  /** Somebody acts by a ring of this version, or all have it. */
  due(version: RingVersion): void {
    const { waiting } = this;
    if (waiting === undefined || compareRingVersions(version, waiting) < 0) return;
    this.stop();
    this.options.act(waiting);
  }

  stop(): void {
    this.timer?.cancel();
    this.waiting = undefined;
  }
}
