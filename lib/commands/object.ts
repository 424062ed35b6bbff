/** OBJECT: how a value is kept, and when it was used. */

import { parseInteger64 } from '../base/integer.js';
import { collectionEncoding } from '../data/collection-encoding.js';
import type { Call } from './call.js';
import type { Command, KeyRange } from './command.js';
import { NO_KEYS } from './command.js';
import type { HelpEntry } from './help.js';
import { helpCommand } from './help.js';
import { inspectKey, isString, stringView } from './lookup.js';

/** Redis keeps longer strings apart from their header. */
const EMBEDDED_BYTES_MAX = 44;

const SECOND_KEY: KeyRange = { first: 2, last: 2, step: 1 };

const WHEN_SWITCHING =
  'Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.';

const HELP: readonly HelpEntry[] = [
  ['ENCODING <key>', 'The name of the form in which the value is kept.'],
  ['FREQ <key>', 'The logarithmic counter of how often the key was used (maxmemory-policy *-lfu).'],
  ['IDLETIME <key>', 'Seconds since the key was used (maxmemory-policy other than *-lfu).'],
  ['REFCOUNT <key>', 'How many references the value has: always 1.'],
];

/** OBJECT ENCODING key */
function encoding(call: Call): void {
  const ref = inspectKey(call, 2);
  if (ref === 0) call.reply.nullBulk();
  else call.reply.bulkText(valueEncoding(call, ref));
}

/** Redis's name for the form in which it would keep the value at `ref`, the key under the keyspace's cursor. */
export function valueEncoding(call: Call, ref: number): string {
  const { keyspace, server } = call;
  if (isString(call, ref)) return stringEncoding(stringView(call, ref));
  return collectionEncoding(keyspace, ref, server.config);
}

/**
 * Of a string that was set to these bytes. (It says `raw` of some short ones too, for having been appended to: that is not known here, nor to
 * Redis after a restart.)
 */
function stringEncoding(value: Uint8Array): string {
  if (parseInteger64(value, 0, value.length) !== undefined) return 'int';
  return value.length <= EMBEDDED_BYTES_MAX ? 'embstr' : 'raw';
}

/** OBJECT REFCOUNT key: values are not shared. */
function refcount(call: Call): void {
  if (inspectKey(call, 2) === 0) call.reply.nullBulk();
  else call.reply.integer(1);
}

/** OBJECT IDLETIME key: seconds. */
function idletime(call: Call): void {
  const { heap, access } = call.keyspace;
  const ref = inspectKey(call, 2);
  if (ref === 0) call.reply.nullBulk();
  else if (access.usesFrequency) {
    call.reply.error(`ERR An LFU maxmemory policy is selected, idle time not tracked. ${WHEN_SWITCHING}`);
  } else call.reply.integer(Math.floor(access.idleMs(heap.access(ref)) / 1000));
}

/** OBJECT FREQ key */
function freq(call: Call): void {
  const { heap, access } = call.keyspace;
  const ref = inspectKey(call, 2);
  if (ref === 0) call.reply.nullBulk();
  else if (!access.usesFrequency) {
    call.reply.error(`ERR An LFU maxmemory policy is not selected, access frequency not tracked. ${WHEN_SWITCHING}`);
  } else call.reply.integer(access.frequency(heap.access(ref)));
}

export const objectCommands: readonly Command[] = [
  {
    name: 'object',
    arity: -2,
    flags: [],
    keys: NO_KEYS,
    subcommands: [
      { name: 'encoding', arity: 3, flags: ['readonly'], keys: SECOND_KEY, run: encoding },
      { name: 'freq', arity: 3, flags: ['readonly'], keys: SECOND_KEY, run: freq },
      helpCommand('object', HELP),
      { name: 'idletime', arity: 3, flags: ['readonly'], keys: SECOND_KEY, run: idletime },
      { name: 'refcount', arity: 3, flags: ['readonly'], keys: SECOND_KEY, run: refcount },
    ],
  },
];
