/**
 * Strings of which several versions may live at once, because nobody who wrote one had seen the other: VGET shows all of them with a context, VSET and VDEL
 * supersede what their context has seen (record/seen.ts).
 */

import { NEVER } from '../data/keyspace.js';
import type { VersionVector } from '../record/seen.js';
import type { Call } from './call.js';
import type { Command } from './command.js';
import { ONE_KEY } from './command.js';
import { findString, readString } from './lookup.js';
import { KEYSPACE_EVENT, notify, notifyDel } from './notify.js';
import { SetOptions } from './set-options.js';
import { decodeContext, encodeContext } from './version-context.js';
import { stampMs } from '../base/stamp.js';

const NOT_A_CONTEXT = 'ERR that is no context of this key: pass on what VGET has answered, or an empty one';
const CLOCK_AHEAD = 'ERR the context is from a clock that is too far ahead';

/** Of the command that runs: commands do not overlap. */
const options = new SetOptions();

/** VGET key: a context, and all siblings, youngest first. */
function vget(call: Call): void {
  const { args, keyspace, reply } = call;
  const ref = readString(call, 1);
  const { siblings } = keyspace;
  const values = ref === 0 ? [] : siblings.values(ref);
  reply.array(values.length + 1);
  reply.bulkText(encodeContext(args.view(1), siblings.context(ref)));
  for (const value of values) reply.bulkBuffer(value);
}

/** VSET key context value [EX seconds | PX milliseconds]: as with SET, the key does not expire afterwards unless a time is given. */
function vset(call: Call): void {
  const { args, keyspace, reply } = call;
  if (!options.parseCas(call, 4)) return;
  const expiry = options.expiry(call, 'vset');
  if (Number.isNaN(expiry)) return;
  const ref = findString(call, 1);
  const context = contextArgument(call, 2);
  if (context === undefined) return;
  const { siblings } = keyspace;
  if (!siblings.put(ref, context, args.copy(3), expiry)) {
    reply.error(
      `ERR there are ${siblings.values(ref).length} siblings already: VGET the key, and write with its context`,
    );
    return;
  }
  notify(call, KEYSPACE_EVENT.string, 'set', 1);
  if (expiry > NEVER) notify(call, KEYSPACE_EVENT.generic, 'expire', 1);
  reply.ok();
}

/** VDEL key context: how many siblings are gone. */
function vdel(call: Call): void {
  const { keyspace, reply } = call;
  const ref = findString(call, 1);
  const context = contextArgument(call, 2);
  if (context === undefined) return;
  const count = keyspace.siblings.remove(ref, context);
  if (count > 0 && !keyspace.isThereNow) notifyDel(call, 1);
  reply.integer(count);
}

/** The context in argument i; undefined after an error reply. */
function contextArgument({ args, keyspace, server, reply }: Call, i: number): VersionVector | undefined {
  const context = decodeContext(args.view(1), args.text(i));
  if (context === undefined) {
    reply.error(NOT_A_CONTEXT);
    return undefined;
  }
  // Later writes have to be above it.
  const limitMs = keyspace.clock.nowMs + server.config.maxClockDriftMs;
  if (context.dots().some(({ stamp }) => stampMs(stamp) > limitMs)) {
    reply.error(CLOCK_AHEAD);
    return undefined;
  }
  return context;
}

export const versionCommands: readonly Command[] = [
  { name: 'vget', arity: 2, flags: ['readonly', 'fast'], keys: ONE_KEY, run: vget },
  { name: 'vset', arity: -4, flags: ['write', 'denyoom', 'fast'], keys: ONE_KEY, run: vset },
  { name: 'vdel', arity: 3, flags: ['write', 'fast'], keys: ONE_KEY, run: vdel },
];
