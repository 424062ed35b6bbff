import Denque from 'denque';

import type { Args } from '../protocol/args.js';
import type { RequestLimits } from '../protocol/request-limits.js';
import { PARSED, RequestParser } from '../protocol/request-parser.js';

/** While a request waits, so many of those behind it are looked at, of so many bytes, for what can be begun meanwhile. */
const AHEAD_MAX = 128;
const AHEAD_BYTES_MAX = 64 * 1024;

/**
 * The requests of a connection, in the order in which they are to be executed: one that is to be executed again, those that were parsed beforehand, and what the parser has.
 * For each read: `feed`, then `next` until there is none, then `retain`.
 */
export class RequestSource {
  /** The request that `next` has found. Valid until its next call, or until `retain` returns. */
  args: Args;
  /** Whether the next request is one that was begun before. */
  isAgain = false;
  private readonly parser: RequestParser;
  /** Requests parsed beforehand: they are the next to be executed. */
  private readonly ahead = new Denque<Args>();
  private aheadBytes = 0;
  /** When so many of them have been taken, a look ahead is worth something again. */
  private untilLook = 0;

  constructor(limits: RequestLimits) {
    this.parser = new RequestParser(limits);
    this.args = this.parser.args;
  }

  /** As RequestParser.authenticated. */
  get authenticated(): boolean {
    return this.parser.authenticated;
  }

  set authenticated(value: boolean) {
    this.parser.authenticated = value;
  }

  /** As RequestParser.bufferedBytes: what was parsed beforehand is not among them. */
  get bufferedBytes(): number {
    return this.parser.bufferedBytes;
  }

  /** Whether they are as many as are kept while none is executed. */
  get isFull(): boolean {
    return this.parser.bufferedBytes >= AHEAD_BYTES_MAX;
  }

  get hasAhead(): boolean {
    return this.ahead.length > 0;
  }

  /** Why `next` has FAILED. */
  get error(): string {
    return this.parser.error;
  }

  /** The first `length` bytes of `buffer` have arrived, which are looked at until `retain`. */
  feed(buffer: Buffer, length: number): void {
    this.parser.feed(buffer, 0, length);
  }

  /** As RequestParser.next. */
  next(): number {
    this.isAgain = false;
    const ahead = this.ahead.shift();
    this.args = ahead ?? this.parser.args;
    if (ahead === undefined) return this.parser.next();
    this.aheadBytes -= ahead.buffer.length;
    this.untilLook--;
    return PARSED;
  }

  /** A request is the next one, again. */
  putBack(args: Args): void {
    this.ahead.unshift(args);
    this.aheadBytes += args.buffer.length;
    this.untilLook++;
    this.isAgain = true;
  }

  /**
   * Shows the next requests, some of which it parses beforehand, whether they were shown before or not. `visit` says of each whether all is done that can be before its
   * turn comes. The next look is for nothing, and shows none, until half of these have had their turn, or the first has its turn of which that is not so.
   * REQUIRES: `args` is not needed any more.
   */
  lookAhead(visit: (args: Args) => boolean): void {
    if (this.untilLook > 0) return;
    let doneCount = 0;
    let areAllDone = true;
    for (let i = 0; i < AHEAD_MAX; i++) {
      const args = this.ahead.peekAt(i) ?? this.parseAhead();
      if (args === undefined) break;
      const isDone = visit(args);
      areAllDone &&= isDone;
      if (areAllDone) doneCount++;
    }
    this.untilLook = Math.min(doneCount + 1, Math.ceil(this.ahead.length / 2));
  }

  /** Whether this is so of a request that was parsed beforehand. */
  isAnyAhead(isSo: (args: Args) => boolean): boolean {
    for (let i = 0; i < this.ahead.length; i++) {
      const args = this.ahead.peekAt(i);
      if (args !== undefined && isSo(args)) return true;
    }
    return false;
  }

  /** Forgets what was parsed beforehand. */
  clearAhead(): void {
    this.ahead.clear();
    this.aheadBytes = this.untilLook = 0;
  }

  /** The request behind all that were parsed beforehand, which is one of them then; undefined if there is none, or there are enough. */
  private parseAhead(): Args | undefined {
    if (this.aheadBytes >= AHEAD_BYTES_MAX || this.parser.next() !== PARSED) return undefined;
    const args = this.parser.args.clone();
    this.aheadBytes += args.buffer.length;
    this.ahead.push(args);
    return args;
  }

  /** Keeps what is left of what has arrived. */
  retain(): void {
    this.parser.retain();
  }
}
