/** The arguments of GEOSEARCH and GEORADIUS: what is looked for, and how it is answered. */

import type { GeoShape } from '../data/geo-shape.js';
import type { Place } from '../data/geohash.js';
import type { SortedCells } from '../data/sorted-cells.js';
import type { Args } from '../protocol/args.js';
import type { Call } from './call.js';
import { SYNTAX_ERROR } from './error-texts.js';
import { findPlace, placeArgument, unitArgument } from './geo-arguments.js';
import { integerArgument } from './integer-argument.js';
import { scoreArgument } from './sorted-set-scores.js';

const NO_MEMBER = 'ERR could not decode requested zset member';

/** Which command it is: where its options begin, and what they may be. */
export interface GeoForm {
  /** What the arguments in front of the options say: nothing, or a place or a member, and a radius behind it. */
  readonly fixed: 'nothing' | 'place' | 'member';
  readonly keyArg: number;
  readonly optionsFrom: number;
  /** Into the key that is the first argument, into one that an option names, or not at all. */
  readonly stores: 'always' | 'by option' | 'never';
  readonly event: string;
}

export interface GeoQuery {
  /** Where the middle is; undefined if nothing said so. */
  center: Place | undefined;
  /** Which option said so. */
  centerIs: 'member' | 'place' | undefined;
  /** With its center at 0, 0; undefined if nothing said so. */
  shape: GeoShape | undefined;
  /** Meters in the unit of the shape. */
  unitMeters: number;
  withDistance: boolean;
  withHash: boolean;
  withPlace: boolean;
  sort: 'none' | 'ascending' | 'descending';
  /** 0: all. */
  count: number;
  /** As soon as there are enough, no more are looked for. */
  takesAny: boolean;
  /** Index of the key that the result goes to; 0: it is answered. */
  storeArg: number;
  storesDistance: boolean;
}

const NOWHERE: Place = { longitude: 0, latitude: 0 };

/** Reads the arguments; undefined after an error reply. `cells`: those of the source. */
export function parseQuery(call: Call, form: GeoForm, cells: SortedCells): GeoQuery | undefined {
  const query: GeoQuery = {
    center: undefined,
    centerIs: undefined,
    shape: undefined,
    unitMeters: 1,
    withDistance: false,
    withHash: false,
    withPlace: false,
    sort: 'none',
    count: 0,
    takesAny: false,
    storeArg: form.stores === 'always' ? 1 : 0,
    storesDistance: false,
  };
  if (!readFixed(call, form, cells, query)) return undefined;
  for (let i = form.optionsFrom; i < call.args.count;) {
    const taken = readFlag(call.args, i, query) || readOption(call, form, cells, query, i);
    if (taken === 0) call.reply.error(SYNTAX_ERROR);
    if (taken <= 0) return undefined;
    i += taken;
  }
  const fault = faultOf(call.args, form, query);
  if (fault !== undefined) {
    call.reply.error(fault);
    return undefined;
  }
  if (query.count !== 0 && query.sort === 'none' && !query.takesAny) query.sort = 'ascending';
  return query;
}

/** Index of the key behind the last STORE or STOREDIST; 0 if there is none. */
export function storeArgOf(args: Args, { optionsFrom }: GeoForm): number {
  let found = 0;
  for (let i = optionsFrom; i + 1 < args.count; i++) {
    if (args.is(i, 'store') || args.is(i, 'storedist')) found = ++i;
  }
  return found;
}

/** What stands in front of the options; false after an error reply. */
function readFixed(call: Call, { fixed, optionsFrom }: GeoForm, cells: SortedCells, query: GeoQuery): boolean {
  if (fixed === 'nothing') return true;
  if (fixed === 'place') query.center = placeArgument(call, 2);
  // Of a key that is not there, nothing more is read.
  else if (cells.count === 0) return true;
  else query.center = memberPlace(call, cells, 2);
  return query.center !== undefined && readRadius(call, optionsFrom - 2, query);
}

/** How many arguments an option without a value takes at i: 1, or 0 if there is none. */
function readFlag(args: Args, i: number, query: GeoQuery): number {
  if (args.is(i, 'withdist')) query.withDistance = true;
  else if (args.is(i, 'withhash')) query.withHash = true;
  else if (args.is(i, 'withcoord')) query.withPlace = true;
  else if (args.is(i, 'any')) query.takesAny = true;
  else if (args.is(i, 'asc')) query.sort = 'ascending';
  else if (args.is(i, 'desc')) query.sort = 'descending';
  else return 0;
  return 1;
}

/** The same of one with values; -1 after an error reply. */
function readOption(call: Call, form: GeoForm, cells: SortedCells, query: GeoQuery, i: number): number {
  const { args } = call;
  const left = args.count - i - 1;
  if (left >= 1 && args.is(i, 'count')) return readCount(call, i + 1, query) ? 2 : -1;
  if (form.stores === 'by option' && left >= 1 && (args.is(i, 'store') || args.is(i, 'storedist'))) {
    query.storeArg = i + 1;
    query.storesDistance = args.is(i, 'storedist');
    return 2;
  }
  if (form.fixed !== 'nothing') return 0;
  if (left >= 1 && query.centerIs !== 'place' && args.is(i, 'frommember')) {
    query.centerIs = 'member';
    query.center = cells.count === 0 ? NOWHERE : memberPlace(call, cells, i + 1);
    return query.center === undefined ? -1 : 2;
  }
  if (left >= 2 && query.centerIs !== 'member' && args.is(i, 'fromlonlat')) {
    query.centerIs = 'place';
    query.center = placeArgument(call, i + 1);
    return query.center === undefined ? -1 : 3;
  }
  if (left >= 2 && query.shape?.kind !== 'box' && args.is(i, 'byradius'))
    return readRadius(call, i + 1, query) ? 3 : -1;
  if (left >= 3 && query.shape?.kind !== 'circle' && args.is(i, 'bybox')) return readBox(call, i + 1, query) ? 4 : -1;
  if (form.stores === 'always' && args.is(i, 'storedist')) {
    query.storesDistance = true;
    return 1;
  }
  return 0;
}

/** What does not go together. */
function faultOf(args: Args, form: GeoForm, query: GeoQuery): string | undefined {
  if (query.storeArg !== 0 && (query.withDistance || query.withHash || query.withPlace)) {
    const what = form.stores === 'always' ? 'GEOSEARCHSTORE' : 'STORE option in GEORADIUS';
    return `ERR ${what} is not compatible with WITHDIST, WITHHASH and WITHCOORD options`;
  }
  if (form.fixed === 'nothing' && query.center === undefined) {
    return `ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for ${args.text(0)}`;
  }
  if (form.fixed === 'nothing' && query.shape === undefined) {
    return `ERR exactly one of BYRADIUS and BYBOX can be specified for ${args.text(0)}`;
  }
  if (query.takesAny && query.count === 0) return 'ERR the ANY argument requires COUNT argument';
  return undefined;
}

function memberPlace(call: Call, cells: SortedCells, i: number): Place | undefined {
  const place = { ...NOWHERE };
  if (findPlace(call, cells, i, place)) return place;
  call.reply.error(NO_MEMBER);
  return undefined;
}

function readCount(call: Call, i: number, query: GeoQuery): boolean {
  query.count = integerArgument(call, i);
  if (query.count <= 0) call.reply.error('ERR COUNT must be > 0');
  return query.count > 0;
}

/** A radius and its unit; false after an error reply. */
function readRadius(call: Call, i: number, query: GeoQuery): boolean {
  const radius = scoreArgument(call, i, 'ERR need numeric radius');
  if (Number.isNaN(radius)) return false;
  if (radius < 0) {
    call.reply.error('ERR radius cannot be negative');
    return false;
  }
  query.unitMeters = unitArgument(call, i + 1);
  query.shape = { kind: 'circle', center: NOWHERE, radius: radius * query.unitMeters };
  return !Number.isNaN(query.unitMeters);
}

/** Width, height and their unit; false after an error reply. */
function readBox(call: Call, i: number, query: GeoQuery): boolean {
  const width = scoreArgument(call, i, 'ERR need numeric width');
  if (Number.isNaN(width)) return false;
  const height = scoreArgument(call, i + 1, 'ERR need numeric height');
  if (Number.isNaN(height)) return false;
  if (height < 0 || width < 0) {
    call.reply.error('ERR height or width cannot be negative');
    return false;
  }
  query.unitMeters = unitArgument(call, i + 2);
  query.shape = {
    kind: 'box',
    center: NOWHERE,
    width: width * query.unitMeters,
    height: height * query.unitMeters,
  };
  return !Number.isNaN(query.unitMeters);
}
