import type { Sum } from '../../record/leaf-sums.js';
import type { RepairStore } from './ports.js';

/** What is at one position: a key, as a rule. */
export interface PositionState {
  readonly position: number;
  readonly sum: Sum;
  readonly keys: readonly Buffer[];
}

/** What there is from one position on, and before another one, in the order of positions. Rejects with CorruptionError and DiskError. */
export async function statesBetween(store: RepairStore, start: number, end: number): Promise<PositionState[]> {
  const byPosition = new Map<number, Buffer[]>();
  for (const key of await store.keysBetween(start, end)) {
    const position = store.positionOf(key);
    const keys = byPosition.get(position);
    if (keys === undefined) byPosition.set(position, [key]);
    else keys.push(key);
  }
  const states: PositionState[] = [];
  for (const position of [...byPosition.keys()].sort((a, b) => a - b)) {
    const keys = byPosition.get(position) ?? [];
    states.push({ position, sum: await sumOf(store, keys), keys });
  }
  return states;
}

/** The sum of the digests of some keys. Rejects with CorruptionError and DiskError. */
export async function sumOf(store: RepairStore, keys: readonly Buffer[]): Promise<Sum> {
  const sum: Sum = { high: 0, low: 0 };
  for (const key of keys) await store.addTo(sum, key);
  return sum;
}
