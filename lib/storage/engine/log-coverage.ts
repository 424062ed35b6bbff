/**
 * How much of what is in memory the log holds, and how much of that the tables do.
 *
 *     no log ──begin──▶ beginning ──finish──▶ logging ──end──▶ no log
 *        ▲                  │
 *        └─────abandon──────┘
 *
 *  1. Everything stamped up to `flushedStamp` is in tables, but for what came late: what others have stamped lies below stamps that are in the log already.
 *     Its lowest stamp is known for as long as it is not in tables (late-stamps.ts).
 *  2. What came late is first in memory alone (`noteUnlogged`), then in a segment (`noteLogged`).
 *  3. While a log is being begun, the segments that are closed hold less than all; what came late before that is in memory alone until `begunUpTo`.
 */

import { LateStamps } from './late-stamps.js';

export class LogCoverage {
  /** Everything in memory stamped up to this is in tables. */
  flushedStamp = 0;
  private logging: boolean;
  private beginning = false;
  private readonly late = new LateStamps();
  /** The lowest stamp of what others have stamped and is in memory alone. */
  private unlogged = Infinity;
  /** The same of what came while there was no log, until a log that is begun holds it. */
  private unbegun = Infinity;

  constructor(isLogging: boolean) {
    this.logging = isLogging;
  }

  /** Whether what changes is appended to the log. */
  get isLogging(): boolean {
    return this.logging;
  }

  /** Whether a log is being begun: it does not hold all that is in memory yet. */
  get isBeginning(): boolean {
    return this.beginning;
  }

  /** What the directory says, which is being opened. */
  open(isLogging: boolean): void {
    this.logging = isLogging;
  }

  /** From now on what changes is appended; what is in memory already is yet to be. */
  begin(): void {
    this.logging = this.beginning = true;
    this.unbegun = this.unlogged;
    this.unlogged = Infinity;
  }

  /** The log holds all that is in memory. */
  finish(): void {
    this.beginning = false;
  }

  /** What was in memory when the log was begun is in segment `segment`, or before. REQUIRES: as for LateStamps.note. */
  begunUpTo(segment: number): void {
    this.late.note(segment, this.unbegun);
    this.unbegun = Infinity;
  }

  /** The log was not begun after all, if it was being begun. */
  abandon(): void {
    if (!this.beginning) return;
    this.logging = this.beginning = false;
    this.noteUnlogged(this.unbegun);
    this.unbegun = Infinity;
  }

  /** From now on nothing is appended. */
  end(): void {
    this.logging = false;
  }

  /** There are changes in memory that others have stamped, this the lowest stamp, and that are not appended yet. */
  noteUnlogged(stamp: number): void {
    this.unlogged = Math.min(this.unlogged, stamp);
  }

  /** Whether there are some. */
  get hasUnlogged(): boolean {
    return this.unlogged !== Infinity || this.unbegun !== Infinity;
  }

  /** All of these were appended. */
  clearUnlogged(): void {
    this.unlogged = Infinity;
  }

  /** A segment of the log holds changes that others have stamped, this the lowest stamp. REQUIRES: as for LateStamps.note. */
  noteLogged(segment: number, stamp: number): void {
    this.late.note(segment, stamp);
  }

  /** Nobody asks about segment `segment` and those before it any more. */
  forgetUpTo(segment: number): void {
    this.late.forget(segment);
  }

  /** The lowest stamp of what came late and is not in the tables of the log up to `segment`; Infinity if there is none. */
  lowestLate(segment: number): number {
    return Math.min(this.unlogged, this.unbegun, this.late.lowestBehind(segment));
  }
}
