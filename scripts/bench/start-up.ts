/** How long a server takes until it answers, with a million keys in its log. */
import { RespClient } from '../tools/resp-client.js';
import { loadKeys } from '../tools/pipelined-loader.js';
import type { Metric } from './scenario.js';
import type { Contender } from './server-driver.js';

export const START_UP: Metric = { name: 'start-up', unit: 'ms' };

const KEYS = 1_000_000;
const VALUE_BYTES = 64;

/** The figure for START_UP: from spawn to the first PONG of a server that was stopped in good order. */
export async function measureStartUp(
  contender: Contender,
  flags: readonly string[],
  dir: string,
): Promise<readonly number[]> {
  const first = await contender.start(flags, dir);
  try {
    await loadKeys({ port: first.port, count: KEYS, valueBytes: VALUE_BYTES });
  } finally {
    await first.stop();
  }
  const second = await contender.start(flags, dir);
  try {
    await expectKeys(second.port, KEYS);
    return [second.readyAfterMs];
  } finally {
    await second.stop();
  }
}

/** Rejects unless the server holds this many keys: figures of a server that has lost some mean nothing. */
export async function expectKeys(port: number, keys: number): Promise<void> {
  const client = await RespClient.connect(port);
  try {
    const found = await client.call('DBSIZE');
    if (found !== keys) throw new Error(`expected ${keys} keys in the server, found ${String(found)}`);
  } finally {
    client.close();
  }
}
