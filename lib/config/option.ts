/**
 * Kinds of option: how a value is read from words, and shown again. Error texts are Redis 7.0's.
 *
 * All text is byte text (byte-text.ts).
 */

import { fromByteText } from './byte-text.js';

/** A value that was read. */
export interface Parsed<T> {
  /** What the server works with. */
  readonly value: T;
  /** The value in its one canonical form, as CONFIG GET shows it; reading it again gives the same. */
  readonly text: string;
}

/** How the values of an option are written. */
export interface Kind<T> {
  /** What a value must look like, told to whoever wrote something else: "a whole number from 0 to 65535". */
  readonly expects: string;
  /** Whether a value is a list of words (`bind a b`). CONFIG SET gives them as one text, parted by single spaces. */
  readonly manyWords: boolean;
  /** Whether further lines of a file add to what earlier lines of it said, and an empty one starts over. */
  readonly accumulates: boolean;
  /**
   * Reads a value, as `parseValue` does. `words` is exactly one unless `manyWords`; `current` is the value so
   * far, for kinds that are changed part by part.
   */
  parse(words: readonly string[], current: Parsed<T> | undefined): Parsed<T> | string;
  /** The words after the name, for each line that gives this value in a file. */
  lines(parsed: Parsed<T>): string[][];
}

/** A kind whose value is one word and stands in a file as CONFIG GET shows it. */
function oneWord<T>(expects: string, read: (word: string) => Parsed<T> | string): Kind<T> {
  return {
    expects,
    manyWords: false,
    accumulates: false,
    parse: ([word]) => read(word),
    lines: ({ text }) => [[text]],
  };
}

/** A kind whose value is a list of words and stands in a file as CONFIG GET shows it, on one line. */
export function wordList<T>(expects: string, read: (words: readonly string[]) => Parsed<T> | string): Kind<T> {
  return {
    expects,
    manyWords: true,
    accumulates: false,
    parse: read,
    lines: ({ text }) => [text === '' ? [''] : splitList(text)],
  };
}

/** The words of a list that is given as one text: parted by single spaces, none if it is empty. */
export function splitList(text: string): string[] {
  return text === '' ? [] : text.split(' ');
}

/**
 * Reads the value of a line, a flag or CONFIG SET; what is wrong with it, in Redis's words, if it cannot be.
 * A list may come as one word too: `--bind "a b"`.
 */
export function parseValue<T>(
  kind: Kind<T>,
  words: readonly string[],
  current: Parsed<T> | undefined,
): Parsed<T> | string {
  if (kind.manyWords) return kind.parse(words.length === 1 ? splitList(words[0]) : words, current);
  return words.length === 1 ? kind.parse(words, current) : 'wrong number of arguments';
}

export const INT_MAX = 2 ** 31 - 1;
export const UINT_MAX = 2 ** 32 - 1;
/** The largest value of Redis's 64-bit options. Exact in `text`; `value` ends at Number.MAX_SAFE_INTEGER. */
export const LONG_MAX = 2n ** 63n - 1n;
export const ULONG_MAX = 2n ** 64n - 1n;

/** `yes` or `no`. */
export function boolean(): Kind<boolean> {
  return oneWord("'yes' or 'no'", (word) => {
    const text = word.toLowerCase();
    return text === 'yes' || text === 'no' ? { value: text === 'yes', text } : "argument must be 'yes' or 'no'";
  });
}

/** A whole number; with `clamp`, one outside of those bounds is brought inside. */
export function integer(min: number, max: number | bigint, clamp?: { from: number; to: number }): Kind<number> {
  const expects = max === LONG_MAX ? `a whole number of at least ${min}` : `a whole number from ${min} to ${max}`;
  return oneWord(expects, (word) => {
    // 20 characters hold every 64-bit number; no more is turned into a bigint.
    if (!/^(0|-?[1-9][0-9]{0,18})$/.test(word)) return "argument couldn't be parsed into an integer";
    const number = BigInt(word);
    if (number > LONG_MAX || number < -LONG_MAX - 1n) return "argument couldn't be parsed into an integer";
    if (number < min || number > max) return outOfBounds(min, max);
    if (clamp === undefined) return { value: safeNumber(number), text: word };
    const value = Math.min(Math.max(safeNumber(number), clamp.from), clamp.to);
    return { value, text: String(value) };
  });
}

/** A whole number of 31 bits. */
export function count(min = 0): Kind<number> {
  return integer(min, INT_MAX);
}

/** A whole number of 63 bits. */
export function longCount(min = 0): Kind<number> {
  return integer(min, LONG_MAX);
}

const UNIT_BYTES = new Map<string, bigint>([
  ['', 1n],
  ['b', 1n],
  ['k', 1000n],
  ['kb', 1024n],
  ['m', 1000n ** 2n],
  ['mb', 1024n ** 2n],
  ['g', 1000n ** 3n],
  ['gb', 1024n ** 3n],
]);

/** A size in bytes, with or without a unit: `1k` is 1000, `1kb` is 1024. */
export function memory(min: number, max: bigint): Kind<number> {
  const least = min > 0 ? ` of at least ${memoryWord(String(min))}` : '';
  const expects = `a size in bytes${least}, as a number alone or with a unit: k, kb, m, mb, g, gb`;
  return {
    ...oneWord(expects, (word) => {
      const bytes = parseMemory(word);
      if (bytes === undefined) return 'argument must be a memory value';
      if (bytes < min || bytes > max) return outOfBounds(min, max);
      return { value: safeNumber(bytes), text: String(bytes) };
    }),
    lines: ({ text }) => [[memoryWord(text)]],
  };
}

/** Bytes of a size, at most ULONG_MAX; undefined if it is none. No digits at all are 0, as in Redis. */
export function parseMemory(word: string): bigint | undefined {
  const found = /^([0-9]{0,30})([a-z]{0,2})$/i.exec(word);
  const unitBytes = found === null ? undefined : UNIT_BYTES.get(found[2].toLowerCase());
  if (found === null || unitBytes === undefined) return undefined;
  const bytes = BigInt(found[1]) * unitBytes;
  return bytes > ULONG_MAX ? ULONG_MAX : bytes;
}

/** `bytes` (decimal digits) with the largest unit that leaves a whole number. */
export function memoryWord(bytes: string): string {
  const number = BigInt(bytes);
  for (const unit of ['gb', 'mb', 'kb']) {
    const unitBytes = UNIT_BYTES.get(unit) ?? 1n;
    if (number > 0n && number % unitBytes === 0n) return `${number / unitBytes}${unit}`;
  }
  return bytes;
}

/** A size as `memory` takes it, or a percentage of `maxmemory` (`5%`). */
export function memoryOrPercent(): Kind<string> {
  const wrong = 'argument must be a memory or percent value';
  return oneWord('a size in bytes, or a percentage such as 5%', (word) => {
    if (!word.endsWith('%')) {
      const bytes = parseMemory(word);
      return bytes === undefined ? wrong : { value: String(bytes), text: String(bytes) };
    }
    if (!/^[0-9]{1,18}%$/.test(word)) return wrong;
    const percent = parseInt(word, 10);
    if (percent > 100) return 'percentage argument must be less or equal to 100';
    const text = percent === 0 ? '0' : `${percent}%`;
    return { value: text, text };
  });
}

/** File permissions, in octal. */
export function permissions(): Kind<number> {
  return oneWord('permissions in octal, from 0 to 777', (word) => {
    if (!/^[0-7]{1,10}$/.test(word)) return "argument couldn't be parsed as an octal number";
    const value = parseInt(word, 8);
    return value > 0o777 ? 'argument must be between 0 and 777 inclusive' : { value, text: value.toString(8) };
  });
}

/** One of `names`, whatever the case. */
export function oneOf<const T extends string>(...names: T[]): Kind<T> {
  const list = names.join(', ');
  return oneWord(`one of ${list}`, (word) => {
    const value = names.find((name) => name === word.toLowerCase());
    return value === undefined ? `argument(s) must be one of the following: ${list}` : { value, text: value };
  });
}

/** Whom something is allowed to: nobody, everybody, or connections from this machine. */
export function whom(): Kind<'no' | 'yes' | 'local'> {
  return oneOf('no', 'yes', 'local');
}

/** Any byte text; `check` says what is wrong with one. */
export function text(expects = 'one text', check?: (text: string) => string | undefined): Kind<string> {
  return oneWord(expects, (word) => check?.(word) ?? { value: word, text: word });
}

/** A path of the file system. Its value is ordinary text, its `text` byte text. */
export function path(): Kind<string> {
  return oneWord('a path', (word) => ({ value: fromByteText(word), text: word }));
}

function outOfBounds(min: number, max: number | bigint): string {
  return `argument must be between ${min} and ${max} inclusive`;
}

/** As a number; what is beyond exact numbers becomes the last exact one. */
function safeNumber(number: bigint): number {
  if (number > Number.MAX_SAFE_INTEGER) return Number.MAX_SAFE_INTEGER;
  if (number < Number.MIN_SAFE_INTEGER) return Number.MIN_SAFE_INTEGER;
  return Number(number);
}
