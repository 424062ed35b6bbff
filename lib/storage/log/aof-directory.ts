/**
 * The names in the directory of the append-only file:
 *
 *   name    = number ".aof"          the segment of that number
 *   number  = 10 decimal digits, 1 to 4294967295
 *
 * `<number>.base` is a snapshot of a ringkv from before there were tables.
 */

const NAME = /^(\d{10})\.(aof|base)$/;
const NUMBER_MAX = 0xffffffff;

/** What is in the directory. Numbers rise. */
export interface AofListing {
  segments: number[];
  /** Names of snapshots of an earlier format. */
  bases: string[];
  /** Names that are not of the log. */
  foreign: string[];
}

export function aofDirectory(dataDirectory: string): string {
  return `${dataDirectory}/aof`;
}

export function segmentPath(directory: string, number: number): string {
  return `${directory}/${digits(number)}.aof`;
}

/** Of a segment, by its path. */
export function segmentNumberOf(path: string): number {
  return Number(NAME.exec(path.slice(path.lastIndexOf('/') + 1))?.[1]);
}

function digits(number: number): string {
  return String(number).padStart(10, '0');
}

/** Sorts the names of a directory by what they are. REQUIRES: `names` is sorted, as Disk.list gives it. */
export function parseListing(names: readonly string[]): AofListing {
  const listing: AofListing = { segments: [], bases: [], foreign: [] };
  for (const name of names) {
    const match = NAME.exec(name);
    const number = Number(match?.[1]);
    if (match === null || number < 1 || number > NUMBER_MAX) listing.foreign.push(name);
    else if (match[2] === 'aof') listing.segments.push(number);
    else listing.bases.push(name);
  }
  return listing;
}
