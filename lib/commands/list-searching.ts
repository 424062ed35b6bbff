/** Lists: finding elements by what they are, to tell where they are or to remove them. */

import { KEYSPACE_EVENT } from '../config/keyspace-events.js';
import type { ListCells } from '../data/list-cells.js';
import type { Call } from './call.js';
import type { Command } from './command.js';
import { ONE_KEY } from './command.js';
import { SYNTAX_ERROR } from './error-texts.js';
import { integerArgument, integerAtLeast } from './integer-argument.js';
import { findList, readList } from './lookup.js';
import { notify, notifyDel } from './notify.js';

const RANK_IS_ZERO =
  "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list";

interface Search {
  /** The first match that counts, from 1 on; from the right if it is negative. */
  rank: number;
  /** Matches wanted: 0 is all; undefined is one, not in an array. */
  count: number | undefined;
  /** Elements looked at: 0 is all. */
  lengthMax: number;
}

/** LPOS key element [RANK rank] [COUNT count] [MAXLEN length] */
function lpos(call: Call): void {
  const { reply } = call;
  const search = parseSearch(call);
  if (search === undefined) return;
  const cells = readList(call, 1);
  const found = find(call, cells, search);
  if (search.count !== undefined) {
    reply.array(found.length);
    for (const index of found) reply.integer(index);
  } else if (found.length === 0) reply.nullBulk();
  else reply.integer(found[0]);
}

/** Undefined after an error reply. */
function parseSearch(call: Call): Search | undefined {
  const { args, reply } = call;
  const search: Search = { rank: 1, count: undefined, lengthMax: 0 };
  for (let i = 3; i < args.count; i += 2) {
    const hasMore = i + 1 < args.count;
    if (hasMore && args.is(i, 'rank')) search.rank = integerArgument(call, i + 1);
    else if (hasMore && args.is(i, 'count'))
      search.count = integerAtLeast(call, i + 1, 0, "ERR COUNT can't be negative");
    else if (hasMore && args.is(i, 'maxlen')) {
      search.lengthMax = integerAtLeast(call, i + 1, 0, "ERR MAXLEN can't be negative");
    } else {
      reply.error(SYNTAX_ERROR);
      return undefined;
    }
    if (Number.isNaN(search.rank) || Number.isNaN(search.count) || Number.isNaN(search.lengthMax)) return undefined;
    if (search.rank === 0) {
      reply.error(RANK_IS_ZERO);
      return undefined;
    }
  }
  return search;
}

/** Where the matches are, in the order in which they are met. */
function find({ args }: Call, cells: ListCells, { rank, count = 1, lengthMax }: Search): number[] {
  const found: number[] = [];
  const fromLeft = rank > 0;
  let skipped = Math.abs(rank) - 1;
  let left = lengthMax === 0 ? Infinity : lengthMax;
  let isThere = cells.seek(fromLeft ? 0 : cells.count - 1);
  while (isThere && left-- > 0) {
    if (cells.equals(args.buffer, args.start[2], args.end[2]) && skipped-- <= 0) {
      found.push(cells.index);
      if (found.length === count) break;
    }
    isThere = fromLeft ? cells.next() : cells.previous();
  }
  return found;
}

/** LREM key count element: of a negative count from the right; 0 is all. */
function lrem(call: Call): void {
  const { args, reply } = call;
  const count = integerArgument(call, 2);
  if (Number.isNaN(count)) return;
  const cells = findList(call, 1);
  const most = count === 0 ? Infinity : Math.abs(count);
  const indexes: number[] = [];
  let isThere = cells.seek(count < 0 ? cells.count - 1 : 0);
  while (isThere && indexes.length < most) {
    if (cells.equals(args.buffer, args.start[3], args.end[3])) indexes.push(cells.index);
    isThere = count < 0 ? cells.previous() : cells.next();
  }
  if (count < 0) indexes.reverse();
  cells.removeAll(indexes);
  reply.integer(indexes.length);
  if (indexes.length === 0) return;
  notify(call, KEYSPACE_EVENT.list, 'lrem', 1);
  if (cells.count === 0) notifyDel(call, 1);
}

export const listSearchingCommands: readonly Command[] = [
  { name: 'lpos', arity: -3, flags: ['readonly'], keys: ONE_KEY, run: lpos },
  { name: 'lrem', arity: 4, flags: ['write'], keys: ONE_KEY, run: lrem },
];
