import { Level, replicasNeeded } from '../../cluster/coordination/consistency.js';
import type { RefreshRun, Refresher } from '../../cluster/coordination/refresher.js';
import type { RingView } from '../../cluster/coordination/ring-view.js';

export interface ReadNeedsOptions {
  readonly view: () => RingView;
  readonly refresher: Refresher;
}

/** What has to be had of other replicas before something is read here, at a level. */
export class ReadNeeds {
  private readonly options: ReadNeedsOptions;

  constructor(options: ReadNeedsOptions) {
    this.options = options;
  }

  /** Whether what this node has of a slot is all that is asked for. */
  isRefreshed(slot: number, level: number): boolean {
    const view = this.options.view();
    if (replicasNeeded(level, view.replicaCount) > 1) return false;
    return level >= Level.ONE || view.quorumsOf(slot, level).length === 0;
  }

  /** Begins to refresh keys; `done` is called once, with the reason if it was in vain. */
  begin(keys: readonly Buffer[], level: number, done: (error: string | undefined) => void): RefreshRun {
    const { view, refresher } = this.options;
    // The ring may change meanwhile.
    return refresher.begin({ keys, quorumsOf: (one) => view().quorumsOf(one, level), done });
  }
}
