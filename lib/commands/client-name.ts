import type { Call } from './call.js';

/**
 * The name in argument i, which stands in CLIENT LIST between spaces: printable ASCII, or nothing; undefined after
 * an error reply. `what` is what the name is of.
 */
export function nameArgument(call: Call, i: number, what: string): string | undefined {
  const name = call.args.text(i);
  if (/^[!-~]*$/.test(name)) return name;
  call.reply.error(`ERR ${what} cannot contain spaces, newlines or special characters.`);
  return undefined;
}
