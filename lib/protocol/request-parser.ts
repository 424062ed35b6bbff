/**
 * Requests as Redis 7.0 reads them (https://redis.io/docs/latest/develop/reference/protocol-spec/):
 *
 *   request  = "*" count EOL *argument / inline           count <= 0: no arguments, nothing to answer
 *   argument = "$" length EOL length*byte 2*byte          the two bytes are CR LF; Redis does not look
 *   EOL      = CR byte                                    LF, likewise
 *   inline   = line [CR] LF                               see inline-line.ts; the first byte is not "*"
 *
 * Numbers are canonical: no plus sign, no leading zeros.
 *
 * Bytes are parsed where the socket left them. What a read leaves unfinished moves into the carry-over buffer, together with
 * the offsets found so far, and the next read adds to it no more than the request still needs, so that the following
 * requests are parsed in place again:
 *
 *      carry-over  [ *3..$3..SET..$1..k..$64..xxxxx | xxxxxxx ]
 *                                          retained   taken from the next read
 *      next read                                    [ xxxxxxx | *2..$3..GET..$1..k.. | *2..$3.. ]
 *                                                             parsed in place          retained in turn
 */
import { assert } from '../base/assert.js';
import { parseInteger64 } from '../base/integer.js';
import { Args } from './args.js';
import { CarryOver } from './carry-over.js';
import { EMPTY } from './empty-buffer.js';
import { InlineLine } from './inline-line.js';
import { QUERY_BUFFER_BYTES_MAX, RequestLimits } from './request-limits.js';

/** What `next` says: the arguments are a whole request. */
export const PARSED = 0;
/** What `next` says: no whole request is left. */
export const NEED_MORE = -1;
/** What `next` says: the client does not speak the protocol, or asks for too much. Nothing more will be parsed. */
export const FAILED = -2;

/** The longest inline command, and the longest line that holds a number. */
const LINE_BYTES_MAX = 64 * 1024;
/** The most arguments of a request. */
const COUNT_MAX = 2 ** 31 - 1;
/** What a client that has not yet said who it is may ask for. */
const UNAUTHENTICATED_COUNT_MAX = 10;
const UNAUTHENTICATED_BULK_BYTES_MAX = 16 * 1024;
/** Numbers with more digits than this take the long way. */
const PLAIN_DIGITS_MAX = 9;
/** How much of a read is taken into the carry-over when it is not known how much the request needs. */
const STEP_BYTES = 1024;

const CR = 0x0d;
const LF = 0x0a;
const ASTERISK = 0x2a;
const DOLLAR = 0x24;
const ZERO = 0x30;

/**
 * Parses the requests of one connection. For each read: `feed`, then `next` until it wants more, then `retain`.
 * When the connection has to wait in between, `retain` comes earlier, and `next` goes on later without a `feed`.
 */
export class RequestParser {
  /** The current request. Valid from a `next` that says PARSED to the next call of any method here. */
  readonly args = new Args();
  /** While false, only short requests are taken: at most 10 arguments of 16 KiB. */
  authenticated = true;
  /**
   * After FAILED: the reply in Redis's words, without its `ERR`; each character is one byte. Empty: close the connection without
   * a reply, the client has reached `client-query-buffer-limit`.
   */
  error = '';

  private readonly limits: RequestLimits;
  private readonly carryOver = new CarryOver();
  private failed = false;

  /** What is being parsed: the caller's buffer, or that of the carry-over. All offsets point into it. */
  private source: Buffer = EMPTY;
  private position = 0;
  private limit = 0;
  /** Where the request that is being parsed begins. Before it, nothing is needed any more. */
  private requestStart = 0;
  /** No end of the current line lies before this offset. */
  private scanned = 0;
  /** Arguments that the current request still lacks; 0 between requests. */
  private remaining = 0;
  /** Length of the argument at `position`; -1 while its line has not been read. */
  private bulkLength = -1;

  /** The rest of the caller's buffer, while `source` is the carry-over: [freshPosition, freshEnd) of `fresh`. */
  private fresh: Buffer = EMPTY;
  private freshStart = 0;
  private freshPosition = 0;
  private freshEnd = 0;

  constructor(limits: RequestLimits = new RequestLimits()) {
    this.limits = limits;
  }

  /** Bytes that arrived and belong to no request that `next` has returned. */
  get bufferedBytes(): number {
    return this.limit - this.requestStart + this.freshEnd - this.freshPosition;
  }

  /** Whether there are such bytes: after `retain` too, when a connection had to wait. */
  get hasBuffered(): boolean {
    return this.bufferedBytes > 0;
  }

  /** Bytes of memory that the carry-over takes, used or not. */
  get capacityBytes(): number {
    return this.carryOver.buffer.length;
  }

  /**
   * Takes the bytes that were read, `buffer[start, end)`. They stay the caller's: it may overwrite them after `retain`.
   * REQUIRES: `retain` was called since the last `feed`.
   */
  feed(buffer: Buffer, start: number, end: number): void {
    if (this.failed) return;
    if (this.requestStart === this.limit) {
      assert(this.carryOver.end === 0, 'the carry-over is left when it is empty');
      this.source = buffer;
      this.requestStart = this.position = this.scanned = start;
      this.limit = end;
      return;
    }
    assert(this.source === this.carryOver.buffer && this.fresh === EMPTY, 'the last read was retained');
    this.fresh = buffer;
    this.freshStart = this.freshPosition = start;
    this.freshEnd = end;
  }

  /** Parses one request. PARSED: it is in `args`. FAILED: the reason is in `error`. Requests without arguments are skipped. */
  next(): number {
    if (this.failed) return FAILED;
    for (;;) {
      const status = this.parse();
      if (status === PARSED) {
        if (this.source === this.carryOver.buffer) this.leaveCarryOver();
        if (this.args.count > 0) return PARSED;
      } else if (status === FAILED) {
        return FAILED;
      } else if (!this.takeFresh()) {
        return this.checkQueryBuffer();
      }
    }
  }

  /**
   * Copies what is unparsed, so that the caller may overwrite its buffer. Parsing goes on from where it is. Whoever waits
   * with a request in hand has cloned its `args` before.
   */
  retain(): void {
    if (this.source !== this.carryOver.buffer) {
      this.carry(this.source, this.requestStart, this.limit, this.requestStart);
    } else if (this.freshPosition < this.freshEnd) {
      this.carry(this.fresh, this.freshPosition, this.freshEnd, 0);
    }
    this.dropFresh();
    if (this.remaining === 0) this.args.clear();
  }

  private parse(): number {
    if (this.remaining === 0) {
      if (this.position >= this.limit) return NEED_MORE;
      this.args.count = 0;
      if (this.source[this.position] !== ASTERISK) return this.parseInline();
      const count = this.readCount();
      if (count < 0) return count;
      this.remaining = count;
    }
    return this.parseArguments();
  }

  private parseArguments(): number {
    const args = this.args;
    while (this.remaining > 0) {
      if (this.bulkLength === -1) {
        const length = this.readBulkLength();
        if (length < 0) return length;
        this.bulkLength = length;
      }
      const start = this.position;
      const end = start + this.bulkLength;
      if (end + 2 > this.limit) return NEED_MORE;
      args.push(start, end);
      this.position = end + 2;
      this.bulkLength = -1;
      this.remaining--;
    }
    args.buffer = this.source;
    this.requestStart = this.position;
    return PARSED;
  }

  private parseInline(): number {
    const start = this.position;
    const end = this.find(LF);
    if (end - start > LINE_BYTES_MAX) return this.fail('Protocol error: too big inline request');
    if (end === this.limit) return NEED_MORE;
    const lineEnd = end > start && this.source[end - 1] === CR ? end - 1 : end;
    if (!new InlineLine(this.source, start, lineEnd).split(this.args)) {
      return this.fail('Protocol error: unbalanced quotes in request');
    }
    this.requestStart = this.position = end + 1;
    return PARSED;
  }

  /** Reads the line with the number of arguments, 0 for a negative one; or NEED_MORE, or FAILED. */
  private readCount(): number {
    let count = this.readPlainNumber();
    if (count === -1) {
      const status = this.findLine('Protocol error: too big mbulk count string');
      if (status !== PARSED) return status;
      count = this.readNumber();
      if (!(count <= COUNT_MAX)) return this.fail('Protocol error: invalid multibulk length');
    }
    if (count > UNAUTHENTICATED_COUNT_MAX && !this.authenticated) {
      return this.fail('Protocol error: unauthenticated multibulk length');
    }
    return Math.max(count, 0);
  }

  /** Reads the line with an argument's length; or NEED_MORE, or FAILED. */
  private readBulkLength(): number {
    let length = this.position < this.limit && this.source[this.position] === DOLLAR ? this.readPlainNumber() : -1;
    if (length === -1) {
      const status = this.findLine('Protocol error: too big bulk count string');
      if (status !== PARSED) return status;
      const first = this.source[this.position];
      if (first !== DOLLAR) {
        return this.fail(`Protocol error: expected '$', got '${String.fromCharCode(first)}'`);
      }
      length = this.readNumber();
    }
    if (!(length >= 0 && length <= this.limits.protoMaxBulkLength)) {
      return this.fail('Protocol error: invalid bulk length');
    }
    if (length > UNAUTHENTICATED_BULK_BYTES_MAX && !this.authenticated) {
      return this.fail('Protocol error: unauthenticated bulk length');
    }
    return length;
  }

  /** Reads a line with a plain number of few digits, as nearly all are. -1 for all others: nothing is read then. */
  private readPlainNumber(): number {
    const source = this.source;
    const first = this.position + 1;
    // The line break is two bytes, of which the second is not looked at.
    const digitsLimit = Math.min(this.limit - 2, first + PLAIN_DIGITS_MAX);
    let value = 0;
    for (let at = first; at <= digitsLimit; at++) {
      const byte = source[at];
      const digit = byte - ZERO;
      if (digit >= 0 && digit <= 9) {
        value = value * 10 + digit;
      } else if (byte === CR && at > first && (source[first] !== ZERO || at === first + 1)) {
        this.position = at + 2;
        return value;
      } else {
        return -1;
      }
    }
    return -1;
  }

  /** Makes sure that a line is here with its end, `scanned`: PARSED, NEED_MORE or FAILED. */
  private findLine(tooBig: string): number {
    const end = this.find(CR);
    if (end - this.position > LINE_BYTES_MAX) return this.fail(tooBig);
    return end + 1 < this.limit ? PARSED : NEED_MORE;
  }

  /** Reads the number of the line that `findLine` has found, exactly as Redis does. NaN: it is none. */
  private readNumber(): number {
    const value = parseInteger64(this.source, this.position + 1, this.scanned);
    this.position = this.scanned + 2;
    return value === undefined ? NaN : Number(value);
  }

  /** The offset of the first `byte` from `position` on, or `limit`. Looks at no byte twice, however often it is called. */
  private find(byte: number): number {
    let at = Math.max(this.position, this.scanned);
    while (at < this.limit && this.source[at] !== byte) at++;
    this.scanned = at;
    return at;
  }

  /** A request has ended in the carry-over: goes on in the caller's buffer, if the carry-over holds nothing of before it. */
  private leaveCarryOver(): void {
    const unparsed = this.limit - this.position;
    if (unparsed > this.freshPosition - this.freshStart) return;
    this.source = this.fresh;
    this.requestStart = this.position = this.scanned = this.freshPosition - unparsed;
    this.limit = this.freshEnd;
    this.dropFresh();
    this.carryOver.clear();
  }

  /** Takes from the caller's buffer into the carry-over what the current request needs; false when there is nothing. */
  private takeFresh(): boolean {
    const available = this.freshEnd - this.freshPosition;
    if (available === 0) return false;
    const missing = this.missingBytes();
    const count = Math.min(available, missing === 0 ? STEP_BYTES : missing);
    this.carry(this.fresh, this.freshPosition, this.freshPosition + count, 0);
    this.freshPosition += count;
    return true;
  }

  /** Bytes that the current argument still lacks, or 0 when its length is not known. */
  private missingBytes(): number {
    return this.bulkLength === -1 ? 0 : this.bulkLength + 2 - (this.limit - this.position);
  }

  /** Appends `bytes[start, end)` to the carry-over and makes it the source. All offsets lie `distance` too far back in it. */
  private carry(bytes: Buffer, start: number, end: number, distance: number): void {
    // Room for the next arguments' lines spares a long argument from being moved on for their sake.
    const missing = this.missingBytes();
    const expected = missing === 0 ? Infinity : missing + STEP_BYTES;
    this.shift(distance);
    const moved = this.carryOver.append(bytes, start, end, this.requestStart, expected);
    this.shift(moved);
    this.source = this.carryOver.buffer;
    this.limit = this.carryOver.end;
  }

  /** The bytes of the source lie `distance` further to the front than before. */
  private shift(distance: number): void {
    if (distance === 0) return;
    this.position -= distance;
    this.limit -= distance;
    this.requestStart -= distance;
    this.scanned = Math.max(this.scanned - distance, 0);
    if (this.remaining > 0) this.args.shift(distance);
  }

  private dropFresh(): void {
    this.fresh = EMPTY;
    this.freshStart = this.freshPosition = this.freshEnd = 0;
  }

  /** NEED_MORE, unless more is waiting than may. */
  private checkQueryBuffer(): number {
    const limit = Math.min(this.limits.clientQueryBufferLimit, QUERY_BUFFER_BYTES_MAX);
    return this.limit - this.requestStart > limit ? this.fail('') : NEED_MORE;
  }

  private fail(error: string): number {
    this.failed = true;
    this.error = error;
    this.requestStart = this.position = this.limit;
    this.remaining = 0;
    this.dropFresh();
    this.carryOver.clear();
    return FAILED;
  }
}
