/**
 * The words of an inline command, as Redis's `sdssplitargs` splits them:
 *
 *   line    = *space *(word 1*space)                      space: what C's isspace says
 *   word    = *plain [double / single]                    what follows a closing quote must be a space
 *   double  = DQUOTE *(byte / "\" escape) DQUOTE          escape: n r t b a, xHH; else the byte itself
 *   single  = "'" *(byte / "\'") "'"                      every other backslash stands for itself
 *   plain   = any byte but SP LF CR HT and quotes         a backslash stands for itself
 *
 * A zero byte is a byte like any other here; Redis stops at it and waits for ever.
 */
import { EMPTY } from './empty-buffer.js';
import type { Args } from './args.js';

const SPACE = 0x20;
const DOUBLE_QUOTE = 0x22;
const SINGLE_QUOTE = 0x27;
const BACKSLASH = 0x5c;
const LOWER_X = 0x78;

/** What a letter after a backslash stands for; other letters stand for themselves. */
const ESCAPES = new Map([
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
  [0x62, 0x08],
  [0x61, 0x07],
]);

/** Splits one line. Made for a line and dropped after it: inline commands are typed by hand. */
export class InlineLine {
  private readonly bytes: Buffer;
  private readonly limit: number;
  private at: number;
  /** The words without quotes and escapes, one after the other: never longer than the line. */
  private words: Buffer = EMPTY;
  private written = 0;

  /** The line is `bytes[start, end)`, without its line break. */
  constructor(bytes: Buffer, start: number, end: number) {
    this.bytes = bytes;
    this.at = start;
    this.limit = end;
  }

  /** Sets `args` to the words, which are copied. False when the quotes do not match; `args` is half set then. */
  split(args: Args): boolean {
    this.words = Buffer.allocUnsafe(this.limit - this.at);
    args.count = 0;
    args.buffer = this.words;
    for (;;) {
      while (this.at < this.limit && isSpace(this.bytes[this.at])) this.at++;
      if (this.at === this.limit) return true;
      const start = this.written;
      if (!this.readWord()) return false;
      args.push(start, this.written);
    }
  }

  /** Reads to the end of a word; false when the quotes do not match. */
  private readWord(): boolean {
    while (this.at < this.limit) {
      const byte = this.bytes[this.at];
      if (endsPlainWord(byte)) return true;
      this.at++;
      if (byte === DOUBLE_QUOTE) return this.readDoubleQuoted();
      if (byte === SINGLE_QUOTE) return this.readSingleQuoted();
      this.write(byte);
    }
    return true;
  }

  private readDoubleQuoted(): boolean {
    while (this.at < this.limit) {
      const byte = this.bytes[this.at++];
      if (byte === DOUBLE_QUOTE) return this.isAtWordEnd();
      if (byte === BACKSLASH && this.at < this.limit) this.write(this.readEscape());
      else this.write(byte);
    }
    return false;
  }

  private readSingleQuoted(): boolean {
    while (this.at < this.limit) {
      const byte = this.bytes[this.at++];
      if (byte === SINGLE_QUOTE) return this.isAtWordEnd();
      if (byte === BACKSLASH && this.at < this.limit && this.bytes[this.at] === SINGLE_QUOTE) {
        this.at++;
        this.write(SINGLE_QUOTE);
      } else {
        this.write(byte);
      }
    }
    return false;
  }

  /** The byte that an escape stands for; its backslash has been read, and something is behind it. */
  private readEscape(): number {
    const letter = this.bytes[this.at++];
    if (letter === LOWER_X && this.at + 2 <= this.limit) {
      const high = hexDigit(this.bytes[this.at]);
      const low = hexDigit(this.bytes[this.at + 1]);
      if (high !== -1 && low !== -1) {
        this.at += 2;
        return high * 16 + low;
      }
    }
    return ESCAPES.get(letter) ?? letter;
  }

  private isAtWordEnd(): boolean {
    return this.at === this.limit || isSpace(this.bytes[this.at]);
  }

  private write(byte: number): void {
    this.words[this.written++] = byte;
  }
}

function isSpace(byte: number): boolean {
  return byte === SPACE || (byte >= 0x09 && byte <= 0x0d);
}

/** Vertical tab and form feed separate words, but do not end one: Redis is like that. */
function endsPlainWord(byte: number): boolean {
  return isSpace(byte) && byte !== 0x0b && byte !== 0x0c;
}

/** The value of a hexadecimal digit, or -1. */
function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : -1;
}
