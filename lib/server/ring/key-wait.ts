/**
 * A command that waits for keys (BLPOP and its kin) which another member acts for.
 *
 *     here ─▶ the request ─▶ there: tries        ─▶ its reply; or WAITS: nothing was there, so nothing was done
 *                                   then waits    ─▶ a reply (the time is over); or READY: something is there now, and nothing was done
 *     here ─▶ the request again, with the time that is left, to whoever acts for the keys by now
 *
 * So of a wait that breaks it is known that it took nothing, and it goes on elsewhere. What breaks between the request and the first reply may have taken
 * something: its outcome is unknown, as that of any other change.
 */

import { findList, findSortedSet } from '../../commands/lookup.js';
import type { Call } from '../../commands/call.js';
import type { Wait } from '../../commands/ports.js';
import { CellType } from '../../record/entry.js';
import type { Args } from '../../protocol/args.js';
import { replaceArg } from '../../protocol/request-encoder.js';

export const WAITS = 'WAITS';
export const READY = 'READY';
export const WAITS_REPLY = Buffer.from(`+${WAITS}\r\n`);
export const READY_REPLY = Buffer.from(`+${READY}\r\n`);

/** Their time-out is the first argument; that of others is the last. */
const TIMEOUT_FIRST: ReadonlySet<string> = new Set(['blmpop', 'bzmpop']);
/** 0 would be for ever. */
const SHORTEST_MS = 1;

/** What another member's client waits for: that there is something. */
export function readiness(wait: Wait): Wait {
  const attempt = (call: Call, i: number): void => {
    if (hasElements(call, i, wait.type)) call.reply.simple(READY);
  };
  return { ...wait, attempt, isOfMember: true };
}

/** The same request, after `waitedMs`, maybe Infinity. REQUIRES: its time-out is one. */
export function withTimeLeft(args: Args, waitedMs: number): Args {
  const i = TIMEOUT_FIRST.has(args.text(0).toLowerCase()) ? 1 : args.count - 1;
  const timeoutMs = Number(args.text(i)) * 1000;
  if (timeoutMs === 0 && waitedMs !== Infinity) return args;
  const leftMs = Math.max(SHORTEST_MS, Math.ceil(timeoutMs - waitedMs));
  return replaceArg(args, i, String(leftMs / 1000));
}

/** The key in argument i holds `type`. */
function hasElements(call: Call, i: number, type: CellType): boolean {
  if (type === CellType.LIST) return findList(call, i).count > 0;
  return type !== CellType.SORTED_SET || findSortedSet(call, i).count > 0;
}
