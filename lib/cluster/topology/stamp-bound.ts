/**
 * How far the stamps of a member of a ring may have come, where a power failure leaves it:
 *
 *     <dir>/cluster/stamps      stamp-file.ts
 *
 * Others have seen stamps that the end of a log had which a power failure has taken. If the wall clock was set back meanwhile, they would be given once more, for
 * something else.
 *
 *  1. No stamp above the bound is given before a higher one is durable.
 *  2. It is moved in the background, long before it is reached, to a second ahead of the clock. While nobody uses the clock, it stays.
 *  3. While the disk is slow, or the wall clock has just been set ahead, the clock stands still before the bound, and counts (`HybridClock`). Where that does not do, the
 *     bound is moved at once, and waited for.
 *  4. After a clean end the file has the last stamp. After any other one the start waits until the wall clock has passed the bound, a second at most: else each of
 *     many starts would take the clock a second further ahead of the wall clock.
 *  5. As long as it cannot be moved, `failure` says why: nothing is to be written then, and who is further than the bound not to be listened to.
 */

import { DiskError } from '../../base/errors.js';
import type { HybridClock, StampGuard } from '../../base/stamp.js';
import { STAMPS_PER_MS, firstStampOf, stampMs } from '../../base/stamp.js';
import type { StampState } from './stamp-file.js';
import { StampFile } from './stamp-file.js';
import type { Clock, Disk, Timer, Timers } from '../../host/ports.js';

/** How far the bound is ahead, at most. */
const LEAD_MS = 1000;
const LOOK_EVERY_MS = 100;
/** A clock that has not moved for so long is not in use. */
const IDLE_US = 60_000_000;

export interface StampBoundOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly timers: Timers;
  /** The data directory. */
  readonly directory: string;
  readonly stamps: HybridClock;
  /** A line for the server's log. */
  readonly report: (message: string) => void;
}

export class StampBound implements StampGuard {
  /** Why the bound cannot be moved, for as long as that is so. */
  failure: string | undefined;
  private readonly options: StampBoundOptions;
  private readonly file: StampFile;
  private timer: Timer | undefined;
  private isMoving = false;
  private isClosed = false;
  private seenStamp = 0;
  private usedAtUs = 0;

  constructor(options: StampBoundOptions) {
    this.options = options;
    this.file = new StampFile(options.disk, options.directory);
  }

  /** Resolves when the clock is ahead of all stamps that it may have given before. Rejects with CorruptionError and DiskError. */
  async open(): Promise<void> {
    const { disk, clock, stamps, timers, directory } = this.options;
    this.file.prepare();
    const state = StampFile.read(disk, directory);
    if (state !== undefined) {
      stamps.observe(state.bound);
      await this.waitOut(state);
    }
    stamps.tick();
    stamps.keepWithin(state?.bound ?? 0, this);
    this.usedAtUs = clock.monotonicUs();
    this.timer = timers.every(LOOK_EVERY_MS, () => {
      this.look();
    });
    await this.move();
  }

  /** The process ends, and gives no stamp any more. */
  close(): void {
    const { stamps } = this.options;
    this.timer?.cancel();
    this.isClosed = true;
    stamps.keepWithin(stamps.latest, this);
    try {
      this.file.writeNow({ bound: stamps.latest, isExact: true });
      this.file.close();
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      this.options.report(`The last stamp could not be kept, the next start will take a second more: ${error.message}`);
    }
  }

  onApproach(): void {
    void this.move();
  }

  raise(stamp: number): number {
    const bound = this.newBound(stamp);
    this.file.writeNow({ bound, isExact: false });
    return bound;
  }

  private async waitOut({ bound, isExact }: StampState): Promise<void> {
    const { clock, timers, report } = this.options;
    const aheadMs = stampMs(bound) + 1 - clock.wallMs();
    if (isExact || aheadMs <= 0) return;
    if (aheadMs > LEAD_MS)
      report(`The wall clock is ${aheadMs} ms behind the stamps of this node, which go on from there`);
    await new Promise<void>((resolve) => {
      timers.after(Math.min(aheadMs, LEAD_MS), resolve);
    });
  }

  /** Ten times a second. */
  private look(): void {
    const { clock, stamps } = this.options;
    stamps.tick();
    const nowUs = clock.monotonicUs();
    if (stamps.latest !== this.seenStamp) this.usedAtUs = nowUs;
    this.seenStamp = stamps.latest;
    if (this.failure !== undefined || (nowUs - this.usedAtUs < IDLE_US && this.isNear())) void this.move();
  }

  private isNear(): boolean {
    const { stamps } = this.options;
    return this.newBound(stamps.latest) - stamps.bound > (LEAD_MS / 2) * STAMPS_PER_MS;
  }

  private newBound(stamp: number): number {
    return Math.max(stamp, firstStampOf(this.options.stamps.nowMs)) + LEAD_MS * STAMPS_PER_MS;
  }

  /** Moves the bound in the background, unless that is under way. */
  private async move(): Promise<void> {
    if (this.isMoving || this.isClosed) return;
    this.isMoving = true;
    const { stamps } = this.options;
    const bound = this.newBound(stamps.latest);
    try {
      if (await this.file.writeLater({ bound, isExact: false })) {
        stamps.keepWithin(Math.max(bound, stamps.bound), this);
      }
      this.failure = undefined;
    } catch (error) {
      this.fail(error);
    } finally {
      this.isMoving = false;
    }
    // A slow disk: it is late already.
    if (this.failure === undefined && this.isNear()) await this.move();
  }

  private fail(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (this.failure === undefined) {
      this.options.report(
        `How far the clock has come cannot be kept, writes are refused as long as that is so: ${message}`,
      );
    }
    this.failure = message;
  }
}
