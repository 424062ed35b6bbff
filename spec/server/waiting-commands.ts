/** Commands that wait for strings: what BLPOP and its kin do with lists, in the simplest form. */

import type { Call } from '../../lib/commands/call.js';
import type { Command } from '../../lib/commands/command.js';
import { findKey, findString, replyString } from '../../lib/commands/lookup.js';
import { blockingTimeout } from '../../lib/commands/timeout-argument.js';
import { KEEP_EXPIRY } from '../../lib/data/keyspace.js';
import { CellType } from '../../lib/record/entry.js';
import { CommandEntry } from '../../lib/server/command-table.js';
import type { Node } from '../../lib/server/node.js';

/** Takes the string at key i away, and answers with key and value. */
function take(call: Call, i: number): boolean {
  const ref = findString(call, i);
  if (ref === 0) return false;
  const { args, reply } = call;
  reply.array(2);
  reply.bulk(args.buffer, args.start[i], args.end[i]);
  replyString(call, ref);
  call.keyspace.remove();
  return true;
}

/** BTAKE key [key ...] timeout */
function btake(call: Call): void {
  const last = call.args.count - 1;
  const timeoutMs = blockingTimeout(call, last);
  if (Number.isNaN(timeoutMs)) return;
  const keys = Array.from({ length: last - 1 }, (_, k) => k + 1);
  if (keys.some((i) => take(call, i))) return;
  const onTimeout = ({ reply }: Call): void => {
    reply.nullArray();
  };
  call.client.waitForKeys(call, { keys, type: CellType.STRING, timeoutMs, attempt: take, onTimeout });
}

/** Moves the string at key 1 to key 2, and answers with it. */
function move(call: Call): boolean {
  if (findString(call, 1) === 0) return false;
  findString(call, 2);
  const { keyspace } = call;
  const ref = findKey(call, 1);
  const start = keyspace.heap.valueStart(ref);
  const value = Buffer.from(keyspace.heap.bytes(ref).subarray(start, start + keyspace.heap.valueLength(ref)));
  keyspace.remove();
  findKey(call, 2);
  keyspace.put(value, 0, value.length, KEEP_EXPIRY);
  call.reply.bulkBuffer(value);
  return true;
}

/** BMOVE from to timeout */
function bmove(call: Call): void {
  const timeoutMs = blockingTimeout(call, 3);
  if (Number.isNaN(timeoutMs) || move(call)) return;
  const onTimeout = ({ reply }: Call): void => {
    reply.nullBulk();
  };
  call.client.waitForKeys(call, { keys: [1], type: CellType.STRING, timeoutMs, attempt: move, onTimeout });
}

const rows: readonly Command[] = [
  { name: 'btake', arity: -3, flags: ['write', 'blocking'], keys: { first: 1, last: -2, step: 1 }, run: btake },
  { name: 'bmove', arity: 4, flags: ['write', 'blocking'], keys: { first: 1, last: 2, step: 1 }, run: bmove },
];

/** Has a node know BTAKE and BMOVE. */
export function addWaitingCommands(node: Node): void {
  const { engine } = node as unknown as {
    engine: { table: { add: (name: string, entry: CommandEntry) => void } };
  };
  for (const row of rows) engine.table.add(row.name, new CommandEntry(row, row.name));
}
