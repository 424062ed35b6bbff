/** Values that leave and enter as bytes: DUMP and RESTORE, in Redis's own format. */

import { NEVER } from '../data/keyspace.js';
import { Dump } from '../data/dump.js';
import { encodeStringDump } from '../data/string-dump.js';
import { encodeCollectionDump, restoreCollection } from '../data/value-dump.js';
import { CellType } from '../record/entry.js';
import type { Call } from './call.js';
import type { Command } from './command.js';
import { ONE_KEY } from './command.js';
import { SYNTAX_ERROR } from './error-texts.js';
import { integerArgument } from './integer-argument.js';
import { findKey, isString, readKey, stringView } from './lookup.js';
import { KEYSPACE_EVENT, notify, notifyDel } from './notify.js';

const FREQUENCY_MAX = 255;
/** In place of an idle time or a frequency. */
const NOT_GIVEN = -1;

interface RestoreOptions {
  /** Whether a key that is there may be overwritten. */
  replace: boolean;
  /** Whether the time to live is a time. */
  absolute: boolean;
  idleSeconds: number;
  frequency: number;
}

/** DUMP key */
function dump(call: Call): void {
  const ref = readKey(call, 1);
  if (ref === 0) call.reply.nullBulk();
  else call.reply.bulkBuffer(dumpAt(call, ref));
}

/** The payload for what is at `ref`, the key under the keyspace's cursor. */
export function dumpAt(call: Call, ref: number): Buffer {
  const { keyspace, server } = call;
  if (isString(call, ref)) return encodeStringDump(stringView(call, ref));
  return encodeCollectionDump(keyspace, ref, server.config);
}

/** RESTORE key ttl payload [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]; a ttl (milliseconds) of 0: for ever. */
function restore(call: Call): void {
  const { args, keyspace, reply } = call;
  const options = parseOptions(call);
  if (options === undefined) return;
  if (!options.replace && findKey(call, 1) !== 0) {
    reply.error('BUSYKEY Target key name already exists.');
    return;
  }
  const ttl = integerArgument(call, 2);
  if (Number.isNaN(ttl)) return;
  if (ttl < 0) {
    reply.error('ERR Invalid TTL value, must be >= 0');
    return;
  }
  const value = Dump.open(args.view(3));
  if (typeof value === 'string') {
    reply.error(value === 'checksum' ? 'ERR DUMP payload version or checksum are wrong' : 'ERR Bad data format');
    return;
  }
  const replaces = findKey(call, 1) !== 0;
  const expiry = ttl === 0 || options.absolute ? ttl : ttl + keyspace.clock.nowMs;
  if (expiry !== NEVER && expiry <= keyspace.clock.nowMs) {
    if (replaces) {
      keyspace.remove();
      notifyDel(call, 1);
    }
  } else {
    if (value.type === CellType.STRING) putString(call, value.string(), expiry, replaces);
    else putCollection(call, value, expiry, replaces);
    restoreAccess(call, options);
    notify(call, KEYSPACE_EVENT.generic, 'restore', 1);
  }
  reply.ok();
}

/** Sets the key under the cursor to a string. `replaces`: it is there. */
function putString(call: Call, value: Buffer, expiry: number, replaces: boolean): void {
  // What was there is gone: Redis counts the key as new.
  if (replaces) notify(call, KEYSPACE_EVENT.newKey, 'new', 1);
  call.keyspace.put(value, 0, value.length, expiry);
}

function putCollection(call: Call, dump: Dump, expiry: number, replaces: boolean): void {
  const { keyspace } = call;
  if (replaces) keyspace.remove();
  restoreCollection(keyspace, dump);
  if (expiry !== NEVER) keyspace.setExpiry(expiry);
}

/** Undefined after an error reply. */
function parseOptions(call: Call): RestoreOptions | undefined {
  const { args, reply } = call;
  const options = { replace: false, absolute: false, idleSeconds: NOT_GIVEN, frequency: NOT_GIVEN };
  for (let i = 4; i < args.count; i++) {
    const hasValue = i + 1 < args.count;
    if (args.is(i, 'replace')) options.replace = true;
    else if (args.is(i, 'absttl')) options.absolute = true;
    else if (hasValue && args.is(i, 'idletime') && options.frequency === NOT_GIVEN) {
      options.idleSeconds = integerArgument(call, ++i);
      if (options.idleSeconds >= 0) continue;
      if (options.idleSeconds < 0) reply.error('ERR Invalid IDLETIME value, must be >= 0');
      return undefined;
    } else if (hasValue && args.is(i, 'freq') && options.idleSeconds === NOT_GIVEN) {
      options.frequency = integerArgument(call, ++i);
      if (options.frequency >= 0 && options.frequency <= FREQUENCY_MAX) continue;
      if (!Number.isNaN(options.frequency)) reply.error('ERR Invalid FREQ value, must be >= 0 and <= 255');
      return undefined;
    } else {
      reply.error(SYNTAX_ERROR);
      return undefined;
    }
  }
  return options;
}

/** Takes over what was said of the use of the key under the cursor, if it suits the policy. */
function restoreAccess({ keyspace }: Call, options: RestoreOptions): void {
  const { access } = keyspace;
  if (access.usesFrequency) {
    if (options.frequency !== NOT_GIVEN) keyspace.setAccess(access.frequent(options.frequency));
  } else if (options.idleSeconds !== NOT_GIVEN) keyspace.setAccess(access.idle(options.idleSeconds));
}

export const dumpCommands: readonly Command[] = [
  { name: 'dump', arity: 2, flags: ['readonly'], keys: ONE_KEY, run: dump },
  { name: 'restore', arity: -4, flags: ['write', 'denyoom'], keys: ONE_KEY, run: restore },
];
