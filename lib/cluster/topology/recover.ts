/**
 * Recovery after the majority of the voters is lost for good: a ring of the survivors, in a new generation.
 *
 *  1. It is newer than every epoch of the old generation, whatever its number: who still follows the old one is refused, and
 *     told the new one. So the old voters can decide nothing any more that anybody of the new ring takes.
 *  2. It follows from the old ring and the survivors alone: made twice of the same, it is the same.
 *  3. No ordinal is given again.
 *  4. Who was away for too long (absence.ts) is rebuilt by the others; if all survivors were, or are joining, there are none, and they go on with what they have.
 *
 * It must be made once, of the newest ring that a survivor has, while all lost members are down: what only they had is lost with them.
 */

import type { MemberId } from '../ring/member.js';
import type { RingDocument } from '../ring/ring-document.js';
import { ringVersionText } from '../ring/ring-version.js';
import { present } from './absence.js';
import { chooseVoters } from './voters.js';

/** The survivors cannot form a ring; `message` says why. */
export class RecoverError extends Error {
  override readonly name = 'RecoverError';
  readonly code = 'RECOVER';
}

/** The ring of the survivors. Throws RecoverError. */
export function recoverRing(ring: RingDocument, survivors: readonly MemberId[]): RingDocument {
  if (survivors.length === 0) throw new RecoverError('no survivors are named');
  for (const id of survivors) {
    if (ring.members.some((member) => member.id === id)) continue;
    throw new RecoverError(`${id} is no member of ${ringVersionText(ring)}`);
  }
  const surviving = ring.members.filter(({ id }) => survivors.includes(id));
  const areOthers = surviving.some(({ state, absence }) => state !== 'joining' && absence === undefined);
  const members = areOthers ? surviving : surviving.map(present);
  if (!members.some(({ state }) => state === 'up')) throw new RecoverError('none of the survivors is up');
  const voters = chooseVoters(members, ring.voters);
  return { ...ring, generation: ring.generation + 1, epoch: ring.epoch + 1, members, voters };
}
