/** What commands have in common that take something from the first of several keys that has it, at once or when it is there: BLPOP, ZMPOP and their kin. */

import type { CellType } from '../record/entry.js';
import type { Call } from './call.js';
import type { KeyRange } from './command.js';
import { blockingTimeout } from './timeout-argument.js';

/** The keys of those whose last argument is how long they wait. */
export const ALL_BUT_LAST: KeyRange = { first: 1, last: -2, step: 1 };

/** Takes from the key in argument i, and answers; false if there is nothing, and nothing was answered. */
export type Pop = (call: Call, i: number) => boolean;

/** Runs a command whose arguments are keys, which hold `type` or nothing, and for how long it waits. */
export function popFromAny(call: Call, type: CellType, pop: Pop): void {
  const { args } = call;
  const timeoutMs = blockingTimeout(call, args.count - 1);
  if (Number.isNaN(timeoutMs)) return;
  const keys = Array.from({ length: args.count - 2 }, (_, i) => i + 1);
  popOrWait(call, type, keys, timeoutMs, pop);
}

/** Pops from the first key that has something; if none has, waits for one. */
export function popOrWait(call: Call, type: CellType, keys: readonly number[], timeoutMs: number, pop: Pop): void {
  if (keys.some((i) => pop(call, i))) return;
  call.client.waitForKeys(call, { keys, type, timeoutMs, attempt: pop, onTimeout: replyNothing });
}

/** Answers with the key in argument i. */
export function replyKey({ args, reply }: Call, i: number): void {
  reply.bulk(args.buffer, args.start[i], args.end[i]);
}

function replyNothing({ reply }: Call): void {
  reply.nullArray();
}
