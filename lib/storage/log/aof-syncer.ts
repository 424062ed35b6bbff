/**
 * Makes the segments of the append-only file durable: in order, one sync at a time.
 *
 *   oldest                                   newest
 *   [ retired ] [ retired ] ................ [ appended to ]
 *     ^ synced next                            ^ synced when asked to, once all before it are durable
 *
 * 1. A segment's bytes count as durable only when all earlier segments and its own name in the directory are.
 * 2. Retired segments, and the header of a new one, are synced without being asked.
 * 3. One sync runs at a time and covers all that was appended before it began. What is asked for meanwhile is served by the
 *    one after it: so any number of writers share it (group commit).
 * 4. When the last retired segment has become durable, the log is told (`onSealable`) before the newest is synced: the seal
 *    that it then writes is durable before anything in the newest segment is reported to be.
 * 5. A retired segment is let go of when it is durable and the name of the one after it is: what it holds may then go to tables.
 *    Sooner, a crash could leave tables that know more than the log, or a log that does not go on behind them.
 * 6. After a failure nothing is synced any more: the kernel may have dropped the pages that it could not write, and a
 *    second sync of them would succeed.
 */

import type { Disk } from '../../host/ports.js';
import type { AofSegment } from './aof-segment.js';

export interface SyncerEvents {
  /** All segments but the newest are durable. */
  readonly onSealable: () => void;
  /** The log is durable up to this position. */
  readonly onSynced: (position: number) => void;
  readonly onFailed: (cause: unknown) => void;
}

/** Someone who waits until `bytes` of `segment` are durable. */
interface Waiter {
  readonly segment: AofSegment;
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Someone who waits until the retired segment `number` is let go of. */
interface RetirementWaiter {
  readonly number: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class AofSyncer {
  /** The log is durable up to here. */
  syncedPosition: number;

  private readonly disk: Disk;
  private readonly directory: string;
  private readonly events: SyncerEvents;
  /** Oldest first; the last is the one that is appended to. */
  private readonly segments: AofSegment[];
  private newest: AofSegment;
  private wantedPosition = 0;
  private isRunning = false;
  private isStopped = false;
  private waiters: Waiter[] = [];
  private retirementWaiters: RetirementWaiter[] = [];

  /** REQUIRES: all of `segment`, and everything before it, is durable. */
  constructor(disk: Disk, directory: string, segment: AofSegment, events: SyncerEvents) {
    this.disk = disk;
    this.directory = directory;
    this.events = events;
    this.segments = [segment];
    this.newest = segment;
    this.syncedPosition = segment.position;
  }

  /** Is all that was appended durable? */
  get isDurable(): boolean {
    return this.segments.length === 1 && this.newest.syncedBytes > 0 && this.syncedPosition === this.newest.position;
  }

  /** From now on `segment` is the one that is appended to; the one before is made durable. */
  add(segment: AofSegment): void {
    this.segments.push(segment);
    this.newest = segment;
    this.run();
  }

  /** Makes everything appended so far durable, sooner or later. */
  request(): void {
    this.wantedPosition = this.newest.position;
    this.run();
  }

  /** The same; resolves when it is. Rejects with the reason of `stop`. */
  sync(): Promise<void> {
    if (this.isDurable) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.waiters.push({ segment: this.newest, bytes: this.newest.sizeBytes, resolve, reject });
      this.request();
    });
  }

  /** Has the retired segment `number` been let go of? */
  hasRetired(number: number): boolean {
    return number < this.segments[0].number;
  }

  /** Resolves when it has. Rejects with the reason of `stop`. REQUIRES: it has not, and nothing was stopped. */
  whenRetired(number: number): Promise<void> {
    return new Promise((resolve, reject) => this.retirementWaiters.push({ number, resolve, reject }));
  }

  /** Syncs nothing any more; whoever waits is told `reason`. What is under way ends unheard. */
  stop(reason: Error): void {
    this.isStopped = true;
    const waiters = [...this.waiters, ...this.retirementWaiters];
    this.waiters = [];
    this.retirementWaiters = [];
    for (const waiter of waiters) waiter.reject(reason);
  }

  closeFiles(): void {
    for (const segment of this.segments) segment.file.close();
  }

  /** Starts the next sync, if there is one to do and none runs. */
  private run(): void {
    if (this.isRunning || this.isStopped) return;
    const { newest } = this;
    if (!newest.isNameDurable) {
      this.start(this.disk.syncDirectoryLater(this.directory), () => (newest.isNameDurable = true));
      return;
    }
    this.dropRetired();
    const segment = this.segments[0];
    if (this.isStopped || !this.needsSync(segment)) return;
    const bytes = segment.sizeBytes;
    const { position, cuts } = segment;
    this.start(segment.file.sync(), () => {
      segment.syncedCuts = cuts;
      this.onDurable(segment, bytes, position);
    });
  }

  private needsSync(segment: AofSegment): boolean {
    if (segment !== this.newest || segment.syncedBytes === 0) return true;
    return this.wantedPosition > this.syncedPosition;
  }

  /** Lets go of the retired segments that are durable. */
  private dropRetired(): void {
    while (this.segments.length > 1 && this.segments[0].isDurable) {
      this.segments.shift()?.file.close();
      this.settleRetirementWaiters();
      if (this.segments.length === 1) this.events.onSealable();
    }
  }

  private start(work: Promise<void>, done: () => void): void {
    this.isRunning = true;
    const settle = (then: () => void): void => {
      this.isRunning = false;
      if (this.isStopped) return;
      then();
      this.run();
    };
    work.then(
      () => settle(done),
      (cause: unknown) => settle(() => this.events.onFailed(cause)),
    );
  }

  private onDurable(segment: AofSegment, bytes: number, position: number): void {
    segment.syncedBytes = bytes;
    const isNews = position > this.syncedPosition;
    this.syncedPosition = position;
    this.settleWaiters();
    if (isNews) this.events.onSynced(position);
  }

  private settleWaiters(): void {
    const isServed = ({ segment, bytes }: Waiter): boolean => segment.syncedBytes >= bytes;
    const served = this.waiters.filter(isServed);
    this.waiters = this.waiters.filter((waiter) => !isServed(waiter));
    for (const waiter of served) waiter.resolve();
  }

  private settleRetirementWaiters(): void {
    const isServed = ({ number }: RetirementWaiter): boolean => this.hasRetired(number);
    const served = this.retirementWaiters.filter(isServed);
    this.retirementWaiters = this.retirementWaiters.filter((waiter) => !isServed(waiter));
    for (const waiter of served) waiter.resolve();
  }
}
