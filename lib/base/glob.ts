/**
 * Redis's glob patterns over bytes (KEYS, SCAN MATCH, PSUBSCRIBE, CONFIG GET, ACL).
 *
 *     pattern = { item }
 *     item    = "*"                      any bytes, none too
 *             | "?"                      any one byte
 *             | "[" ["^"] { member } "]" one byte of (with ^: not of) the members
 *             | "\" byte                 that byte
 *             | byte                     itself
 *     member  = "\" byte | byte "-" byte (a range, either way round) | byte
 *
 * Patterns come from clients, so time is bounded: one backtrack point, the last star, is enough (what an
 * earlier star could give back, the last one can take instead). At most pattern * bytes steps, no
 * recursion, no allocation, never a RegExp.
 *
 * Kept from Redis 7.0 although odd: a class that is never closed ends with the pattern; an escaped member
 * of a class minds its case even where case is ignored; and zero bytes match the empty pattern only, not "*".
 */

const STAR = 0x2a;
const QUESTION = 0x3f;
const OPEN = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE = 0x5d;
const CARET = 0x5e;
const DASH = 0x2d;

const NO_MATCH = -1;

/** Whether all of `bytes[start, end)` matches `pattern[patternStart, patternEnd)`. `ignoreCase` is ASCII's. */
export function globMatches(
  pattern: Uint8Array,
  patternStart: number,
  patternEnd: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  ignoreCase = false,
): boolean {
  if (start === end) return patternStart === patternEnd;
  let p = patternStart;
  let b = start;
  let afterStar = NO_MATCH;
  let starTakesTo = start;
  while (b < end) {
    if (p < patternEnd && pattern[p] === STAR) {
      afterStar = ++p;
      starTakesTo = b;
      continue;
    }
    const next = p < patternEnd ? itemMatches(pattern, p, patternEnd, bytes[b], ignoreCase) : NO_MATCH;
    if (next !== NO_MATCH) {
      p = next;
      b++;
    } else if (afterStar === NO_MATCH) {
      return false;
    } else {
      p = afterStar;
      b = ++starTakesTo;
    }
  }
  while (p < patternEnd && pattern[p] === STAR) p++;
  return p === patternEnd;
}

/** Where the item at `p` (no star) ends if it matches `byte`, else NO_MATCH. */
function itemMatches(pattern: Uint8Array, p: number, patternEnd: number, byte: number, ignoreCase: boolean): number {
  let literal = pattern[p];
  if (literal === QUESTION) return p + 1;
  if (literal === OPEN) return classMatches(pattern, p + 1, patternEnd, byte, ignoreCase);
  if (literal === BACKSLASH && p + 1 < patternEnd) literal = pattern[++p];
  return same(literal, byte, ignoreCase) ? p + 1 : NO_MATCH;
}

/** The same for a class whose members begin at `p`, after the bracket. */
function classMatches(pattern: Uint8Array, p: number, patternEnd: number, byte: number, ignoreCase: boolean): number {
  const negated = p < patternEnd && pattern[p] === CARET;
  if (negated) p++;
  let member = false;
  while (p < patternEnd && pattern[p] !== CLOSE) {
    if (pattern[p] === BACKSLASH && p + 1 < patternEnd) {
      if (pattern[p + 1] === byte) member = true;
      p += 2;
    } else if (p + 2 < patternEnd && pattern[p + 1] === DASH) {
      if (inRange(pattern[p], pattern[p + 2], byte, ignoreCase)) member = true;
      p += 3;
    } else {
      if (same(pattern[p], byte, ignoreCase)) member = true;
      p++;
    }
  }
  if (member === negated) return NO_MATCH;
  return p < patternEnd ? p + 1 : p;
}

function inRange(from: number, to: number, byte: number, ignoreCase: boolean): boolean {
  // Ordered first and lowered after, as Redis does: [Z-a] ignoring case is the empty range from z to a.
  let low = from < to ? from : to;
  let high = from < to ? to : from;
  if (ignoreCase) {
    low = lowered(low);
    high = lowered(high);
    byte = lowered(byte);
  }
  return byte >= low && byte <= high;
}

function same(a: number, b: number, ignoreCase: boolean): boolean {
  return a === b || (ignoreCase && lowered(a) === lowered(b));
}

function lowered(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte;
}
