/**
 * LZF, the compression of long strings in Redis's RDB format.
 *
 *   stream    = *(literal | short | long)
 *   literal   = 000LLLLL, then L + 1 bytes as they are                       1..32 bytes
 *   short     = LLLOOOOO OOOOOOOO                                            a copy of L + 2 bytes, L in 1..6
 *   long      = 111OOOOO LLLLLLLL OOOOOOOO                                   a copy of L + 9 bytes
 *
 * O + 1 is how far back in the output the copied bytes begin; a copy may overlap what it writes.
 *
 * Which matches the compressor finds is not part of the format, but of what DUMP answers: it looks where
 * Redis's liblzf looks (one candidate for each hash of three bytes, hashes of 16 bits, the last two positions of
 * a match entered and no others), and gives up where liblzf stops, so that the bytes are the same.
 */

const LITERAL_MAX = 32;
const DISTANCE_MAX = 1 << 13;
const COPY_MIN = 3;
const COPY_MAX = (1 << 8) + (1 << 3);
/** Copies up to this long fit in the two-byte form. */
const SHORT_COPY_MAX = 8;
const HASH_BITS = 16;

/** The last position at which each hash was seen. Made at the first use: most processes never dump anything. */
let lastSeen: Int32Array | undefined;

/**
 * Compresses `source[start, end)` into `target` from 0 on; returns the length, or 0 when it does not fit.
 * A `target` four bytes shorter than the source is what Redis gives.
 */
export function lzfCompress(source: Uint8Array, start: number, end: number, target: Uint8Array): number {
  if (start >= end || target.length === 0) return 0;
  lastSeen = (lastSeen ?? new Int32Array(1 << HASH_BITS)).fill(-1);
  const room = target.length;
  const lastTriple = end - COPY_MIN;
  let ip = start;
  let op = 1;
  let literal = 0;
  // Invariant: target[op - literal - 1] is the place for the control byte of the literals that run up to `op`.
  while (ip <= lastTriple) {
    const slot = hash(source, ip);
    const candidate = lastSeen[slot];
    lastSeen[slot] = ip;
    if (!isMatch(source, start, candidate, ip)) {
      if (op >= room) return 0;
      target[op++] = source[ip++];
      if (++literal === LITERAL_MAX) {
        target[op - literal - 1] = literal - 1;
        literal = 0;
        op++;
      }
      continue;
    }
    if (op + (literal === 0 ? 3 : 4) >= room) return 0;
    if (literal === 0) op--;
    else target[op - literal - 1] = literal - 1;
    const length = matchLength(source, candidate, ip, end);
    op = writeCopy(target, op, ip - candidate - 1, length);
    literal = 0;
    op++;
    ip += length;
    if (ip > lastTriple) break;
    lastSeen[hash(source, ip - 2)] = ip - 2;
    lastSeen[hash(source, ip - 1)] = ip - 1;
  }
  // At most three bytes follow the last position that was looked at, as many as one more copy would need.
  if (op + 3 > room) return 0;
  while (ip < end) {
    target[op++] = source[ip++];
    if (++literal === LITERAL_MAX) {
      target[op - literal - 1] = literal - 1;
      literal = 0;
      op++;
    }
  }
  if (literal === 0) return op - 1;
  target[op - literal - 1] = literal - 1;
  return op;
}

/**
 * Decompresses `source[start, end)` into `target` from 0 on; returns the length, or -1 when the bytes are no LZF
 * stream or do not fit. Reads and writes nothing outside, whatever the bytes are.
 */
export function lzfDecompress(source: Uint8Array, start: number, end: number, target: Uint8Array): number {
  let ip = start;
  let op = 0;
  while (ip < end) {
    const control = source[ip++];
    if (control < LITERAL_MAX) {
      const length = control + 1;
      if (ip + length > end || op + length > target.length) return -1;
      for (let i = 0; i < length; i++) target[op++] = source[ip++];
      continue;
    }
    let length = (control >> 5) + 2;
    if (length === SHORT_COPY_MAX + 1) {
      if (ip >= end) return -1;
      length += source[ip++];
    }
    if (ip >= end) return -1;
    let from = op - ((control & 0x1f) << 8) - source[ip++] - 1;
    if (from < 0 || op + length > target.length) return -1;
    for (let i = 0; i < length; i++) target[op++] = target[from++];
  }
  return op;
}

/** The most bytes that `length` compressed ones can stand for: a bound to check a claimed length with before allocating. */
export function lzfExpansionMax(length: number): number {
  return Math.ceil(length / 3) * COPY_MAX;
}

/** liblzf's hash of the three bytes at `at`. */
function hash(source: Uint8Array, at: number): number {
  const triple = (source[at] << 16) | (source[at + 1] << 8) | source[at + 2];
  return ((triple >>> (24 - HASH_BITS)) - triple * 5) & ((1 << HASH_BITS) - 1);
}

/** Whether the three bytes at `candidate` are those at `ip`, and a copy reaches them. No copy begins at the very first byte. */
function isMatch(source: Uint8Array, start: number, candidate: number, ip: number): boolean {
  return (
    candidate > start &&
    ip - candidate <= DISTANCE_MAX &&
    source[candidate] === source[ip] &&
    source[candidate + 1] === source[ip + 1] &&
    source[candidate + 2] === source[ip + 2]
  );
}

/** How many bytes at `candidate` and `ip` are the same, as far as liblzf looks: mostly not at the last two of the source. */
function matchLength(source: Uint8Array, candidate: number, ip: number, end: number): number {
  const reach = Math.min(end - ip - 2, COPY_MAX);
  // With more than 16 bytes in reach it compares up to 19 without asking for the end again.
  const limit = Math.max(reach > 16 ? 19 : COPY_MIN, reach);
  let length = COPY_MIN;
  while (length < limit && source[candidate + length] === source[ip + length]) length++;
  return length;
}

/** Writes a copy of `length` bytes from `offset + 1` back; returns the offset behind it. */
function writeCopy(target: Uint8Array, at: number, offset: number, length: number): number {
  if (length <= SHORT_COPY_MAX) {
    target[at++] = (offset >> 8) | ((length - 2) << 5);
  } else {
    target[at++] = (offset >> 8) | (7 << 5);
    target[at++] = length - SHORT_COPY_MAX - 1;
  }
  target[at++] = offset & 0xff;
  return at;
}
