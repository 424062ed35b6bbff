/**
 * CRC16-CCITT (XMODEM): polynomial 0x1021, start 0, no reflection: the checksum that Redis Cluster takes
 * of a key to find its slot.
 */

const table = new Uint16Array(256);
for (let byte = 0; byte < 256; byte++) {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  table[byte] = crc;
}

/** CRC16 of `bytes[start, end)`, 0..65535. */
export function crc16(bytes: Uint8Array, start: number, end: number): number {
  let crc = 0;
  for (let i = start; i < end; i++) crc = ((crc << 8) & 0xffff) ^ table[(crc >>> 8) ^ bytes[i]];
  return crc;
}
