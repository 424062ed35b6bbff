/** Which of two rings is newer. */

/**
 * Epochs are decided one after the other. A new generation is made by hand, when the voters of the old one are lost
 * (topology/recover.ts), and fences it: any epoch of it is newer than every epoch of the generations before.
 */
export interface RingVersion {
  /** From 1. */
  readonly generation: number;
  /** From 1. */
  readonly epoch: number;
}

/** Below 0 if `a` is older than `b`, 0 if they are the same, above 0 if it is newer. */
export function compareRingVersions(a: RingVersion, b: RingVersion): number {
  return a.generation - b.generation || a.epoch - b.epoch;
}

/** As people read it: `epoch 7`, or `epoch 7 of generation 2`. */
export function ringVersionText({ generation, epoch }: RingVersion): string {
  return generation === 1 ? `epoch ${epoch}` : `epoch ${epoch} of generation ${generation}`;
}
