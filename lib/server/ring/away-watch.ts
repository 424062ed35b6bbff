import type { RingView } from '../../cluster/coordination/ring-view.js';
import type { MemberId } from '../../cluster/ring/member.js';
import type { RingDocument } from '../../cluster/ring/ring-document.js';
import { whyNotLeaveOut, withAway } from '../../cluster/topology/absence.js';
import type { Settings } from '../../config/settings.js';

/** After a proposal that came to nothing. */
const REST_MS = 5000;
/** Of the time between two looks so much counts at most: this process may have stood still. */
const LOOK_MS_MAX = 1000;

export interface AwayWatchOptions {
  readonly view: () => RingView;
  readonly settings: Pick<Settings, 'awayMaxSeconds'>;
  /** Milliseconds since an arbitrary start. */
  readonly nowMs: () => number;
  readonly warn: (line: string) => void;
  /** Has the voters decide about the next ring. */
  readonly change: (ring: RingDocument, next: RingDocument, onEnd: (reason: string | undefined) => void) => void;
}

/** How long a member is away, and whether the log has it that the others cannot go on without it. */
interface Away {
  ms: number;
  isSaid: boolean;
}

/** Has members left out that are away for longer than `away-max` (cluster/topology/absence.ts): the first member that can be reached proposes it. Each counts for itself, from its own start on. */
export class AwayWatch {
  private readonly options: AwayWatchOptions;
  private readonly away = new Map<MemberId, Away>();
  private lookedMs: number;
  private restUntilMs = 0;

  constructor(options: AwayWatchOptions) {
    this.options = options;
    this.lookedMs = options.nowMs();
  }

  /** Called some times a second. */
  tick(): void {
    this.look();
    const { view, settings, nowMs } = this.options;
    const { ring, self } = view();
    const maxMs = settings.awayMaxSeconds * 1000;
    if (maxMs === 0 || ring.isChanging || nowMs() < this.restUntilMs) return;
    if (ring.members.findIndex((_, index) => view().isUp(index)) !== self) return;
    for (const [id, away] of this.away) {
      if (away.ms >= maxMs && this.leaveOut(id, away)) return;
    }
  }

  private look(): void {
    const { view, nowMs } = this.options;
    const { ring, self } = view();
    const ms = Math.min(nowMs() - this.lookedMs, LOOK_MS_MAX);
    this.lookedMs = nowMs();
    for (const id of this.away.keys()) if (ring.indexOf(id) === undefined) this.away.delete(id);
    ring.members.forEach(({ id, absence }, index) => {
      if (view().isUp(index) || index === self || absence !== undefined) this.away.delete(id);
      else this.away.set(id, { ms: (this.away.get(id)?.ms ?? 0) + ms, isSaid: this.away.get(id)?.isSaid ?? false });
    });
  }

  /** Whether it was proposed. */
  private leaveOut(id: MemberId, away: Away): boolean {
    const { view, nowMs, warn, change, settings } = this.options;
    const { document } = view().ring;
    const seconds = settings.awayMaxSeconds;
    const reason = whyNotLeaveOut(document, id);
    this.restUntilMs = nowMs() + REST_MS;
    if (reason !== undefined) {
      if (!away.isSaid)
        warn(`Node ${id} is away for longer than ${seconds} s (away-max), and is waited for: ${reason}`);
      away.isSaid = true;
      return false;
    }
    change(document, withAway(document, id), (failure) => {
      if (failure !== undefined) warn(`Node ${id} is away for longer than ${seconds} s (away-max): ${failure}`);
    });
    return true;
  }
}
