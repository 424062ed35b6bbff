/** How much memory keys need: the resident set of a fresh server, before and after it gets them. */
import { loadHashes, loadMembers, type CollectionLoader } from '../tools/collection-loader.js';
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

/** Bytes that each of a million hashes takes. */
export function measureHashes(contender: Contender, flags: readonly string[], dir: string): Promise<readonly number[]> {
  return measureGrowth(contender, flags, dir, loadHashes);
}

/** Bytes that each of a million members of one sorted set takes. */
export function measureSortedSet(
  contender: Contender,
  flags: readonly string[],
  dir: string,
): Promise<readonly number[]> {
  return measureGrowth(contender, flags, dir, loadMembers);
}

async function measureGrowth(
  contender: Contender,
  flags: readonly string[],
  dir: string,
  load: CollectionLoader,
): Promise<readonly number[]> {
  const driver = await contender.start(flags, dir);
  try {
    await loadKeys({ port: driver.port, count: WARM_UP_KEYS, valueBytes: VALUE_BYTES });
    await settle(driver);
    const beforeBytes = driver.rssBytes();
    await load({ port: driver.port, first: WARM_UP_KEYS, count: BASE_KEYS });
    await settle(driver);
    return [(driver.rssBytes() - beforeBytes) / BASE_KEYS];
  } finally {
    await driver.stop();
  }
}
