import { encodeWords } from '../protocol/request-encoder.js';

/**
 * What a node asks of others on its own account, in the sessions of its clients (MULTI around what they have queued, SCRIPT LOAD in front of EVALSHA), it calls by names that
 * `rename-command` does not touch: this, and the command's own name. Members take them from each other alone.
 */
const PREFIX = 'ringkv:';

/** A request of a node's own, whose first word is a command's own name. */
export function encodeOwn([name, ...words]: readonly [string, ...string[]]): Buffer {
  return encodeWords([PREFIX + name, ...words]);
}

/** The command's own name, in lower case, that a node has called a command by; undefined: it is another name. */
export function ownNameIn(text: string): string | undefined {
  return text.startsWith(PREFIX) ? text.slice(PREFIX.length).toLowerCase() : undefined;
}
