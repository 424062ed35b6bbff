/**
 * Keyspace notifications: a command that has changed a key says so, with the class and the name that Redis gives the event
 * (https://redis.io/docs/latest/develop/use/keyspace-notifications/). That costs one test while nobody wants to know.
 *
 * The classes are KEYSPACE_EVENT's. Keys that expire, are evicted, are looked for in vain or come into being (`expired`, `evicted`, `keymiss`, `new`)
 * are the keyspace's to tell, not a command's.
 */

import { KEYSPACE_EVENT } from '../config/keyspace-events.js';
import type { Database } from '../data/keyspace.js';
import type { Call } from './call.js';

export { KEYSPACE_EVENT };

/** `event` has happened to the key in argument i. */
export function notify(call: Call, eventClass: number, event: string, i: number): void {
  const { events } = call.keyspace;
  if (!events.wants(eventClass)) return;
  const { args } = call;
  events.tell(eventClass, event, call.db, args.buffer, args.start[i], args.end[i]);
}

/** `event` has happened to the key in argument i, in a database that need not be the client's. */
export function notifyIn(call: Call, db: Database, eventClass: number, event: string, i: number): void {
  const { args } = call;
  call.keyspace.events.tell(eventClass, event, db, args.buffer, args.start[i], args.end[i]);
}

/** `event` has happened to a key that is no argument: the bytes [start, end) of `key`. */
export function notifyKey(
  call: Call,
  eventClass: number,
  event: string,
  key: Uint8Array,
  start: number,
  end: number,
): void {
  call.keyspace.events.tell(eventClass, event, call.db, key, start, end);
}

/** The class of what can happen to any key, and the event of a removal. */
export function notifyDel(call: Call, i: number): void {
  notify(call, KEYSPACE_EVENT.generic, 'del', i);
}
