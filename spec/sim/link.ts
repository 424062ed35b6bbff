/** One direction of the way between two machines: how long things take, and what gets lost. */

import type { SeededRandom } from './seeded-random.js';

/** Shares are between 0 and 1. */
export interface LinkQuality {
  /** At least. */
  readonly delayUs: number;
  /** More than that, drawn anew each time. */
  readonly jitterUs: number;
  /** Of datagrams; what streams carry is only late. */
  readonly lostShare: number;
  readonly doubledShare: number;
  /** Of datagrams, that are overtaken. */
  readonly overtakenShare: number;
}

export const GOOD_LINK: LinkQuality = {
  delayUs: 50,
  jitterUs: 100,
  lostShare: 0,
  doubledShare: 0,
  overtakenShare: 0,
};

/** A lost part of a stream is sent again after this. */
const RESEND_US = 200_000;
const OVERTAKEN_US = 100_000;

export class Link {
  quality: LinkQuality = GOOD_LINK;
  /** How many have cut it. */
  cuts = 0;
  private readonly random: SeededRandom;

  constructor(random: SeededRandom) {
    this.random = random;
  }

  get isCut(): boolean {
    return this.cuts > 0;
  }

  /** How long a part of a stream takes. */
  streamDelayUs(): number {
    return this.delayUs() + (this.happens(this.quality.lostShare) ? RESEND_US : 0);
  }

  /** How long each copy of a datagram takes that arrives: mostly one. */
  datagramDelaysUs(): number[] {
    const copies = this.happens(this.quality.doubledShare) ? 2 : 1;
    const delays = [];
    for (let i = 0; i < copies; i++) {
      if (this.happens(this.quality.lostShare)) continue;
      const overtaken = this.happens(this.quality.overtakenShare) ? this.random.below(OVERTAKEN_US) : 0;
      delays.push(this.delayUs() + overtaken);
    }
    return delays;
  }

  private delayUs(): number {
    const { delayUs, jitterUs } = this.quality;
    return delayUs + (jitterUs === 0 ? 0 : this.random.below(jitterUs));
  }

  private happens(share: number): boolean {
    return share > 0 && this.random.uint32() < share * 0x1_0000_0000;
  }
}
