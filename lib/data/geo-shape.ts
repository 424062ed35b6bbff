/** What GEOSEARCH looks within: a circle or a box around a place, and the squares of the grid that cover it. */

import type { GridBox, Place } from './geohash.js';
import { STEP_MAX, boundsAround, boundsOf, boxOf, distance, latitudeDistance } from './geohash.js';

/** Half of the way around the earth, in the meters of web maps. */
const MERCATOR_MAX_METERS = 20037726.37;
/** From these latitudes on, squares are so narrow that coarser ones are needed. */
const FAR_LATITUDE = 66;
const POLAR_LATITUDE = 80;
/** In a coarser grid than this, squares beside the middle one may be the same. */
const STEP_MIN_TO_LEAVE_OUT = 2;

/** Around `center`; lengths in meters. */
export type GeoShape =
  | { readonly kind: 'circle'; readonly center: Place; readonly radius: number }
  | { readonly kind: 'box'; readonly center: Place; readonly width: number; readonly height: number };

/** Meters from the middle of a shape to a place in it; NaN if it is not in it. */
export function distanceWithin(shape: GeoShape, { longitude, latitude }: Place): number {
  const { center } = shape;
  if (shape.kind === 'circle') {
    const meters = distance(center.longitude, center.latitude, longitude, latitude);
    return meters > shape.radius ? NaN : meters;
  }
  if (latitudeDistance(latitude, center.latitude) > shape.height / 2) return NaN;
  if (distance(longitude, latitude, center.longitude, latitude) > shape.width / 2) return NaN;
  return distance(center.longitude, center.latitude, longitude, latitude);
}

/**
 * The squares to look into, in Redis's order: the middle one, north, south, east, west, and the corners. What is in them need not be within the
 * shape. For very large shapes, places beyond may be missing, as in Redis.
 */
export function boxesOf(shape: GeoShape): readonly GridBox[] {
  const { center } = shape;
  const [eastMeters, northMeters] =
    shape.kind === 'circle' ? [shape.radius, shape.radius] : [shape.width / 2, shape.height / 2];
  const bounds = boundsAround(center, eastMeters, northMeters);
  const reach = shape.kind === 'circle' ? shape.radius : Math.sqrt(eastMeters * eastMeters + northMeters * northMeters);
  const boxAt = (step: number): GridBox => boxOf(center.longitude, center.latitude, step);
  let middle = boxAt(stepFor(reach, center.latitude));
  const isTooFine =
    boundsOf(beside(middle, 0, 1)).north < bounds.north ||
    boundsOf(beside(middle, 0, -1)).south > bounds.south ||
    boundsOf(beside(middle, 1, 0)).east < bounds.east ||
    boundsOf(beside(middle, -1, 0)).west > bounds.west;
  if (isTooFine && middle.step > 1) middle = boxAt(middle.step - 1);
  const mayLeaveOut = middle.step >= STEP_MIN_TO_LEAVE_OUT;
  const inner = boundsOf(middle);
  const needs = {
    north: !mayLeaveOut || inner.north <= bounds.north,
    south: !mayLeaveOut || inner.south >= bounds.south,
    east: !mayLeaveOut || inner.east <= bounds.east,
    west: !mayLeaveOut || inner.west >= bounds.west,
  };
  const boxes = DIRECTIONS.filter(([x, y]) => {
    return (x <= 0 || needs.east) && (x >= 0 || needs.west) && (y <= 0 || needs.north) && (y >= 0 || needs.south);
  }).map(([x, y]) => beside(middle, x, y));
  return boxes.filter((box, i) => i === 0 || !isSame(box, boxes[i - 1]));
}

const DIRECTIONS: readonly (readonly [number, number])[] = [
  [0, 0],
  [0, 1],
  [0, -1],
  [1, 0],
  [-1, 0],
  [1, 1],
  [-1, 1],
  [1, -1],
  [-1, -1],
];

/** The finest grid whose nine squares around a place hold a circle of so many meters, or one near it. */
function stepFor(meters: number, latitude: number): number {
  if (meters === 0) return STEP_MAX;
  let step = 1;
  for (let range = meters; range < MERCATOR_MAX_METERS; range *= 2) step++;
  step -= 2;
  if (Math.abs(latitude) > FAR_LATITUDE) step--;
  if (Math.abs(latitude) > POLAR_LATITUDE) step--;
  return Math.min(Math.max(step, 1), STEP_MAX);
}

/** The square so many to the east and to the north; the grid goes around both ways. One on its very edge stays there if it is not to move. */
function beside({ x, y, step }: GridBox, east: number, north: number): GridBox {
  const cells = 2 ** step;
  return { x: east === 0 ? x : (x + east + cells) % cells, y: north === 0 ? y : (y + north + cells) % cells, step };
}

function isSame(a: GridBox, b: GridBox): boolean {
  return a.x === b.x && a.y === b.y;
}
