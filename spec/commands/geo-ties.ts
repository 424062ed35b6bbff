/**
 * Replies to searches for places, without what no server promises: which of several that are equally far comes first, and which of them are left out
 * when COUNT is less than all.
 */

import type { Place } from '../../lib/data/geohash.js';
import { distance, readPlace } from '../../lib/data/geohash.js';
import type { Argument, Harness, Plain } from './harness.js';

/** So many members that are equally far from the middle, of which COUNT has cut off others. */
interface CutTie {
  readonly meters: number;
  readonly size: number;
}

/** The reply with those that are equally far in one order. Other replies than those to searches in an order are as they are. */
export function withoutTies(db: Harness, request: readonly Argument[], reply: Plain): Plain | (Plain | CutTie)[] {
  const [name, key, ...rest] = request.map(String);
  const options = rest.map((word) => word.toLowerCase());
  const count = Number(options[options.indexOf('count') + 1]);
  const isCut = options.includes('count') && !options.includes('any') && Array.isArray(reply) && reply.length === count;
  const isOrdered = options.includes('asc') || options.includes('desc') || isCut;
  if (!/^geo(search|radius)/i.test(name) || !Array.isArray(reply) || !isOrdered) return reply;
  const middle = middleOf(db, key, rest);
  const ties: { meters: number; items: Plain[] }[] = [];
  for (const item of reply) {
    const { longitude, latitude } = placeOf(db, key, String(Array.isArray(item) ? item[0] : item));
    const meters = distance(middle.longitude, middle.latitude, longitude, latitude);
    if (ties.at(-1)?.meters === meters) ties.at(-1)?.items.push(item);
    else ties.push({ meters, items: [item] });
  }
  return ties.flatMap(({ meters, items }, at): (Plain | CutTie)[] => {
    if (isCut && at === ties.length - 1) return [{ meters, size: items.length }];
    return items.sort((a, b) => (String(a) < String(b) ? -1 : 1));
  });
}

function middleOf(db: Harness, key: string, rest: readonly string[]): Place {
  const at = rest.findIndex((word) => /^from/i.test(word)) + 1;
  const isMember = at > 0 ? /^frommember$/i.test(rest[at - 1]) : !/^-?[\d.]/.test(rest[0]);
  if (isMember) return placeOf(db, key, rest[at]);
  return { longitude: Number(rest[at]), latitude: Number(rest[at + 1]) };
}

function placeOf(db: Harness, key: string, member: string): Place {
  const place = { longitude: 0, latitude: 0 };
  readPlace(Number(db.run('ZSCORE', key, member)), place);
  return place;
}
