/**
 * What was logged, moment by moment, and how much of it was acknowledged: the rule by which a restart is judged. What comes back must be
 * the state of one moment, not before the last one that was acknowledged.
 */

import type { DataModel, VisibleKeys } from './data-model.js';
import { differenceOf } from './data-model.js';

/** What was there when the log had come to `position`. */
interface Moment {
  readonly position: number;
  readonly state: DataModel;
}

export class Journal {
  /** The first one was acknowledged. */
  private moments: Moment[];

  constructor(state: DataModel) {
    this.moments = [{ position: 0, state: state.clone() }];
  }

  /** The log has come to `position`, and this is what it holds. */
  logged(position: number, state: DataModel): void {
    this.moments.push({ position, state: state.clone() });
  }

  /** The log is durable up to `position`: those who wrote are answered. */
  acknowledged(position: number): void {
    const first = this.moments.findLastIndex((moment) => moment.position <= position);
    if (first > 0) this.moments.splice(0, first);
  }

  /** Moments that may or may not outlast a crash. */
  get unacknowledgedCount(): number {
    return this.moments.length - 1;
  }

  get acknowledgedState(): DataModel {
    return this.moments[0].state;
  }

  get lastState(): DataModel {
    return this.moments[this.moments.length - 1].state;
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
