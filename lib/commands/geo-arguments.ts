/** What the geo commands have in common: places, units and distances as arguments and replies. */

import type { Place } from '../data/geohash.js';
import { isPlace, readPlace } from '../data/geohash.js';
import type { SortedCells } from '../data/sorted-cells.js';
import type { Call } from './call.js';
import { scoreArgument } from './sorted-set-scores.js';

const DISTANCE_DIGITS = 4;
const COORDINATE_DIGITS = 17;

/** Meters in the unit that argument i names; NaN after an error reply. */
export function unitArgument({ args, reply }: Call, i: number): number {
  if (args.is(i, 'm')) return 1;
  if (args.is(i, 'km')) return 1000;
  if (args.is(i, 'ft')) return 0.3048;
  if (args.is(i, 'mi')) return 1609.34;
  reply.error('ERR unsupported unit provided. please use M, KM, FT, MI');
  return NaN;
}

/** The place whose longitude is argument i, and its latitude the next one; undefined after an error reply. */
export function placeArgument(call: Call, i: number): Place | undefined {
  const longitude = scoreArgument(call, i);
  if (Number.isNaN(longitude)) return undefined;
  const latitude = scoreArgument(call, i + 1);
  if (Number.isNaN(latitude)) return undefined;
  if (isPlace(longitude, latitude)) return { longitude, latitude };
  call.reply.error(`ERR invalid longitude,latitude pair ${sixDigits(longitude)},${sixDigits(latitude)}`);
  return undefined;
}

/** As C's %f. */
function sixDigits(value: number): string {
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  if (Object.is(value, -0)) return '-0.000000';
  return Math.abs(value) < 1e21 ? value.toFixed(6) : `${BigInt(value).toString()}.000000`;
}

/** Reads the place of the member in argument i; false if there is no such member. */
export function findPlace({ args }: Call, cells: SortedCells, i: number, place: Place): boolean {
  if (!cells.find(args.buffer, args.start[i], args.end[i])) return false;
  readPlace(cells.score, place);
  return true;
}

/** Answers with a distance, with four digits behind the point. */
export function replyDistance({ reply }: Call, distance: number): void {
  reply.bulkText(distance.toFixed(DISTANCE_DIGITS));
}

/** Answers with longitude and latitude. */
export function replyPlace({ reply }: Call, { longitude, latitude }: Place): void {
  reply.array(2);
  for (const coordinate of [longitude, latitude]) {
    const text = exactDigits(coordinate);
    if (reply.resp === 3) reply.raw(Buffer.from(`,${text}\r\n`), 0, text.length + 3);
    else reply.bulkText(text);
  }
}

/** As Redis writes for people: 17 digits behind the point, but no zeros at the end. */
function exactDigits(value: number): string {
  const digits = value.toFixed(COORDINATE_DIGITS).replace(/\.?0+$/, '');
  return digits === '-0' ? '0' : digits;
}
