/** Places within a circle or a box: GEOSEARCH and its elder, GEORADIUS. */

import { int64Of } from '../base/integer.js';
import type { GeoShape } from '../data/geo-shape.js';
import { boxesOf, distanceWithin } from '../data/geo-shape.js';
import type { Place } from '../data/geohash.js';
import { readPlace, scoresOf } from '../data/geohash.js';
import { MemberList } from '../data/member-list.js';
import type { SortedCells } from '../data/sorted-cells.js';
import type { Args } from '../protocol/args.js';
import type { Call } from './call.js';
import type { Command } from './command.js';
import { ONE_KEY, TWO_KEYS } from './command.js';
import { replyDistance, replyPlace } from './geo-arguments.js';
import type { GeoForm, GeoQuery } from './geo-query.js';
import { parseQuery, storeArgOf } from './geo-query.js';
import { readSortedSet } from './lookup.js';
import { storeMembers } from './sorted-set-store.js';

/** What was found: members with their scores, and how far from the middle they are. (Meters: in another unit, two distances may be rounded to one.) */
interface Found {
  readonly members: MemberList;
  readonly meters: number[];
}

const SEARCH: GeoForm = { fixed: 'nothing', keyArg: 1, optionsFrom: 2, stores: 'never', event: '' };
const SEARCH_AND_STORE: GeoForm = {
  fixed: 'nothing',
  keyArg: 2,
  optionsFrom: 3,
  stores: 'always',
  event: 'geosearchstore',
};
const AROUND_PLACE: GeoForm = {
  fixed: 'place',
  keyArg: 1,
  optionsFrom: 6,
  stores: 'by option',
  event: 'georadiusstore',
};
const AROUND_MEMBER: GeoForm = { ...AROUND_PLACE, fixed: 'member', optionsFrom: 5 };

/** GEOSEARCH key FROMMEMBER member | FROMLONLAT longitude latitude BYRADIUS ... | BYBOX ... [ASC | DESC] [COUNT count [ANY]] [WITH...] */
function geosearch(call: Call): void {
  search(call, SEARCH);
}

/** GEOSEARCHSTORE destination source ... [STOREDIST] */
function geosearchstore(call: Call): void {
  search(call, SEARCH_AND_STORE);
}

/** GEORADIUS key longitude latitude radius unit ... [STORE key | STOREDIST key] */
function georadius(call: Call): void {
  search(call, AROUND_PLACE);
}

/** GEORADIUSBYMEMBER key member radius unit ... [STORE key | STOREDIST key] */
function georadiusbymember(call: Call): void {
  search(call, AROUND_MEMBER);
}

/** GEORADIUS_RO key longitude latitude radius unit ... */
function georadiusRo(call: Call): void {
  search(call, { ...AROUND_PLACE, stores: 'never' });
}

/** GEORADIUSBYMEMBER_RO key member radius unit ... */
function georadiusbymemberRo(call: Call): void {
  search(call, { ...AROUND_MEMBER, stores: 'never' });
}

function search(call: Call, form: GeoForm): void {
  const cells = readSortedSet(call, form.keyArg);
  const query = parseQuery(call, form, cells);
  if (query === undefined) return;
  const { center, shape, storeArg } = query;
  const isKnown = cells.count > 0 && center !== undefined && shape !== undefined;
  const found = isKnown ? find(cells, query, { ...shape, center }) : NOTHING_FOUND;
  const order = ordered(found, query);
  if (storeArg === 0) {
    replyFound(call, found, order, query);
    return;
  }
  const { members, meters } = found;
  const stored = new MemberList(order.length);
  for (const i of order) {
    const score = query.storesDistance ? meters[i] / query.unitMeters : members.score(i);
    stored.add(members.bytes, members.start(i), members.end(i), score);
  }
  storeMembers(call, storeArg, stored, form.event);
  call.reply.integer(stored.count);
}

const NOTHING_FOUND: Found = { members: new MemberList(), meters: [] };

function find(cells: SortedCells, query: GeoQuery, shape: GeoShape): Found {
  const found: Found = { members: new MemberList(), meters: [] };
  const enough = query.takesAny && query.count > 0 ? query.count : Infinity;
  for (const box of boxesOf(shape)) {
    const { first, end } = scoresOf(box);
    findBetween(cells, first, end, shape, enough, found);
    if (found.members.count >= enough) break;
  }
  return found;
}

/** Adds those with a score from `first` up to, but not, `end` that are within the shape. */
function findBetween(
  cells: SortedCells,
  first: number,
  end: number,
  shape: GeoShape,
  enough: number,
  { members, meters }: Found,
): void {
  const place: Place = { longitude: 0, latitude: 0 };
  for (let on = cells.seek(cells.rankOfScore(first, false)); on && cells.score < end; on = cells.up()) {
    readPlace(cells.score, place);
    const distance = distanceWithin(shape, place);
    if (Number.isNaN(distance)) continue;
    meters.push(distance);
    members.add(cells.bytes, cells.fieldStart, cells.fieldEnd, cells.score);
    if (members.count >= enough) return;
  }
}

/** The indexes of what is wanted of what was found, in the order that is wanted. */
function ordered({ meters }: Found, { sort, count }: GeoQuery): number[] {
  const order = meters.map((_, i) => i);
  if (sort === 'ascending') order.sort((a, b) => meters[a] - meters[b]);
  else if (sort === 'descending') order.sort((a, b) => meters[b] - meters[a]);
  return count > 0 ? order.slice(0, count) : order;
}

function replyFound(call: Call, { members, meters }: Found, order: readonly number[], query: GeoQuery): void {
  const { reply } = call;
  const { withDistance, withHash, withPlace } = query;
  const extras = Number(withDistance) + Number(withHash) + Number(withPlace);
  const place: Place = { longitude: 0, latitude: 0 };
  reply.array(order.length);
  for (const i of order) {
    if (extras > 0) reply.array(1 + extras);
    reply.bulk(members.bytes, members.start(i), members.end(i));
    if (withDistance) replyDistance(call, meters[i] / query.unitMeters);
    if (withHash) reply.bigInteger(int64Of(members.score(i)));
    if (!withPlace) continue;
    readPlace(members.score(i), place);
    replyPlace(call, place);
  }
}

/** The keys of a GEORADIUS: the source, and what STORE names. */
function keysOf(form: GeoForm): (args: Args) => number[] {
  return (args) => {
    const storeArg = storeArgOf(args, form);
    return storeArg === 0 ? [1] : [1, storeArg];
  };
}

export const geoSearchCommands: readonly Command[] = [
  {
    name: 'georadius',
    arity: -6,
    flags: ['write', 'denyoom', 'movablekeys'],
    keys: ONE_KEY,
    keysOf: keysOf(AROUND_PLACE),
    run: georadius,
  },
  { name: 'georadius_ro', arity: -6, flags: ['readonly'], keys: ONE_KEY, run: georadiusRo },
  {
    name: 'georadiusbymember',
    arity: -5,
    flags: ['write', 'denyoom', 'movablekeys'],
    keys: ONE_KEY,
    keysOf: keysOf(AROUND_MEMBER),
    run: georadiusbymember,
  },
  { name: 'georadiusbymember_ro', arity: -5, flags: ['readonly'], keys: ONE_KEY, run: georadiusbymemberRo },
  { name: 'geosearch', arity: -7, flags: ['readonly'], keys: ONE_KEY, run: geosearch },
  { name: 'geosearchstore', arity: -8, flags: ['write', 'denyoom'], keys: TWO_KEYS, run: geosearchstore },
];
