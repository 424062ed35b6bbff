import { HEADER_BYTES, isLongZero, isValue, opcodeBytes, runLength, runValue } from './hyperloglog-format.js';

/** The opcodes of a sparse HyperLogLog as PFDEBUG DECODE shows them: `z:64 Z:16000 v:1,4`. */
export function sparseText(bytes: Uint8Array): string {
  const words: string[] = [];
  for (let at = HEADER_BYTES; at < bytes.length;) {
    const opcode = bytes[at];
    const run = runLength(opcode, at + 1 < bytes.length ? bytes[at + 1] : 0);
    if (isValue(opcode)) words.push(`v:${runValue(opcode)},${run}`);
    else words.push(`${isLongZero(opcode) ? 'Z' : 'z'}:${run}`);
    at += opcodeBytes(opcode);
  }
  return words.join(' ');
}
