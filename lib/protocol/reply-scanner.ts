const CR = 0x0d;
const LF = 0x0a;
const MINUS = 0x2d;
const ZERO = 0x30;
const ASTERISK = 0x2a;
const BAR = 0x7c;
/** Digits of the largest number that a reply may begin with. */
const DIGITS_MAX = 15;

/** By its first byte, what follows the first line of a reply: nothing; so many bytes and a line break; so many replies; twice as many. */
const Shape = { LINE: 0, BYTES: 1, ITEMS: 2, PAIRS: 3 } as const;
type Shape = (typeof Shape)[keyof typeof Shape];

const SHAPES: ReadonlyMap<number, Shape> = new Map([
  ...shapesOf('+-:_#,(', Shape.LINE),
  ...shapesOf('$=!', Shape.BYTES),
  ...shapesOf('*~>', Shape.ITEMS),
  ...shapesOf('%|', Shape.PAIRS),
]);

function shapesOf(types: string, shape: Shape): (readonly [number, Shape])[] {
  return Array.from(Buffer.from(types), (type) => [type, shape] as const);
}

/** The reply goes on. */
export const INCOMPLETE = -1;
/** The bytes are no reply. */
export const MALFORMED = -2;

/**
 * Finds where replies end (RESP2 and RESP3, as reply-writer.ts has them) without reading them: for replies that are passed on as they are. What has been
 * scanned of a reply that is not complete is not scanned again.
 */
export class ReplyScanner {
  /** Where to go on, from the start of the reply, and how many replies are to come until then. */
  private at = 0;
  private open = 1;

  /**
   * The offset behind the reply that begins at `start` of `bytes[0, length)`; or INCOMPLETE: then it is called again with the same bytes and more, at
   * the same or another place of a buffer; or MALFORMED. An attribute is part of the reply that it stands before.
   */
  scan(bytes: Uint8Array, start: number, length: number): number {
    let at = start + this.at;
    while (this.open > 0) {
      const next = this.step(bytes, at, length);
      if (next < 0) {
        this.at = at - start;
        return next;
      }
      at = next;
    }
    this.at = 0;
    this.open = 1;
    return at;
  }

  /** Steps over one line, with the bytes that it announces; returns the offset behind them. */
  private step(bytes: Uint8Array, at: number, length: number): number {
    if (at >= length) return INCOMPLETE;
    const type = bytes[at];
    const shape = SHAPES.get(type);
    if (shape === undefined) return MALFORMED;
    const line = endOfLine(bytes, at, length);
    if (line < 0) return line;
    let open = this.open - 1;
    let end = line;
    if (shape !== Shape.LINE) {
      const count = readCount(bytes, at + 1, line - 2);
      if (count === undefined) return MALFORMED;
      if (shape === Shape.BYTES) end = count < 0 ? line : line + count + 2;
      else if (count > 0) open += shape === Shape.PAIRS ? 2 * count : count;
      if (type === BAR) open++;
    }
    if (end > length) return INCOMPLETE;
    this.open = open;
    return end;
  }
}

/** Where the first item begins of the complete array at `start`, and how many there are; undefined if it is none, or null. */
export function openArray(bytes: Uint8Array, start: number, length: number): { at: number; count: number } | undefined {
  if (bytes[start] !== ASTERISK) return undefined;
  const line = endOfLine(bytes, start, length);
  const count = line < 0 ? undefined : readCount(bytes, start + 1, line - 2);
  return count === undefined || count < 0 ? undefined : { at: line, count };
}

/** The offset behind the line that `start` is in. */
function endOfLine(bytes: Uint8Array, start: number, length: number): number {
  for (let at = start; at + 1 < length; at++) if (bytes[at] === CR && bytes[at + 1] === LF) return at + 2;
  return INCOMPLETE;
}

/** A number without a sign, or -1. */
function readCount(bytes: Uint8Array, start: number, end: number): number | undefined {
  if (end - start === 2 && bytes[start] === MINUS && bytes[start + 1] === ZERO + 1) return -1;
  if (end <= start || end - start > DIGITS_MAX) return undefined;
  let count = 0;
  for (let at = start; at < end; at++) {
    const digit = bytes[at] - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    count = count * 10 + digit;
  }
  return count;
}
