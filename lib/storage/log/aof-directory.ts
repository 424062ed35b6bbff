/**
 * The names in the directory of the append-only file:
 *
 *   name    = number (".aof" | ".base" | ".base.tmp")
 *   number  = 10 decimal digits, 1 to 4294967295
 *
 *   <n>.aof       the n-th segment of the log
 *   <n>.base      a snapshot that stands for the segments up to n
 *   <n>.base.tmp  one that is being written, or that a crash left half written
 */

const NAME = /^(\d{10})\.(aof|base|base\.tmp)$/;
const NUMBER_MAX = 0xffffffff;

/** What is in the directory. Numbers rise. */
export interface AofListing {
  segments: number[];
  bases: number[];
  /** Names of half-written bases. */
  temporary: string[];
  /** Names that are not of the log. */
  foreign: string[];
}

export function aofDirectory(dataDirectory: string): string {
  return `${dataDirectory}/aof`;
}

export function segmentPath(directory: string, number: number): string {
  return `${directory}/${digits(number)}.aof`;
}

export function basePath(directory: string, number: number): string {
  return `${directory}/${digits(number)}.base`;
}

function digits(number: number): string {
  return String(number).padStart(10, '0');
}

/** Sorts the names of a directory by what they are. REQUIRES: `names` is sorted, as Disk.list gives it. */
export function parseListing(names: readonly string[]): AofListing {
  const listing: AofListing = { segments: [], bases: [], temporary: [], foreign: [] };
  for (const name of names) {
    const match = NAME.exec(name);
    const number = Number(match?.[1]);
    if (match === null || number < 1 || number > NUMBER_MAX) listing.foreign.push(name);
    else if (match[2] === 'aof') listing.segments.push(number);
    else if (match[2] === 'base') listing.bases.push(number);
    else listing.temporary.push(name);
  }
  return listing;
}
