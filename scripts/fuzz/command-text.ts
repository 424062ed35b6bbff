/** Commands and bytes for people: as one would type them into redis-cli. */

const PLAIN = /^[A-Za-z0-9_.:|{}#*?^+-]+$/;
/** Longer arguments are shown by their beginning and their length: the seed has all of it. */
const SHOWN_BYTES = 300;

/** A command as a line for redis-cli. */
export function commandText(command: readonly Uint8Array[]): string {
  return command.map(argumentText).join(' ');
}

/** Bytes as a word that redis-cli reads back. */
export function argumentText(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.subarray(0, SHOWN_BYTES)).toString('latin1');
  if (bytes.length > SHOWN_BYTES) return `"${escaped(text)}..."(${bytes.length} bytes)`;
  return PLAIN.test(text) ? text : `"${escaped(text)}"`;
}

function escaped(text: string): string {
  return text
    .replace(/["\\]/g, '\\$&')
    .replace(/\r/g, '\\r')
    .replace(/\n/g, '\\n')
    .replace(/[^ -~]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
