import { assert } from '../base/assert.js';
import type { Tally, TallyWaiter } from '../cluster/replication/tally.js';
import type { Output } from '../protocol/reply-writer.js';
import type { Connection } from './connection.js';
import type { ReplySpans } from './reply-spans.js';
import type { ReplyMarks } from './ring/reply-marks.js';

const NO_ROOM = '-TIMEOUT the disk is full: the outcome is unknown\r\n';

/** A reply that was given up: the bytes [start, end) of the output, and what stands for them. */
interface Replacement {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** What a connection was answered in one turn, and may not be told yet: for each of its `waits` somebody calls `settle` once. */
export class HeldReply implements TallyWaiter {
  readonly connection: Connection;
  private readonly output: Output;
  private waits = 0;
  private marks: ReplyMarks | undefined;
  /** By mark. */
  private tallies: (Tally | undefined)[] = [];
  /** What waits for room on the disk, if anything does. */
  private unlogged: ReplySpans | undefined;
  private replacements: Replacement[] = [];

  constructor(connection: Connection, output: Output) {
    this.connection = connection;
    this.output = output;
  }

  /** Bytes of the output, as it was held. */
  get length(): number {
    return this.output.length;
  }

  /** Whether it may leave when those before it have left. */
  get isReady(): boolean {
    return this.waits === 0;
  }

  /** There is one thing more that it waits for. */
  await(): void {
    this.waits++;
  }

  /** It waits for the log, which has no room now, with what it says in `spans`. */
  awaitRoom(spans: ReplySpans): void {
    this.unlogged = spans;
    this.await();
  }

  /** It waits for replicas: mark i for `tallies[i]`, if that is open. */
  awaitTallies(marks: ReplyMarks, tallies: (Tally | undefined)[]): void {
    this.marks = marks;
    this.tallies = tallies;
    this.waits += new Set(tallies.filter((tally) => tally !== undefined)).size;
  }

  /** One thing that it waited for has come to pass. */
  settle(): void {
    this.endWait();
    if (this.waits === 0) this.connection.scheduleRelease();
  }

  /** The same, outside of a turn: what is ready leaves at once. */
  settleNow(): void {
    this.endWait();
    if (this.waits === 0) this.connection.releaseHeld();
  }

  giveUp(tally: Tally): void {
    const { marks } = this;
    const text = `-TIMEOUT need ${tally.needed} replicas, had ${tally.count} in time: the outcome is unknown\r\n`;
    for (let i = 0; marks !== undefined && i < marks.count; i++) {
      if (this.tallies[i] === tally) this.replace(marks.starts[i], marks.ends[i], text);
    }
    this.settle();
  }

  /** It does not wait for room any longer: nobody knows whether what it says will be logged. */
  giveUpRoom(): void {
    const { unlogged } = this;
    for (let i = 0; unlogged !== undefined && i < unlogged.count; i++) {
      this.replace(unlogged.starts[i], unlogged.ends[i], NO_ROOM);
    }
    this.settle();
  }

  private replace(start: number, endMax: number, text: string): void {
    const end = Math.min(endMax, this.output.length);
    if (end > start) this.replacements.push({ start, end, text });
  }

  private endWait(): void {
    assert(this.waits > 0, 'a reply is settled as often as it waits');
    this.waits--;
  }

  /** What leaves. */
  finish(): Output {
    const { output } = this;
    if (this.replacements.length === 0) return output;
    const pieces: Buffer[] = [];
    let at = 0;
    for (const { start, end, text } of this.replacements.toSorted((a, b) => a.start - b.start)) {
      if (start < at) continue; // one reply may wait for several groups, or for room as well
      pieces.push(output.buffer.subarray(at, start), Buffer.from(text, 'latin1'));
      at = end;
    }
    pieces.push(output.buffer.subarray(at, output.length));
    const buffer = Buffer.concat(pieces);
    return { buffer, length: buffer.length };
  }
}
