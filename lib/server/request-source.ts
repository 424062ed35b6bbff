import Denque from 'denque';

import type { Args } from '../protocol/args.js';
import type { RequestLimits } from '../protocol/request-limits.js';
import { PARSED, RequestParser } from '../protocol/request-parser.js';

/** While a request waits for the disk, so many of those behind it are looked at, of so many bytes, for keys to load meanwhile. */
const AHEAD_MAX = 64;
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
    return ahead === undefined ? this.parser.next() : PARSED;
  }

  /** A request is the next one, again. */
  putBack(args: Args): void {
    this.ahead.unshift(args);
    this.isAgain = true;
  }

  /** Parses some requests beforehand, unless that was done already, and shows them. REQUIRES: `args` is not needed any more. */
  lookAhead(visit: (args: Args) => void): void {
    let bytes = 0;
    if (this.ahead.length > 0) return;
    while (this.ahead.length < AHEAD_MAX && bytes < AHEAD_BYTES_MAX && this.parser.next() === PARSED) {
      const args = this.parser.args.clone();
      bytes += args.buffer.length;
      this.ahead.push(args);
      visit(args);
    }
  }

  /** Forgets what was parsed beforehand. */
  clearAhead(): void {
    this.ahead.clear();
  }

  /** Keeps what is left of what has arrived. */
  retain(): void {
    this.parser.retain();
  }
}
