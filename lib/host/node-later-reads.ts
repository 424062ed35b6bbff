import type { LaterRead, ReadStarter } from './node-later-read.js';
import { ReadThread } from './node-read-thread.js';

/** So many reads are worth a message to the read thread; the pool takes fewer. */
const TOGETHER_MIN = 3;

/** Begins the reads that were asked for in a turn of the loop together, at its end. */
export class LaterReads implements ReadStarter {
  private readonly thread = new ReadThread();
  private asked: LaterRead[] = [];
  private spare: LaterRead[] = [];

  begin(laterRead: LaterRead): void {
    if (this.asked.length === 0) setImmediate(this.beginAsked);
    this.asked.push(laterRead);
  }

  private readonly beginAsked = (): void => {
    const { asked } = this;
    this.asked = this.spare;
    const taken = asked.length < TOGETHER_MIN ? 0 : this.thread.take(asked);
    for (let i = taken; i < asked.length; i++) asked[i].readInPool();
    asked.length = 0;
    this.spare = asked;
  };
}
