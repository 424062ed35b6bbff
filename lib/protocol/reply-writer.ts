/**
 * Replies in RESP2 and RESP3 (https://redis.io/docs/latest/develop/reference/protocol-spec/).
 *
 *   type            RESP3                              RESP2, where it differs
 *   simple, error   "+" text CRLF, "-" text CRLF
 *   integer         ":" number CRLF
 *   bulk            "$" length CRLF bytes CRLF
 *   null            "_" CRLF                           "$-1" CRLF, or "*-1" CRLF where an array is expected
 *   array           "*" count CRLF item*
 *   set, push       "~" or ">" count CRLF item*        array
 *   map             "%" pairs CRLF (key value)*        array of keys and values
 *   attribute       "|" pairs CRLF (key value)*        cannot be said
 *   double          "," number CRLF                    bulk
 *   boolean         "#t" CRLF, "#f" CRLF               integer 1 or 0
 *   big number      "(" number CRLF                    bulk
 *   verbatim        "=" length CRLF xxx ":" text CRLF  bulk, without xxx
 */
import { assert } from '../base/assert.js';
import { copyBytes } from '../base/bytes.js';
import { formatDouble } from '../base/double.js';
import { integerLength, writeInteger } from '../base/integer.js';
import { BLOCK_BYTES, POOLED_BYTES_MAX, type BufferPool } from './buffer-pool.js';
import { EMPTY } from './empty-buffer.js';

/** A type byte, a safe integer and two line breaks: room for a header and for the end of what follows. */
const HEADER_BYTES_MAX = 24;
/**
 * Replies of one client that have not been handed over. A buffer cannot be much longer, and no client has waited for more.
 */
export const REPLIES_BYTES_MAX = 2 * 1024 ** 3;
/** Texts up to this length are written character by character, as long as they are ASCII. */
const SHORT_TEXT_MAX = 64;
/** An error whose first space is not in so many characters has no code. */
const ERROR_CODE_MAX = 31;
const WORD_BYTES = 4;
/** The last Latin-1 character. */
const BYTE_MAX = 0xff;

const EMPTY_VIEW = new DataView(new ArrayBuffer(0));

const OK = Buffer.from('+OK\r\n');
const NULL_BULK = Buffer.from('$-1\r\n');
const NULL_ARRAY = Buffer.from('*-1\r\n');
const NULL = Buffer.from('_\r\n');

const CR = 0x0d;
const LF = 0x0a;
const ZERO = 0x30;

const PLUS = 0x2b;
const MINUS = 0x2d;
const COLON = 0x3a;
const DOLLAR = 0x24;
const ASTERISK = 0x2a;
const TILDE = 0x7e;
const GREATER = 0x3e;
const PERCENT = 0x25;
const BAR = 0x7c;
const COMMA = 0x2c;
const HASH = 0x23;
const EQUALS = 0x3d;
const PARENTHESIS = 0x28;

/** A buffer that was filled: the first `length` bytes of `buffer` are replies. */
export interface Output {
  readonly buffer: Buffer;
  readonly length: number;
}

/**
 * Writes the replies of one connection, one after the other, into one buffer that grows.
 *
 * The buffer comes from the pool with the first byte. `detach` hands it over to be sent; whoever takes it gives it back to the pool
 * when it has been written. `length` before a reply and `truncate(length)` take the reply back.
 *
 * Aggregates are headers only: the caller writes as many items as it said.
 *
 * Replies that become longer than they may be are dropped, all of them: `isLost`. A caller may go on writing, to no effect; whoever
 * sends the replies has nothing to send then, and ends the connection.
 */
export class ReplyWriter {
  /** The version of the protocol that the client asked for with HELLO. */
  resp: 2 | 3 = 2;
  /** The replies are its first `length` bytes. Another one after any call that writes. */
  buffer: Buffer = EMPTY;
  length = 0;
  /** How long replies may become, or a little longer. */
  bytesMax = REPLIES_BYTES_MAX;
  /** What was written became too long. Until all of it is taken back, nothing that is written comes to anything. */
  isLost = false;
  /** Error replies written so far, those taken back included. */
  errors = 0;
  /** The code of the last error reply, such as `WRONGTYPE`; Redis counts those without one as `ERR`. */
  lastErrorCode = '';

  private readonly pool: BufferPool;
  /** Of the buffer `viewed`, which is the writer's if that is. */
  private view: DataView = EMPTY_VIEW;
  private viewed: Buffer = EMPTY;

  constructor(pool: BufferPool) {
    this.pool = pool;
  }

  /** `OK`. */
  ok(): void {
    this.raw(OK, 0, OK.length);
  }

  /** A status, each character one byte (latin1). Line breaks become spaces. */
  simple(text: string): void {
    this.line(PLUS, text);
  }

  /**
   * An error: its code, a space, and words; each character one byte (latin1), as in `Args.text`. Line breaks at the end are dropped,
   * others become spaces.
   */
  error(text: string): void {
    const space = text.slice(0, ERROR_CODE_MAX).indexOf(' ');
    this.errors++;
    this.lastErrorCode = space === -1 ? 'ERR' : text.slice(0, space);
    this.line(MINUS, text);
  }

  /** A safe integer. */
  integer(value: number): void {
    this.header(COLON, value);
  }

  /** An integer of 64 bits. */
  bigInteger(value: bigint): void {
    this.line(COLON, value.toString());
  }

  /** The bytes [start, end) of `bytes`. */
  bulk(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    let at = this.reserve(length + HEADER_BYTES_MAX);
    const buffer = this.buffer;
    at = writeHeader(buffer, at, DOLLAR, length);
    at = copyBytes(bytes, start, end, buffer, at);
    buffer[at] = CR;
    buffer[at + 1] = LF;
    this.length = at + 2;
  }

  /**
   * The `length` bytes that begin with `words[from]`, the lowest of a word first: short ones are copied faster by words than by bytes. REQUIRES: the word that they
   * end in is there as a whole.
   */
  bulkWords(words: Int32Array, from: number, length: number): void {
    const start = this.reserve(length + HEADER_BYTES_MAX);
    const { buffer } = this;
    if (this.viewed !== buffer) this.viewBuffer();
    const { view } = this;
    let at = writeHeader(buffer, start, DOLLAR, length);
    const end = at + length;
    // The last word may reach behind the end: there is room for it.
    for (let i = from; at < end; i++, at += 4) view.setInt32(at, words[i], true);
    buffer[end] = CR;
    buffer[end + 1] = LF;
    this.length = end + 2;
  }

  /** The bytes [start, end) of `source`: short ones are copied faster by words than by bytes, wherever they lie. */
  bulkView(source: DataView, start: number, end: number): void {
    const length = end - start;
    const reserved = this.reserve(length + HEADER_BYTES_MAX);
    const { buffer } = this;
    if (this.viewed !== buffer) this.viewBuffer();
    const { view } = this;
    let at = writeHeader(buffer, reserved, DOLLAR, length);
    const after = at + length;
    if (length < WORD_BYTES) for (let from = start; from < end; from++) view.setUint8(at++, source.getUint8(from));
    else {
      // The last word may reach back into the one before.
      const last = end - WORD_BYTES;
      for (let from = start; from < last; from += WORD_BYTES, at += WORD_BYTES) {
        view.setInt32(at, source.getInt32(from, true), true);
      }
      view.setInt32(after - WORD_BYTES, source.getInt32(last, true), true);
    }
    buffer[after] = CR;
    buffer[after + 1] = LF;
    this.length = after + 2;
  }

  /** All of `bytes`. */
  bulkBuffer(bytes: Uint8Array): void {
    this.bulk(bytes, 0, bytes.length);
  }

  /** `text` in UTF-8. */
  bulkText(text: string): void {
    if (text.length <= SHORT_TEXT_MAX && this.shortAscii(text)) return;
    const length = Buffer.byteLength(text);
    this.header(DOLLAR, length);
    this.text(text, length, 'utf8');
  }

  /** `text`, each character one byte (latin1): what `Args.text` has read goes back as it came. */
  bulkLatin1(text: string): void {
    this.header(DOLLAR, text.length);
    this.text(text, text.length, 'latin1');
  }

  /** A safe integer as a bulk string. */
  bulkInteger(value: number): void {
    this.header(DOLLAR, integerLength(value));
    const at = this.reserve(HEADER_BYTES_MAX);
    this.lineBreak(writeInteger(value, this.buffer, at));
  }

  /** Nothing, in place of a bulk string. */
  nullBulk(): void {
    const reply = this.resp === 2 ? NULL_BULK : NULL;
    this.raw(reply, 0, reply.length);
  }

  /** Nothing, in place of an array. */
  nullArray(): void {
    const reply = this.resp === 2 ? NULL_ARRAY : NULL;
    this.raw(reply, 0, reply.length);
  }

  /** An array; `count` items follow. */
  array(count: number): void {
    this.header(ASTERISK, count);
  }

  /** A map; `pairs` times a key and a value follow. */
  map(pairs: number): void {
    if (this.resp === 2) this.header(ASTERISK, pairs * 2);
    else this.header(PERCENT, pairs);
  }

  /** A set; `count` members follow. */
  set(count: number): void {
    this.header(this.resp === 2 ? ASTERISK : TILDE, count);
  }

  /** A message that answers no command; `count` items follow. */
  push(count: number): void {
    this.header(this.resp === 2 ? ASTERISK : GREATER, count);
  }

  /** Attributes of the reply behind them; `pairs` times a key and a value follow. REQUIRES: RESP3. */
  attribute(pairs: number): void {
    assert(this.resp === 3, 'RESP2 has no attributes');
    this.header(BAR, pairs);
  }

  /** A double, in the digits of Redis 7.0 (`formatDouble`). */
  double(value: number): void {
    this.doubleText(formatDouble(value));
  }

  /** A double that is spelled already. */
  doubleText(text: string): void {
    if (this.resp === 2) this.bulkText(text);
    else this.line(COMMA, text);
  }

  boolean(value: boolean): void {
    if (this.resp === 2) this.header(COLON, value ? 1 : 0);
    else this.line(HASH, value ? 't' : 'f');
  }

  /** `text` in UTF-8, with three letters that say what it is: `txt` or `mkd`. */
  verbatim(format: string, text: string): void {
    assert(format.length === 3, 'the format of a verbatim string has three letters');
    if (this.resp === 2) return this.bulkText(text);
    const length = Buffer.byteLength(text);
    this.header(EQUALS, length + 4);
    this.text(`${format}:${text}`, length + 4, 'utf8');
  }

  /** An integer of any size, in decimal digits. */
  bigNumber(digits: string): void {
    if (this.resp === 2) this.bulkText(digits);
    else this.line(PARENTHESIS, digits);
  }

  /** The bytes [start, end) of `bytes`, which are whole replies, as they are. */
  raw(bytes: Uint8Array, start: number, end: number): void {
    const at = this.reserve(end - start);
    this.length = copyBytes(bytes, start, end, this.buffer, at);
  }

  /** The same, in front of what was written after the first `at` bytes. */
  insert(at: number, bytes: Uint8Array, start: number, end: number): void {
    assert(at <= this.length || this.isLost, 'nothing is inserted behind the end');
    const length = this.reserve(end - start);
    if (this.isLost) return;
    this.buffer.copyWithin(at + end - start, at, length);
    copyBytes(bytes, start, end, this.buffer, at);
    this.length = length + end - start;
  }

  /** A copy of what was written behind the first `at` bytes. */
  copyFrom(at: number): Buffer {
    return Buffer.from(this.buffer.subarray(at, this.length));
  }

  /** Takes back everything after the first `length` bytes. */
  truncate(length: number): void {
    assert(length <= this.length || this.isLost, 'only what was written is taken back');
    if (length < this.length) this.length = length;
    if (length === 0) this.isLost = false;
  }

  /** Hands over what was written, and starts again with nothing. REQUIRES: it is not lost. */
  detach(): Output {
    assert(!this.isLost, 'what is lost is not sent');
    const output = { buffer: this.buffer, length: this.length };
    this.buffer = this.viewed = EMPTY;
    this.view = EMPTY_VIEW;
    this.length = 0;
    return output;
  }

  /** Writes into `buffer` from now on, which is the writer's then. REQUIRES: nothing is written. */
  attach(buffer: Buffer): void {
    assert(this.length === 0 && !this.isLost, 'what was written is detached first');
    this.pool.give(this.buffer);
    this.buffer = buffer;
  }

  /** Makes room for `bytes` more; returns where. */
  private reserve(bytes: number): number {
    const length = this.length;
    if (length + bytes <= this.buffer.length) return length;
    this.grow(length + bytes);
    return this.length;
  }

  private viewBuffer(): void {
    const { buffer } = this;
    this.view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
    this.viewed = buffer;
  }

  private grow(needed: number): void {
    if (this.isLost || needed > this.bytesMax) {
      this.lose(needed - this.length);
      return;
    }
    // Where the pool does not round up, a block more spares a long value from being moved on for a few bytes after it.
    const wanted = needed > POOLED_BYTES_MAX ? needed + BLOCK_BYTES : needed;
    const larger = this.pool.take(Math.max(wanted, Math.min(this.buffer.length * 2, this.bytesMax)));
    this.buffer.copy(larger, 0, 0, this.length);
    this.pool.give(this.buffer);
    this.buffer = larger;
  }

  /** Drops what was written; what comes now is written to where it is overwritten. */
  private lose(bytes: number): void {
    this.isLost = true;
    this.length = 0;
    this.pool.give(this.buffer);
    this.buffer = this.pool.take(bytes);
  }

  private header(type: number, value: number): void {
    const at = this.reserve(HEADER_BYTES_MAX);
    this.length = writeHeader(this.buffer, at, type, value);
  }

  /** A type byte and text in Latin-1. */
  private line(type: number, text: string): void {
    const count = withoutLineBreaksAtEnd(text);
    let at = this.reserve(count + 3);
    const buffer = this.buffer;
    buffer[at++] = type;
    for (let i = 0; i < count; i++) buffer[at++] = lineByte(text.charCodeAt(i));
    this.lineBreak(at);
  }

  /** Text of `length` bytes and a line break. */
  private text(text: string, length: number, encoding: 'utf8' | 'latin1'): void {
    const at = this.reserve(length + 2);
    this.buffer.write(text, at, encoding);
    this.lineBreak(at + length);
  }

  /** Writes a short text as a bulk string if all of it is ASCII; otherwise nothing, and returns false. */
  private shortAscii(text: string): boolean {
    const count = text.length;
    let at = this.reserve(count + HEADER_BYTES_MAX);
    const buffer = this.buffer;
    at = writeHeader(buffer, at, DOLLAR, count);
    for (let i = 0; i < count; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return false;
      buffer[at++] = code;
    }
    this.lineBreak(at);
    return true;
  }

  /** Ends a reply at `at`, where there is room for it. */
  private lineBreak(at: number): void {
    this.buffer[at] = CR;
    this.buffer[at + 1] = LF;
    this.length = at + 2;
  }
}

/** Writes a type byte, a safe integer and a line break; returns the offset behind them. */
function writeHeader(buffer: Buffer, at: number, type: number, value: number): number {
  buffer[at] = type;
  let end = at + 1;
  const small = value | 0;
  if (small === value && small >= 0 && small < 100) {
    // A tenth, rounded down, without a division.
    const tens = (small * 205) >>> 11;
    if (tens > 0) buffer[end++] = ZERO + tens;
    buffer[end++] = ZERO + small - 10 * tens;
  } else {
    assert(Number.isSafeInteger(value), 'a number in a reply is a safe integer');
    end = writeInteger(value, buffer, end);
  }
  buffer[end] = CR;
  buffer[end + 1] = LF;
  return end + 2;
}

/** The length of `text` without line breaks at its end. */
function withoutLineBreaksAtEnd(text: string): number {
  let count = text.length;
  while (count > 0 && isLineBreak(text.charCodeAt(count - 1))) count--;
  return count;
}

/** What stands for a character in a line: a line break would end it, and others than Latin-1 have no byte. */
function lineByte(code: number): number {
  if (isLineBreak(code)) return 0x20;
  return code <= BYTE_MAX ? code : 0x3f;
}

function isLineBreak(code: number): boolean {
  return code === CR || code === LF;
}
