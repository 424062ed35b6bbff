/** Places in sorted sets: adding them, where they are, how far apart. */

import { distance, geohashText, scoreOf } from '../data/geohash.js';
import type { Call } from './call.js';
import type { Command } from './command.js';
import { ONE_KEY } from './command.js';
import { SYNTAX_ERROR } from './error-texts.js';
import { findPlace, placeArgument, replyDistance, replyPlace, unitArgument } from './geo-arguments.js';
import { readSortedSet } from './lookup.js';
import type { AddOptions } from './sorted-sets.js';
import { NO_OPTIONS, addMembers } from './sorted-sets.js';

/** GEOADD key [NX | XX] [CH] longitude latitude member [longitude latitude member ...] */
function geoadd(call: Call): void {
  const { args, reply } = call;
  const options: AddOptions = { ...NO_OPTIONS };
  let first = 2;
  for (; first < args.count; first++) {
    if (args.is(first, 'nx')) options.onlyNew = true;
    else if (args.is(first, 'xx')) options.onlyOld = true;
    else if (args.is(first, 'ch')) options.countsChanged = true;
    else break;
  }
  const count = (args.count - first) / 3;
  if (count === 0 || !Number.isInteger(count) || (options.onlyNew && options.onlyOld)) {
    reply.error(SYNTAX_ERROR);
    return;
  }
  const scores = new Float64Array(count);
  for (let j = 0; j < count; j++) {
    const place = placeArgument(call, first + 3 * j);
    if (place === undefined) return;
    scores[j] = scoreOf(place.longitude, place.latitude);
  }
  addMembers(call, options, scores, count, first + 2, 3);
}

/** GEOPOS key [member ...] */
function geopos(call: Call): void {
  const { args, reply } = call;
  const cells = readSortedSet(call, 1);
  const place = { longitude: 0, latitude: 0 };
  reply.array(args.count - 2);
  for (let i = 2; i < args.count; i++) {
    if (findPlace(call, cells, i, place)) replyPlace(call, place);
    else reply.nullArray();
  }
}

/** GEOHASH key [member ...] */
function geohash(call: Call): void {
  const { args, reply } = call;
  const cells = readSortedSet(call, 1);
  const place = { longitude: 0, latitude: 0 };
  reply.array(args.count - 2);
  for (let i = 2; i < args.count; i++) {
    if (findPlace(call, cells, i, place)) reply.bulkText(geohashText(place));
    else reply.nullBulk();
  }
}

/** GEODIST key member member [M | KM | FT | MI] */
function geodist(call: Call): void {
  const { args, reply } = call;
  if (args.count > 5) {
    reply.error(SYNTAX_ERROR);
    return;
  }
  const meters = args.count === 5 ? unitArgument(call, 4) : 1;
  if (Number.isNaN(meters)) return;
  const cells = readSortedSet(call, 1);
  const from = { longitude: 0, latitude: 0 };
  const to = { longitude: 0, latitude: 0 };
  if (!findPlace(call, cells, 2, from) || !findPlace(call, cells, 3, to)) reply.nullBulk();
  else replyDistance(call, distance(from.longitude, from.latitude, to.longitude, to.latitude) / meters);
}

export const geoCommands: readonly Command[] = [
  { name: 'geoadd', arity: -5, flags: ['write', 'denyoom'], keys: ONE_KEY, run: geoadd },
  { name: 'geodist', arity: -4, flags: ['readonly'], keys: ONE_KEY, run: geodist },
  { name: 'geohash', arity: -2, flags: ['readonly'], keys: ONE_KEY, run: geohash },
  { name: 'geopos', arity: -2, flags: ['readonly'], keys: ONE_KEY, run: geopos },
];
