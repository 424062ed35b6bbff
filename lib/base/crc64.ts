/**
 * CRC64 with the polynomial of Jones (0xad93d23594c935a9), reflected, start 0, no final inversion: the
 * checksum at the end of Redis's DUMP payloads and RDB files. Check value of "123456789": 0xe9c6d914c4b8d9ca.
 */

/** The polynomial with its bits in reflected order. */
const POLYNOMIAL = 0x95ac9329ac4bc9b5n;

// The table in two halves: 64 bits are too many for a JS number, and BigInt is too slow for a loop over bytes.
const tableLow = new Int32Array(256);
const tableHigh = new Int32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let crc = BigInt(byte);
  for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ POLYNOMIAL : crc >> 1n;
  tableLow[byte] = Number(crc & 0xffffffffn) | 0;
  tableHigh[byte] = Number(crc >> 32n) | 0;
}

/** CRC64 of `bytes[start, end)`, unsigned. */
export function crc64(bytes: Uint8Array, start: number, end: number): bigint {
  let low = 0;
  let high = 0;
  for (let i = start; i < end; i++) {
    const index = (low ^ bytes[i]) & 0xff;
    low = ((low >>> 8) | (high << 24)) ^ tableLow[index];
    high = (high >>> 8) ^ tableHigh[index];
  }
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}
