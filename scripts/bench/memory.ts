/** How much memory keys need: the resident set of a fresh server, before and after it gets them. */
import { exchange, type NumberedText } from '../tools/pipelined-exchange.js';
import { loadKeys } from '../tools/pipelined-loader.js';
import type { Metric } from './scenario.js';
import type { Contender } from './server-driver.js';
import { settle } from './settle.js';

export const RSS_AT_1M: Metric = { name: 'rss-at-1M-keys', unit: 'MB' };
export const BYTES_PER_HASH: Metric = { name: 'bytes-per-hash', unit: 'B' };
export const BYTES_PER_MEMBER: Metric = { name: 'bytes-per-member', unit: 'B' };
export const BYTES_PER_KEY: Metric = { name: 'bytes-per-key', unit: 'B' };

const BASE_KEYS = 1_000_000;
const MORE_KEYS = 2_000_000;
const VALUE_BYTES = 64;
/** Before a growth is measured: what a server takes for its first keys is not what each key takes. */
const WARM_UP_KEYS = 100_000;

/** Figures for RSS_AT_1M and BYTES_PER_KEY; keys of 16 bytes, values of 64. */
export async function measureMemory(
  contender: Contender,
  flags: readonly string[],
  dir: string,
): Promise<readonly number[]> {
  const driver = await contender.start(flags, dir);
  try {
    await loadKeys({ port: driver.port, count: BASE_KEYS, valueBytes: VALUE_BYTES });
    await settle(driver);
    const baseBytes = driver.rssBytes();
    await loadKeys({ port: driver.port, first: BASE_KEYS, count: MORE_KEYS, valueBytes: VALUE_BYTES });
    await settle(driver);
    return [baseBytes / 1e6, (driver.rssBytes() - baseBytes) / MORE_KEYS];
  } finally {
    await driver.stop();
  }
}

/** Bytes that each of a million hashes takes: keys of 16 bytes, 5 fields of 6 bytes with values of 7. */
export function measureHashes(contender: Contender, flags: readonly string[], dir: string): Promise<readonly number[]> {
  const fields = Array.from({ length: 5 }, (_, i) => `$6\r\nfield${i}\r\n$7\r\nvalue-${i}\r\n`).join('');
  const request = ['*12\r\n$4\r\nHSET\r\n$16\r\nkey:', `\r\n${fields}`];
  return measureGrowth(contender, flags, dir, { request, reply: [':5\r\n'] });
}

/** Bytes that each of a million members of one sorted set takes: of 16 bytes, with scores that differ. */
export function measureSortedSet(
  contender: Contender,
  flags: readonly string[],
  dir: string,
): Promise<readonly number[]> {
  const request = ['*4\r\n$4\r\nZADD\r\n$1\r\nz\r\n$12\r\n', '\r\n$16\r\nmbr:', '\r\n'];
  return measureGrowth(contender, flags, dir, { request, reply: [':1\r\n'] });
}

async function measureGrowth(
  contender: Contender,
  flags: readonly string[],
  dir: string,
  texts: { readonly request: NumberedText; readonly reply: NumberedText },
): Promise<readonly number[]> {
  const driver = await contender.start(flags, dir);
  try {
    await loadKeys({ port: driver.port, count: WARM_UP_KEYS, valueBytes: VALUE_BYTES });
    await settle(driver);
    const beforeBytes = driver.rssBytes();
    await exchange({ ...texts, port: driver.port, count: BASE_KEYS, numberAt: (turn) => WARM_UP_KEYS + turn });
    await settle(driver);
    return [(driver.rssBytes() - beforeBytes) / BASE_KEYS];
  } finally {
    await driver.stop();
  }
}
