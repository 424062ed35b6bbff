/**
 * Places on the earth as scores of a sorted set, in Redis's way: a cell of a grid of 2^26 by 2^26, its two numbers interleaved to 52 bits. Members of any
 * square of a coarser grid then have scores one behind the other.
 *
 *     score = ... x1 y1 x0 y0      x: longitude from -180 to 180, y: latitude from -85.05112878 to 85.05112878 (as far as web maps reach)
 *
 * All numbers are doubles as in Redis, computed in the same order, so that the results are the same.
 */

export const LONGITUDE_MAX = 180;
export const LATITUDE_MAX = 85.05112878;
/** The latitudes of GEOHASH's text. */
const LATITUDE_MAX_STANDARD = 90;
/** Bits of each coordinate in a score. */
export const STEP_MAX = 26;
const HALF_BITS = 13;
const HALF_MASK = 0x1fff;
const TWO_26 = 2 ** 26;
/** Scores of places are below: a longitude of exactly 180 needs a 27th bit. */
const SCORE_LIMIT = 2 ** 54;

const EARTH_RADIUS_METERS = 6372797.560856;
const ALPHABET = '0123456789bcdefghjkmnpqrstuvwxyz';
/** Characters of a standard geohash of so many bits; the last one has none left, and is always the same. */
const TEXT_LENGTH = 11;

export interface Place {
  longitude: number;
  latitude: number;
}

/** A square of the grid of 2^step by 2^step. */
export interface GridBox {
  readonly x: number;
  readonly y: number;
  readonly step: number;
}

/** Coordinates within: degrees. */
export interface Bounds {
  readonly west: number;
  readonly south: number;
  readonly east: number;
  readonly north: number;
}

export function isPlace(longitude: number, latitude: number): boolean {
  return Math.abs(longitude) <= LONGITUDE_MAX && Math.abs(latitude) <= LATITUDE_MAX;
}

/** The square of a grid that a place lies in. */
export function boxOf(longitude: number, latitude: number, step: number, latitudeMax = LATITUDE_MAX): GridBox {
  const cells = 2 ** step;
  const x = ((longitude + LONGITUDE_MAX) / (2 * LONGITUDE_MAX)) * cells;
  const y = ((latitude + latitudeMax) / (2 * latitudeMax)) * cells;
  return { x: Math.floor(x), y: Math.floor(y), step };
}

/** The bounds of a square. */
export function boundsOf({ x, y, step }: GridBox): Bounds {
  const cells = 2 ** step;
  return {
    west: -LONGITUDE_MAX + (x / cells) * (2 * LONGITUDE_MAX),
    south: -LATITUDE_MAX + (y / cells) * (2 * LATITUDE_MAX),
    east: -LONGITUDE_MAX + ((x + 1) / cells) * (2 * LONGITUDE_MAX),
    north: -LATITUDE_MAX + ((y + 1) / cells) * (2 * LATITUDE_MAX),
  };
}

/** The score of a place. REQUIRES: `isPlace`. */
export function scoreOf(longitude: number, latitude: number): number {
  const { x, y } = boxOf(longitude, latitude, STEP_MAX);
  return interleave(x, y);
}

/** The first score of a square, and the first one behind it. */
export function scoresOf({ x, y, step }: GridBox): { readonly first: number; readonly end: number } {
  const scale = 4 ** (STEP_MAX - step);
  const bits = interleave(x, y);
  return { first: bits * scale, end: (bits + 1) * scale };
}

/** Writes the middle of a score's cell to `place`. A score that is no place gives some place all the same. */
export function readPlace(score: number, place: Place): void {
  const bits = Math.trunc(Math.min(Math.max(score, 0), SCORE_LIMIT));
  const high = Math.floor(bits / TWO_26);
  const low = bits % TWO_26;
  const y = gather(high) * (HALF_MASK + 1) + gather(low);
  const x = gather(high >>> 1) * (HALF_MASK + 1) + gather(low >>> 1);
  const { west, south, east, north } = boundsOf({ x, y, step: STEP_MAX });
  place.longitude = clamp((west + east) / 2, LONGITUDE_MAX);
  place.latitude = clamp((south + north) / 2, LATITUDE_MAX);
}

/** The standard geohash (https://en.wikipedia.org/wiki/Geohash) of a place, in 11 characters. */
export function geohashText({ longitude, latitude }: Place): string {
  const { x, y } = boxOf(longitude, latitude, STEP_MAX, LATITUDE_MAX_STANDARD);
  let rest = BigInt(interleave(x, y)) >> 2n;
  let text = ALPHABET[0];
  for (let i = 1; i < TEXT_LENGTH; i++) {
    text = ALPHABET[Number(rest & 31n)] + text;
    rest >>= 5n;
  }
  return text;
}

/** Meters between two places on a sphere. */
export function distance(longitude1: number, latitude1: number, longitude2: number, latitude2: number): number {
  const v = Math.sin((radians(longitude2) - radians(longitude1)) / 2);
  if (v === 0) return latitudeDistance(latitude1, latitude2);
  const from = radians(latitude1);
  const to = radians(latitude2);
  const u = Math.sin((to - from) / 2);
  return 2 * EARTH_RADIUS_METERS * Math.asin(Math.sqrt(u * u + Math.cos(from) * Math.cos(to) * v * v));
}

/** Meters between two latitudes. */
export function latitudeDistance(latitude1: number, latitude2: number): number {
  return EARTH_RADIUS_METERS * Math.abs(radians(latitude2) - radians(latitude1));
}

/** What holds all places that are not farther from a place than so many meters, east or west and north or south. */
export function boundsAround({ longitude, latitude }: Place, eastMeters: number, northMeters: number): Bounds {
  const latitudeDelta = degrees(northMeters / EARTH_RADIUS_METERS);
  // The way to the east is longest, in degrees, on the side of the nearer pole.
  const widest = latitude < 0 ? latitude - latitudeDelta : latitude + latitudeDelta;
  const longitudeDelta = degrees(eastMeters / EARTH_RADIUS_METERS / Math.cos(radians(widest)));
  return {
    west: longitude - longitudeDelta,
    south: latitude - latitudeDelta,
    east: longitude + longitudeDelta,
    north: latitude + latitudeDelta,
  };
}

function radians(value: number): number {
  return value * (Math.PI / 180);
}

function degrees(value: number): number {
  return value / (Math.PI / 180);
}

function clamp(value: number, max: number): number {
  return Math.min(Math.max(value, -max), max);
}

/** A bit of y, a bit of x, and so on, from the last one on. */
function interleave(x: number, y: number): number {
  const high = spread(y >>> HALF_BITS) | (spread(x >>> HALF_BITS) << 1);
  const low = spread(y & HALF_MASK) | (spread(x & HALF_MASK) << 1);
  return (high >>> 0) * TWO_26 + low;
}

/** Puts a zero in front of each of 16 bits. */
function spread(bits: number): number {
  let spread = (bits | (bits << 8)) & 0x00ff00ff;
  spread = (spread | (spread << 4)) & 0x0f0f0f0f;
  spread = (spread | (spread << 2)) & 0x33333333;
  return (spread | (spread << 1)) & 0x55555555;
}

/** Every second of 32 bits, from the last one on. */
function gather(bits: number): number {
  let gathered = bits & 0x55555555;
  gathered = (gathered | (gathered >>> 1)) & 0x33333333;
  gathered = (gathered | (gathered >>> 2)) & 0x0f0f0f0f;
  gathered = (gathered | (gathered >>> 4)) & 0x00ff00ff;
  return (gathered | (gathered >>> 8)) & 0xffff;
}
