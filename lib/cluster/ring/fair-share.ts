import { SLOT_COUNT } from '../../base/position.js';

/**
 * How many replicas (of slots) each member would hold if all were as even as the zones allow.
 *
 * A zone holds no slot twice while there are other zones that could (with at least N zones), and every slot once if it must
 * (with at most N zones). Within these bounds each member holds the same:
 *
 *     zone's replicas = clamp(members * level, least, most)         with the level at which all replicas are placed
 *
 * `zones` has the zone of each member; so has the result, in slots, with fractions.
 */
export function fairReplicas(zones: readonly string[], replicaCount: number): number[] {
  const sizes = new Map<string, number>();
  for (const zone of zones) sizes.set(zone, (sizes.get(zone) ?? 0) + 1);
  const total = Math.min(replicaCount, zones.length) * SLOT_COUNT;
  const least = sizes.size <= replicaCount ? SLOT_COUNT : 0;
  const most = (size: number): number => (sizes.size >= replicaCount ? SLOT_COUNT : size * SLOT_COUNT);
  const held = (size: number, level: number): number => Math.min(Math.max(size * level, least), most(size));

  let low = 0;
  let high = SLOT_COUNT;
  for (let halving = 0; halving < 50; halving++) {
    const level = (low + high) / 2;
    let placed = 0;
    for (const size of sizes.values()) placed += held(size, level);
    if (placed < total) low = level;
    else high = level;
  }
  return zones.map((zone) => {
    const size = sizes.get(zone) ?? 0;
    return held(size, high) / size;
  });
}
