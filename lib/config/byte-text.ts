/**
 * Configuration text is *byte text*: a string with one character a byte (latin1). A password, or a path in
 * any encoding, so comes through file, flags, CONFIG SET, CONFIG GET and CONFIG REWRITE without losing a
 * byte, and compares with what a client sent (`Args.text`). What is shown to people or given to the file
 * system is decoded from UTF-8 first.
 */

/** Byte text of ordinary text (a command-line argument, a path). */
export function toByteText(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Ordinary text of byte text that is UTF-8; bytes that are not become U+FFFD. */
export function fromByteText(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
