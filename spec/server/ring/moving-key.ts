import { slotOf } from '../../../lib/base/position.js';
import type { RingBench } from './ring-bench.js';

/** A key that a node is to get, and one of its replicas that is to give it up; `fits`: that one, of all there are now. */
export function movingKey(
  ring: RingBench,
  joiner: number,
  fits: (goes: number, replicas: number[]) => boolean = () => true,
): { key: string; stays: number[]; goes: number } {
  for (let i = 0; ; i++) {
    const key = `key:${i}`;
    const slot = slotOf(Buffer.from(key), 0, key.length);
    const now = [...ring.ring.replicas(slot)];
    const next = [...ring.ring.nextReplicas(slot)];
    const goes = now.find((member) => !next.includes(member));
    if (next.includes(joiner) && goes !== undefined && fits(goes, now)) {
      return { key, stays: now.filter((member) => member !== goes), goes };
    }
  }
}
