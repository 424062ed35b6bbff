/** What must be true of all members of a ring, on whichever machines of a World they run. */

import { slotOf } from '../../lib/base/position.js';
import type { Machine } from './machine.js';
import { compareReplicas } from './replica-checker.js';
import type { SimulatedMember } from './simulated-node.js';

/** What runs on each machine, or has run there last. */
export type Members = ReadonlyMap<Machine, SimulatedMember>;

/** Whether those on the machines are all the members of the ring, and each takes all others for alive. */
export function isWhole(machines: readonly Machine[], members: Members): boolean {
  const all = machines.map((machine) => members.get(machine));
  const ids = all.map((each) => each?.member.self);
  return all.every((one) => {
    if (one?.node === undefined) return false;
    const { ring, links } = one.member;
    return ring.members.length === ids.length && ids.every((id) => id !== undefined && links.isUp(id));
  });
}

/** Whether all replicas of each key hold the same; `dump` says what a machine has, by key. Returns what differs. */
export function compareMembers(
  machines: readonly Machine[],
  members: Members,
  dump: (machine: Machine) => Map<string, string>,
): string[] {
  const dumps = new Map(machines.map((machine) => [machine.name, dump(machine)]));
  const ring = members.get(machines[0])?.member.ring;
  return compareReplicas(dumps, (key) => {
    const bytes = Buffer.from(key);
    const ids = Array.from(ring?.replicas(slotOf(bytes, 0, bytes.length)) ?? [], (i) => ring?.members[i].id);
    return machines.filter((machine) => ids.includes(members.get(machine)?.member.self)).map(({ name }) => name);
  });
}
