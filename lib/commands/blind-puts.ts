/** What SET, SETEX, PSETEX and MSET put, for a node that only passes it on: it has none of the keys, and needs none. */

import { parseInteger64 } from '../base/integer.js';
import { slotOf } from '../base/position.js';
import { composedChange } from '../data/composed-strings.js';
import { NEVER } from '../data/keyspace.js';
import type { Args } from '../protocol/args.js';
import { COUNTER_BASE, counterCell } from '../record/composed-string.js';
import { pairBefore } from '../record/pair.js';
import { WriteBatch } from '../record/write-batch.js';
import type { Call } from './call.js';
import { MILLISECONDS, SECONDS, expireTime } from './expire-time.js';
import { SetOptions } from './set-options.js';

/** One key's. */
export interface BlindPut {
  readonly slot: number;
  /** As a batch of this node: the key set, or removed if it is to expire in the past. */
  readonly batch: Buffer;
}

const options = new SetOptions();

/** What the command of that name puts, with new stamps; undefined after an error reply. REQUIRES: its role is `put`. */
export function blindPuts(call: Call, name: string): BlindPut[] | undefined {
  const { args } = call;
  const batch = new WriteBatch(call.keyspace.origin);
  if (name !== 'mset') {
    const expiry = expiryOf(call, name);
    return Number.isNaN(expiry) ? undefined : [putOf(call, batch, 1, name === 'set' ? 2 : 3, expiry)];
  }
  if (args.count % 2 === 0) {
    call.reply.error("ERR wrong number of arguments for 'mset' command");
    return undefined;
  }
  const puts: BlindPut[] = [];
  for (let i = 1; i < args.count; i += 2) puts.push(putOf(call, batch, i, i + 1, NEVER));
  return puts;
}

/** NaN after an error reply. */
function expiryOf(call: Call, name: string): number {
  if (name === 'set') return options.parseSet(call, 3) ? options.expiry(call, name) : NaN;
  return expireTime(call, 2, name === 'setex' ? SECONDS : MILLISECONDS, call.keyspace.clock.nowMs, true, name);
}

function isInteger(args: Args, i: number): boolean {
  return parseInteger64(args.buffer, args.start[i], args.end[i]) !== undefined;
}

function putOf({ args, keyspace, db }: Call, batch: WriteBatch, key: number, value: number, expiry: number): BlindPut {
  const { clock } = keyspace;
  const { buffer } = args;
  const [keyStart, keyEnd] = [args.start[key], args.end[key]];
  const stamp = clock.next();
  batch.reset();
  if (expiry > NEVER && expiry <= clock.nowMs) {
    batch.entry(db.id, buffer, keyStart, keyEnd, 1, stamp);
    batch.delete(stamp);
  } else if (keyspace.declared.isCounter(buffer, keyStart, keyEnd) && isInteger(args, value)) {
    const pair = { stamp, origin: keyspace.origin };
    const count = BigInt(args.text(value));
    const change = composedChange([counterCell(COUNTER_BASE, count, pair)], pair, expiry > NEVER ? expiry : undefined);
    batch.change(db.id, args.copy(key), { ...change, deletedUpTo: pairBefore(pair) }, stamp);
  } else {
    batch.entry(db.id, buffer, keyStart, keyEnd, expiry > NEVER ? 2 : 1, stamp);
    batch.string(stamp, true, buffer, args.start[value], args.end[value]);
    if (expiry > NEVER) batch.expiry(stamp, expiry);
  }
  return {
    slot: slotOf(buffer, keyStart, keyEnd),
    batch: Buffer.from(batch.buffer.subarray(batch.start, batch.end)),
  };
}
