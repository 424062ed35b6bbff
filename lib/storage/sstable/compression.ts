import { createRequire } from 'node:module';

import { VarintReader } from '../../base/varint.js';

/**
 * Compression of one block: a number in its header. SNAPPY is the raw format of
 * https://github.com/google/snappy/blob/main/format_description.txt; its library is loaded when first used.
 */
export const Compression = { NONE: 0, SNAPPY: 1 } as const;
export type Compression = (typeof Compression)[keyof typeof Compression];

/** What is saved must be worth the work of expanding: at least this part of it. */
const SAVING_MIN = 1 / 8;
/** Compressed bytes stand for at most so many times as many: Snappy's elements take 3 for at most 64. A length beyond it is not true. */
export const EXPANSION_MAX = 32;

type Snappy = typeof import('snappy');

let loaded: Snappy | undefined;

function snappy(): Snappy {
  return (loaded ??= createRequire(import.meta.url)('snappy') as Snappy);
}

/** `bytes` compressed, or `undefined` if they hardly shrink. */
export function compress(compression: Compression, bytes: Uint8Array): Uint8Array | undefined {
  if (compression === Compression.NONE) return undefined;
  const compressed = snappy().compressSync(bytes, { copyOutputData: true });
  return compressed.length <= bytes.length * (1 - SAVING_MIN) ? compressed : undefined;
}

/**
 * What `bytes` were before, `length` bytes; `undefined` if they are not what `compress` makes, or not of that length.
 * Never takes more memory than `bytes` can stand for.
 */
export function expand(compression: number, bytes: Uint8Array, length: number): Uint8Array | undefined {
  if (compression !== Compression.SNAPPY || length > bytes.length * EXPANSION_MAX) return undefined;
  const prefix = new VarintReader();
  prefix.buffer = bytes;
  prefix.end = bytes.length;
  if (prefix.read() !== length || prefix.failed) return undefined;
  try {
    const expanded = snappy().uncompressSync(bytes, { asBuffer: true, copyOutputData: true }) as Buffer;
    return expanded.length === length ? expanded : undefined;
  } catch {
    return undefined;
  }
}
