/** How much memory keys need: the resident set of a fresh server at one million keys and at three. */
import { loadKeys } from '../tools/pipelined-loader.js';
import type { Metric } from './scenario.js';
import type { Contender } from './server-driver.js';
import { settle } from './settle.js';

export const RSS_AT_1M: Metric = { name: 'rss-at-1M-keys', unit: 'MB' };
export const BYTES_PER_KEY: Metric = { name: 'bytes-per-key', unit: 'B' };

const BASE_KEYS = 1_000_000;
const MORE_KEYS = 2_000_000;
const VALUE_BYTES = 64;

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
