const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const TILDE = 0x7e;

const ESCAPES: ReadonlyMap<number, string> = new Map([
  [0x07, '\\a'],
  [0x08, '\\b'],
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0d, '\\r'],
  [QUOTE, '\\"'],
  [BACKSLASH, '\\\\'],
]);

/** `bytes[start, end)` in quotes, as redis-cli and MONITOR show them: what is no printable ASCII is escaped, `\x00` style. */
export function quoted(bytes: Buffer, start: number, end: number): string {
  let text = '"';
  let plainFrom = start;
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (byte >= SPACE && byte <= TILDE && byte !== QUOTE && byte !== BACKSLASH) continue;
    text += bytes.toString('latin1', plainFrom, at) + escaped(byte);
    plainFrom = at + 1;
  }
  return `${text}${bytes.toString('latin1', plainFrom, end)}"`;
}

function escaped(byte: number): string {
  return ESCAPES.get(byte) ?? `\\x${byte.toString(16).padStart(2, '0')}`;
}
