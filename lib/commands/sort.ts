/** SORT and SORT_RO: the elements of a list, a set or a sorted set in an order. */

import { parseDouble } from '../base/double.js';
import { CorruptionError, DiskError } from '../base/errors.js';
import { WRONG_TYPE } from '../data/wrong-type.js';
import type { Args } from '../protocol/args.js';
import { CellType } from '../record/entry.js';
import { ListSide } from '../record/list-id.js';
import type { Call } from './call.js';
import type { Command } from './command.js';
import { ONE_KEY } from './command.js';
import { findKey, readKey } from './lookup.js';
import { KEYSPACE_EVENT, notify, notifyDel } from './notify.js';
import { SortOptions } from './sort-options.js';

const NOT_A_SCORE = "ERR One or more scores can't be converted into double";
/** What C's isspace knows. */
const LEADING_SPACE = /^[ \t\n\v\f\r]+/;
/** C's strtod refuses what is nearer to zero than the smallest normal double. */
const NORMAL_MIN = 2 ** -1022;
const NOTHING = Buffer.alloc(0);

/** What is answered for an element: undefined where a pattern has found nothing. */
type Value = Buffer | undefined;

/** SORT key [BY pattern] [LIMIT offset count] [GET pattern ...] [ASC | DESC] [ALPHA] [STORE destination] */
function sort(call: Call): void {
  const options = SortOptions.parse(call, false);
  if (options !== undefined) sortWith(call, options);
}

/** SORT_RO: the same without STORE. */
function sortRo(call: Call): void {
  const options = SortOptions.parse(call, true);
  if (options !== undefined) sortWith(call, options);
}

function sortWith(call: Call, options: SortOptions): void {
  const { reply } = call;
  // It may have to be loaded, before anything is changed.
  if (options.storeAt !== 0) findKey(call, options.storeAt);
  const values = tryToSort(call, options);
  if (typeof values === 'string') reply.error(values);
  else if (options.storeAt !== 0) storeValues(call, values, options.storeAt);
  else {
    reply.array(values.length);
    for (const value of values) {
      if (value === undefined) reply.nullBulk();
      else reply.bulkBuffer(value);
    }
  }
}

/** What is to be answered, or an error. */
function tryToSort(call: Call, options: SortOptions): Value[] | string {
  try {
    const elements = sortedElements(call, options);
    if (elements === undefined) return NOT_A_SCORE;
    if (options.gets.length === 0) return elements;
    return elements.flatMap((element) => options.gets.map((pattern) => pattern.valueFor(call, element)));
  } catch (error) {
    // A key that a pattern names is on disk, and cannot be read.
    if (error instanceof CorruptionError || error instanceof DiskError) return `ERR ${error.message}`;
    throw error;
  }
}

/** The elements that are wanted, in their order; undefined if one has no score. */
function sortedElements(call: Call, options: SortOptions): Buffer[] | undefined {
  const { heap } = call.keyspace;
  const ref = readKey(call, 1);
  if (ref === 0) return [];
  // A set has no order of its own. Redis gives it one only in scripts and for STORE, and leaves it to chance elsewhere.
  if (options.keepsOrder && heap.type(ref) === CellType.SET) options.sortAsTexts();
  if (options.keepsOrder) return elementsInOrder(call, ref, options);
  const elements = elementsOf(call, ref, 0, Infinity, false);
  const { by } = options;
  const keys = by === undefined ? elements : elements.map((element) => by.valueFor(call, element));
  const sorted = options.alpha ? sortByTexts(elements, keys, options) : sortByScores(elements, keys, options);
  return sorted?.slice(...options.range(elements.length));
}

/** The elements that are wanted, in the order in which they are kept. */
function elementsInOrder(call: Call, ref: number, options: SortOptions): Buffer[] {
  const { keyspace } = call;
  const count = keyspace.collectionAt(ref)?.liveCount(ref) ?? 0;
  const [from, to] = options.range(count);
  return elementsOf(call, ref, from, to, options.descending);
}

/**
 * Copies of the elements at the keyspace's cursor: of a set all, else from the one at `from` up to the one before `to`, counted from the other end if
 * `descending`. Throws WRONG_TYPE.
 */
function elementsOf(call: Call, ref: number, from: number, to: number, descending: boolean): Buffer[] {
  const { keyspace } = call;
  const type = keyspace.heap.type(ref);
  const elements: Buffer[] = [];
  if (type === CellType.LIST) {
    const { lists } = keyspace;
    lists.use();
    let more = from < to && lists.seek(descending ? lists.count - 1 - from : from);
    for (; more; more = elements.length < to - from && (descending ? lists.previous() : lists.next())) {
      elements.push(lists.copy());
    }
  } else if (type === CellType.SORTED_SET) {
    const { sortedSets } = keyspace;
    sortedSets.use();
    let more = from < to && sortedSets.seek(descending ? sortedSets.count - 1 - from : from);
    for (; more; more = elements.length < to - from && (descending ? sortedSets.down() : sortedSets.up())) {
      elements.push(Buffer.from(sortedSets.bytes.subarray(sortedSets.fieldStart, sortedSets.fieldEnd)));
    }
  } else if (type === CellType.SET) {
    const { sets } = keyspace;
    sets.use();
    sets.rewind();
    while (sets.next()) elements.push(Buffer.from(sets.bytes.subarray(sets.fieldStart, sets.fieldEnd)));
  } else throw WRONG_TYPE;
  return elements;
}

/** By the bytes of their keys; those without a key come first. */
function sortByTexts(elements: readonly Buffer[], keys: readonly Value[], { descending }: SortOptions): Buffer[] {
  const sign = descending ? -1 : 1;
  return elements
    .map((_, i) => i)
    .sort((a, b) => sign * compareTexts(keys[a], keys[b]))
    .map((i) => elements[i]);
}

function compareTexts(a: Value, b: Value): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  return Buffer.compare(a, b);
}

/** By the numbers that their keys spell, 0 where there is no key; undefined if one spells none. */
function sortByScores(
  elements: readonly Buffer[],
  keys: readonly Value[],
  { descending }: SortOptions,
): Buffer[] | undefined {
  const sign = descending ? -1 : 1;
  const scores = Float64Array.from(keys, (key) => (key === undefined ? 0 : scoreOf(key)));
  if (scores.some(Number.isNaN)) return undefined;
  return elements
    .map((_, i) => i)
    .sort((a, b) => sign * (scores[a] - scores[b] || Buffer.compare(elements[a], elements[b])))
    .map((i) => elements[i]);
}

/** The number that a text spells for C's strtod, up to a NUL; NaN if it spells none. Nothing at all is 0. */
function scoreOf(text: Buffer): number {
  const end = text.indexOf(0);
  const spelled = text.toString('latin1', 0, end === -1 ? text.length : end);
  if (spelled === '') return 0;
  const score = parseDouble(spelled.replace(LEADING_SPACE, ''));
  return score !== 0 && Math.abs(score) < NORMAL_MIN ? NaN : score;
}

/** Makes the key in argument i a list of the values, and answers how many there are; without values, the key is removed. */
function storeValues(call: Call, values: readonly Value[], i: number): void {
  const { keyspace, reply } = call;
  const wasThere = findKey(call, i) !== 0;
  if (values.length > 0) {
    if (wasThere) keyspace.clear();
    const { lists } = keyspace;
    lists.use();
    for (const value of values) lists.push(ListSide.RIGHT, value ?? NOTHING, 0, value?.length ?? 0);
    notify(call, KEYSPACE_EVENT.list, 'sortstore', i);
  } else if (wasThere) {
    keyspace.remove();
    notifyDel(call, i);
  }
  reply.integer(values.length);
}

/** The key to sort, and the last one that is to be stored at. */
function sortKeys(args: Args): number[] {
  let store = 0;
  for (let i = 2; i < args.count; i++) {
    if (args.is(i, 'limit')) i += 2;
    else if (args.is(i, 'get') || args.is(i, 'by')) i++;
    else if (args.is(i, 'store') && i + 1 < args.count) store = ++i;
  }
  return store === 0 ? [1] : [1, store];
}

export const sortCommands: readonly Command[] = [
  { name: 'sort', arity: -2, flags: ['write', 'denyoom', 'movablekeys'], keys: ONE_KEY, keysOf: sortKeys, run: sort },
  { name: 'sort_ro', arity: -2, flags: ['readonly', 'movablekeys'], keys: ONE_KEY, keysOf: () => [1], run: sortRo },
];
