/**
 * The dumb twin of `RequestParser`: reads all requests of a whole stream at once, from a string, with regular expressions.
 * Each character is one byte.
 */

/** All that a stream says: its requests, and whether the next one is incomplete or wrong. */
export interface Stream {
  readonly requests: string[][];
  /** The error's words, or undefined when the rest is the beginning of a request. */
  readonly error: string | undefined;
}

/** What a client may send. */
export interface Permission {
  readonly authenticated: boolean;
  readonly bulkBytesMax: number;
}

/** Reads `text` from its beginning. */
export function parseStream(text: string, permission: Permission): Stream {
  const requests: string[][] = [];
  let rest = text;
  while (rest !== '') {
    try {
      const request = rest.startsWith('*') ? parseArray(rest, permission) : parseInline(rest);
      rest = rest.slice(request.length);
      if (request.args.length > 0) requests.push(request.args);
    } catch (error) {
      if (error instanceof Incomplete) break;
      if (error instanceof Wrong) return { requests, error: error.message };
      throw error;
    }
  }
  return { requests, error: undefined };
}

class Incomplete extends Error {}
class Wrong extends Error {}

interface Request {
  readonly args: string[];
  readonly length: number;
}

function parseArray(text: string, permission: Permission): Request {
  const header = readLine(text, '\r', 1, 'too big mbulk count string');
  const count = readNumber(header.slice(1));
  if (count === undefined || count >= 2n ** 31n) throw new Wrong('Protocol error: invalid multibulk length');
  if (count > 10n && !permission.authenticated) throw new Wrong('Protocol error: unauthenticated multibulk length');
  const args: string[] = [];
  let at = header.length + 2;
  while (args.length < count) {
    const line = readLine(text.slice(at), '\r', 1, 'too big bulk count string');
    if (!line.startsWith('$')) throw new Wrong(`Protocol error: expected '$', got '${text[at]}'`);
    const length = readNumber(line.slice(1));
    if (length === undefined || length < 0n || length > permission.bulkBytesMax) {
      throw new Wrong('Protocol error: invalid bulk length');
    }
    if (length > 16384n && !permission.authenticated) throw new Wrong('Protocol error: unauthenticated bulk length');
    const start = at + line.length + 2;
    at = start + Number(length) + 2;
    if (text.length < at) throw new Incomplete();
    args.push(text.slice(start, at - 2));
  }
  return { args, length: at };
}

function parseInline(text: string): Request {
  const line = readLine(text, '\n', 0, 'too big inline request');
  return { args: splitWords(line.replace(/\r$/, '')), length: line.length + 1 };
}

/** What stands before `end`, which must be there with `behind` bytes more. */
function readLine(text: string, end: string, behind: number, tooBig: string): string {
  const at = text.indexOf(end);
  const length = at === -1 ? text.length : at;
  if (length > 65536) throw new Wrong(`Protocol error: ${tooBig}`);
  if (at === -1 || at + behind >= text.length) throw new Incomplete();
  return text.slice(0, at);
}

function readNumber(text: string): bigint | undefined {
  if (!/^(0|-?[1-9]\d*)$/.test(text)) return undefined;
  const value = BigInt(text);
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

/** A word: what is plain, then a quoted part or none. */
const WORD =
  /^([^ \t\r\n"']*)(?:"((?:[^"\\]|\\[^])*)"(?=[ \t-\r]|$)|'((?:[^'\\]|\\'|\\(?!'))*)'(?=[ \t-\r]|$)|(?=[ \t\r\n]|$))/;

function splitWords(line: string): string[] {
  const rest = line.replace(/^[ \t-\r]+/, '');
  if (rest === '') return [];
  const word = WORD.exec(rest);
  if (word === null) throw new Wrong('Protocol error: unbalanced quotes in request');
  const double = (word[2] as string | undefined)?.replace(/\\x([\da-f]{2})|\\([^])/gi, unescape) ?? '';
  const single = (word[3] as string | undefined)?.replace(/\\'/g, "'") ?? '';
  return [word[1] + double + single, ...splitWords(rest.slice(word[0].length))];
}

function unescape(_: string, hex: string | undefined, letter: string | undefined): string {
  if (hex !== undefined) return String.fromCharCode(parseInt(hex, 16));
  const control = new Map(Object.entries({ n: '\n', r: '\r', t: '\t', b: '\b', a: '\x07' }));
  return control.get(letter ?? '') ?? letter ?? '';
}
