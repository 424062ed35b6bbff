/**
 * HalfSipHash step by step, as its description has it (https://github.com/veorq/SipHash): the dumb twin of PositionHasher.
 * The numbers of rounds and the length of the output are parameters, so that it can be checked against published vectors.
 */

const MASK = 0xffffffffn;

interface Rounds {
  readonly compression: number;
  readonly finalization: number;
}

/** `outputBytes` is 4 or 8; `key` has 8 bytes. */
export function halfSipHash(message: Uint8Array, key: Uint8Array, rounds: Rounds, outputBytes: 4 | 8): Buffer {
  const k0 = littleEndian(key.subarray(0, 4));
  const k1 = littleEndian(key.subarray(4, 8));
  const v = [k0, k1 ^ (outputBytes === 8 ? 0xeen : 0n), k0 ^ 0x6c796765n, k1 ^ 0x74656462n];
  for (const word of words(message)) {
    v[3] ^= word;
    for (let i = 0; i < rounds.compression; i++) mix(v);
    v[0] ^= word;
  }
  v[2] ^= outputBytes === 8 ? 0xeen : 0xffn;
  const output = Buffer.alloc(outputBytes);
  for (let at = 0; at < outputBytes; at += 4) {
    if (at > 0) v[1] ^= 0xddn;
    for (let i = 0; i < rounds.finalization; i++) mix(v);
    output.writeUInt32LE(Number(v[1] ^ v[3]), at);
  }
  return output;
}

/** The message in words of four bytes; the last one ends with the message's length. */
function words(message: Uint8Array): bigint[] {
  const padded = new Uint8Array(message.length - (message.length % 4) + 4);
  padded.set(message);
  padded[padded.length - 1] = message.length;
  return Array.from({ length: padded.length / 4 }, (_, i) => littleEndian(padded.subarray(4 * i, 4 * i + 4)));
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(Buffer.from(bytes).readUInt32LE(0));
}

function rotate(word: bigint, bits: bigint): bigint {
  return ((word << bits) | (word >> (32n - bits))) & MASK;
}

function mix(v: bigint[]): void {
  const half = (a: number, b: number, bits: bigint): void => {
    v[a] = (v[a] + v[b]) & MASK;
    v[b] = rotate(v[b], bits) ^ v[a];
  };
  half(0, 1, 5n);
  v[0] = rotate(v[0], 16n);
  half(2, 3, 8n);
  half(0, 3, 7n);
  half(2, 1, 13n);
  v[2] = rotate(v[2], 16n);
}
