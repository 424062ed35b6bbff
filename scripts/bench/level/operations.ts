/** The operations that are compared, as a user of either store would write them. */
import type { DataSet } from './data-set.js';
import { VALUE_BYTES } from './data-set.js';
import type { Engine, PutOperation } from './engine.js';
import { inFlight } from './in-flight.js';

export const IN_FLIGHT = 100;
export const BATCH_PUTS = 1000;

/** Keys to ask for, and what is expected. */
export interface Questions {
  readonly keys: readonly Buffer[];
  readonly values: readonly Buffer[];
}

export function questions(data: DataSet, numbers: Uint32Array): Questions {
  return {
    keys: Array.from(numbers, (number) => data.key(number)),
    values: Array.from(numbers, (number) => data.value(number)),
  };
}

export function putEach(engine: Engine, puts: readonly PutOperation[]): Promise<void> {
  return inFlight(puts.length, IN_FLIGHT, (i) => engine.put(puts[i].key, puts[i].value));
}

export async function putBatches(engine: Engine, batches: readonly (readonly PutOperation[])[]): Promise<void> {
  for (const batch of batches) await engine.batch(batch);
}

export function getEach(engine: Engine, { keys, values }: Questions): Promise<void> {
  return inFlight(keys.length, IN_FLIGHT, async (i) => expectValue(await engine.get(keys[i]), values[i]));
}

export function getEachSync(engine: Engine, { keys, values }: Questions): void {
  for (let i = 0; i < keys.length; i++) expectValue(engine.getSync(keys[i]), values[i]);
}

/** Looks at two bytes, which costs next to nothing: all of them are compared when nothing is measured (`checkAll`). */
function expectValue(found: Buffer | undefined, value: Buffer): void {
  if (found?.length !== VALUE_BYTES || found[0] !== value[0] || found[VALUE_BYTES - 1] !== value[VALUE_BYTES - 1]) {
    throw new Error('a key does not have the value that was put');
  }
}

/** Reads every key and compares its value. */
export function checkAll(engine: Engine, data: DataSet): Promise<void> {
  return inFlight(data.count, IN_FLIGHT, async (number) => data.check(number, await engine.get(data.key(number))));
}

/** The puts in batches of BATCH_PUTS. */
export function inBatches(puts: readonly PutOperation[]): PutOperation[][] {
  const batches: PutOperation[][] = [];
  for (let at = 0; at < puts.length; at += BATCH_PUTS) batches.push(puts.slice(at, at + BATCH_PUTS));
  return batches;
}
