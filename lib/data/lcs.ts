/**
 * LCS: the longest common subsequence of two strings, and where its runs lie in them.
 *
 * The textbook table has (a + 1) * (b + 1) lengths. Only two rows of lengths are kept here, and one bit a cell:
 * whether the way back goes up or left. Redis keeps all of it, 4 bytes a cell, and refuses strings for which that
 * exceeds `proto-max-bulk-len`; the same strings are refused here, with the same words.
 */

/** A run of bytes that both strings have, ends included, as LCS IDX lists it. */
export interface LcsMatch {
  readonly aStart: number;
  readonly aEnd: number;
  readonly bStart: number;
  readonly bEnd: number;
  /** Bytes in the run. */
  readonly length: number;
}

/** A longest common subsequence. */
export interface Lcs {
  readonly sequence: Buffer;
  /** Its runs, the last one first. */
  readonly matches: readonly LcsMatch[];
}

/** Redis's answer when `lcsFits` says no, without `ERR`. */
export const LCS_TOO_LARGE = 'Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len';

/** Whether Redis with this `proto-max-bulk-len` would compare strings of these lengths. */
export function lcsFits(aLength: number, bLength: number, bulkBytesMax: number): boolean {
  return (aLength + 1) * (bLength + 1) * 4 <= bulkBytesMax;
}

/** The length of the longest common subsequence. Takes time a * b and memory b. */
export function lcsLength(a: Uint8Array, b: Uint8Array): number {
  return fillTable(a, b, undefined);
}

/**
 * The longest common subsequence that Redis finds (there may be several), with its runs of at least `lengthMin` bytes.
 * REQUIRES: lcsFits.
 */
export function lcs(a: Uint8Array, b: Uint8Array, lengthMin = 0): Lcs {
  const ways = new Uint8Array(a.length * rowBytes(b));
  const length = fillTable(a, b, ways);
  return walkBack(a, b, ways, length, lengthMin);
}

/** Bytes of a row of `ways`. */
function rowBytes(b: Uint8Array): number {
  return (b.length + 7) >> 3;
}

/**
 * Runs through the table; returns its last cell. Where the bytes differ, bit j of row i of `ways` is set if the cell
 * above, (i - 1, j), holds more than the cell to the left.
 */
function fillTable(a: Uint8Array, b: Uint8Array, ways: Uint8Array | undefined): number {
  // row[j + 1] is the cell of the row above until it is overwritten by that of this row.
  const row = new Uint32Array(b.length + 1);
  for (let i = 0; i < a.length; i++) {
    const byte = a[i];
    const wayStart = i * rowBytes(b);
    let diagonal = 0;
    let left = 0;
    for (let j = 0; j < b.length; j++) {
      const above = row[j + 1];
      if (byte === b[j]) {
        left = diagonal + 1;
      } else if (above > left) {
        left = above;
        if (ways !== undefined) ways[wayStart + (j >> 3)] |= 1 << (j & 7);
      }
      row[j + 1] = left;
      diagonal = above;
    }
  }
  return row[b.length];
}

/** Goes from the last cell to the first and collects what both strings have. */
function walkBack(a: Uint8Array, b: Uint8Array, ways: Uint8Array, length: number, lengthMin: number): Lcs {
  const sequence = Buffer.allocUnsafe(length);
  const matches: LcsMatch[] = [];
  const stride = rowBytes(b);
  let i = a.length;
  let j = b.length;
  let rest = length;
  while (i > 0 && j > 0) {
    let run = 0;
    while (run < i && run < j && a[i - 1 - run] === b[j - 1 - run]) sequence[--rest] = a[i - 1 - run++];
    if (run > 0) {
      if (run >= lengthMin) {
        matches.push({ aStart: i - run, aEnd: i - 1, bStart: j - run, bEnd: j - 1, length: run });
      }
      i -= run;
      j -= run;
    } else if ((ways[(i - 1) * stride + ((j - 1) >> 3)] & (1 << ((j - 1) & 7))) !== 0) {
      i--;
    } else {
      j--;
    }
  }
  return { sequence, matches };
}
