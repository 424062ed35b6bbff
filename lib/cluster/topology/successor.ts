import { ShapeError } from '../../base/json-shape.js';
import type { RingDocument } from '../ring/ring-document.js';
import { decodeRing } from '../ring/ring-document.js';
import { mayFollow } from './ring-change.js';

/**
 * The ring that `bytes` say, if it may come after `ring`, or be the first one: the next epoch of the same cluster, in which no
 * ordinal is given again, and who holds what changes as ring-change.ts says. Throws ShapeError. Voters ask this before they accept, so that no faulty proposal is ever decided.
 */
export function checkSuccessor(ring: RingDocument | undefined, bytes: Uint8Array): RingDocument {
  const next = decodeRing(bytes);
  const expect = (holds: boolean, place: string, expected: string, found: unknown): void => {
    if (!holds) throw new ShapeError(`ring.${place}`, expected, found);
  };
  expect(next.epoch === (ring?.epoch ?? 0) + 1, 'epoch', `${(ring?.epoch ?? 0) + 1}`, next.epoch);
  expect(next.generation === (ring?.generation ?? 1), 'generation', `${ring?.generation ?? 1}`, next.generation);
  if (ring === undefined) return next;
  for (const key of ['clusterId', 'positionKey', 'replicaCount'] as const) {
    expect(next[key] === ring[key], key, `${ring[key]}`, next[key]);
  }
  expect(next.nextOrdinal >= ring.nextOrdinal, 'nextOrdinal', `at least ${ring.nextOrdinal}`, next.nextOrdinal);
  next.members.forEach(({ id, ordinal }, index) => {
    const known = ring.members.find((member) => member.id === id);
    const isOwn = known === undefined ? ordinal >= ring.nextOrdinal : ordinal === known.ordinal;
    expect(isOwn, `members[${index}].ordinal`, 'its own, which nobody had before', ordinal);
  });
  expect(mayFollow(ring, next), 'members', 'members that join or leave, or the end of such a change', next.members);
  return next;
}
