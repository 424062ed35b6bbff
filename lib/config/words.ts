/**
 * A line of words, quoted as in redis.conf and redis-cli:
 *
 *     line   = { space } { word space { space } }
 *     word   = { plain | '"' { escape | byte } '"' | "'" { "\'" | byte } "'" }
 *     escape = "\x" hex hex | "\n" | "\r" | "\t" | "\b" | "\a" | "\" byte (that byte)
 *
 * A closing quote ends the word, so a space or the end of the line must follow. Outside quotes a backslash
 * is a byte like any other.
 */

const ESCAPES = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['b', '\b'],
  ['a', '\x07'],
]);

const SPACES = ' \n\r\t\v\f';

/** The words of `line`, or undefined if its quotes do not close where a word ends. */
export function splitWords(line: string): string[] | undefined {
  const words: string[] = [];
  let at = skipSpaces(line, 0);
  while (at < line.length) {
    let word = '';
    while (at < line.length && !SPACES.includes(line[at])) {
      if (line[at] !== '"' && line[at] !== "'") {
        word += line[at++];
        continue;
      }
      const quoted = line[at] === '"' ? doubleQuoted(line, at + 1) : singleQuoted(line, at + 1);
      if (quoted === undefined || (quoted.end < line.length && !SPACES.includes(line[quoted.end]))) return undefined;
      word += quoted.text;
      at = quoted.end;
    }
    words.push(word);
    at = skipSpaces(line, at);
  }
  return words;
}

/** `word` as `splitWords` reads it back; in double quotes only where it needs them. */
export function quoteWord(word: string): string {
  if (word !== '' && !/[\x00-\x20"'\\\x7f]/.test(word)) return word;
  let quoted = '"';
  for (const char of word) quoted += escaped(char);
  return quoted + '"';
}

/** What stands between quotes, and where the closing quote's successor is. */
interface Quoted {
  text: string;
  end: number;
}

function doubleQuoted(line: string, at: number): Quoted | undefined {
  let text = '';
  for (; at < line.length; at++) {
    if (line[at] === '"') return { text, end: at + 1 };
    if (line[at] !== '\\' || at + 1 === line.length) {
      text += line[at];
      continue;
    }
    at++;
    const hex = line.slice(at + 1, at + 3);
    if (line[at] === 'x' && /^[0-9a-fA-F]{2}$/.test(hex)) {
      text += String.fromCharCode(parseInt(hex, 16));
      at += 2;
    } else {
      text += ESCAPES.get(line[at]) ?? line[at];
    }
  }
  return undefined;
}

function singleQuoted(line: string, at: number): Quoted | undefined {
  let text = '';
  for (; at < line.length; at++) {
    if (line[at] === "'") return { text, end: at + 1 };
    if (line.startsWith("\\'", at)) at++;
    text += line[at];
  }
  return undefined;
}

function escaped(char: string): string {
  if (char === '"' || char === '\\') return '\\' + char;
  for (const [letter, meant] of ESCAPES) if (char === meant) return '\\' + letter;
  const code = char.charCodeAt(0);
  return code < 0x20 || code === 0x7f ? '\\x' + code.toString(16).padStart(2, '0') : char;
}

function skipSpaces(line: string, at: number): number {
  while (at < line.length && SPACES.includes(line[at])) at++;
  return at;
}
