/**
 * CRC-32 (the one of zlib and gzip) over a few 32-bit words.
 *
 * `zlib.crc32` is the better one for payloads, but a call into it costs 50 ns whatever the length, and a frame's header
 * is 16 bytes. Words count as their four bytes, lowest first, so both give the same number for the same bytes.
 */

const POLYNOMIAL = 0xedb88320;

/** TABLES[k * 256 + b]: what the byte b becomes after k more bytes of zeros, so that four bytes go in one step. */
const TABLES = makeTables();

function makeTables(): Int32Array {
  const tables = new Int32Array(4 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
    tables[byte] = crc;
  }
  for (let at = 256; at < tables.length; at++) {
    const before = tables[at - 256];
    tables[at] = (before >>> 8) ^ tables[before & 0xff];
  }
  return tables;
}

/** The checksum of what `crc` covers followed by `word`. Begin with 0. May be negative: `>>> 0` gives zlib's number. */
export function crc32Word(crc: number, word: number): number {
  const mixed = ~crc ^ word;
  return ~(
    TABLES[768 + (mixed & 0xff)] ^
    TABLES[512 + ((mixed >>> 8) & 0xff)] ^
    TABLES[256 + ((mixed >>> 16) & 0xff)] ^
    TABLES[mixed >>> 24]
  );
}
