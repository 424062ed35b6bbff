/**
 * What was logged, moment by moment, and how much of it was acknowledged: the rule by which a restart is judged. What comes back must be
 * the state of one moment, not before the last one that was acknowledged.
 */

import type { DataModel, VisibleKeys } from './data-model.js';
import { differenceOf } from './data-model.js';

/** What was there when the log had come to `position`. */
interface Moment {
  /** Infinity: it was being logged when the power failed. */
  readonly position: number;
  readonly state: DataModel;
}

export class Journal {
  /** The first one was acknowledged; the last one may be about to be logged. */
  private moments: Moment[];

  constructor(state: DataModel) {
    this.moments = [{ position: 0, state: state.clone() }];
  }

  /** What the log may be up to when this returns or throws: `append` logs this state and says where the log is then. */
  log(state: DataModel, append: () => number): void {
    const moment = { position: Infinity, state: state.clone() };
    this.moments.push(moment);
    moment.position = append();
  }

  /** What was to be logged last was not: there was no room. */
  refused(): void {
    this.moments.pop();
  }

  /** The log is durable up to `position`: those who wrote are answered. */
  acknowledged(position: number): void {
    const first = this.moments.findLastIndex((moment) => moment.position <= position);
    if (first > 0) this.moments.splice(0, first);
  }

  /** What may be there if nothing that was written is lost. */
  withoutLoss(): Journal {
    const logged = this.moments.findLastIndex(({ position }) => position < Infinity);
    const journal = new Journal(this.moments[logged].state);
    journal.moments.push(...this.moments.slice(logged + 1));
    return journal;
  }

  /** The most keys that had expired at any of the moments. */
  expiredCountMax(nowMs: number): number {
    return Math.max(...this.moments.map(({ state }) => state.expiredCount(nowMs)));
  }

  /** The last moment that looks like `actual` (by SELECT's number). Throws if none does. */
  momentOf(actual: readonly VisibleKeys[], nowMs: number): DataModel {
    const differs = ({ state }: Moment): string | undefined => {
      for (const [db, keys] of actual.entries()) {
        const difference = differenceOf(state.visible(db, nowMs), keys);
        if (difference !== undefined) return `database ${db}: ${difference}`;
      }
      return undefined;
    };
    const found = this.moments.findLast((moment) => differs(moment) === undefined);
    if (found !== undefined) return found.state;
    const all = this.moments.map((moment, i) => `  ${i}: ${differs(moment)}`);
    throw new Error(
      `what came back was never there; against each moment, the acknowledged one first:\n${all.join('\n')}`,
    );
  }
}
