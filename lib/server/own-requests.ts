/**
 * What a node asks of others on its own account, in the sessions of its clients (MULTI around what they have queued, SCRIPT LOAD in front of EVALSHA): other members take it by the
 * commands' own names, whatever `rename-command` says, and from each other alone. On the wire nothing tells it from what a client asks.
 */
const NAMES: ReadonlySet<string> = new Set(['consistency', 'exec', 'hello', 'multi', 'script', 'unwatch']);

/** Whether it is the own name, in lower case, of a command that nodes call on their own account. */
export function isOwnRequest(name: string): boolean {
  return NAMES.has(name);
}
