/** Disks for specs of the log, that do not do at once what they are told, or do not do it. */

import type { Fault, Step } from '../../sim/memory-disk.js';
import { MemoryDisk } from '../../sim/memory-disk.js';
import { settled } from './aof-harness.js';

/** A disk whose syncs end when `endSync` is called, which says whether there was one. */
export function disksWithHeldSyncs(): { disk: MemoryDisk; endSync: () => Promise<boolean> } {
  const ends: (() => void)[] = [];
  const disk = new MemoryDisk({ later: (run) => ends.push(run) });
  const endSync = async (): Promise<boolean> => {
    const end = ends.shift();
    end?.();
    await settled();
    return end !== undefined;
  };
  return { disk, endSync };
}

/** A disk on which the n-th step of this name, counted from `arm()`, goes wrong. */
export function diskThatFails(name: Step['name'], fault: Fault, nth = 1): { disk: MemoryDisk; arm: () => void } {
  let left = Infinity;
  const plan = (step: Step): Fault | undefined => (step.name === name && --left === 0 ? fault : undefined);
  return { disk: new MemoryDisk({ plan }), arm: () => (left = nth) };
}

/** A disk that has no room for these steps while `hasRoom` is false. */
export function diskWithLittleRoom(names: readonly Step['name'][], code: string, takenBytes = 0) {
  const state = { hasRoom: true };
  const plan = ({ name }: Step): Fault | undefined =>
    state.hasRoom || !names.includes(name) ? undefined : { kind: 'error', code, takenBytes };
  return { disk: new MemoryDisk({ plan }), state };
}
