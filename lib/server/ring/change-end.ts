/**
 * How a change of the ring comes to its end (cluster/topology/ring-change.ts), whatever becomes of its members: the first of them that can be reached proposes the ring that ends it.
 *
 *     nothing is awaited                              ─▶ finished
 *     somebody awaited is away for join-timeout       ─▶ aborted: nobody could take the place of one that is lost for good before the change is at its end
 */

import type { RingView } from '../../cluster/coordination/ring-view.js';
import type { MemberId } from '../../cluster/ring/member.js';
import type { RingDocument } from '../../cluster/ring/ring-document.js';
import { aborted, finished } from '../../cluster/topology/ring-change.js';
import type { Awaited, ChangeProgress } from '../../cluster/transfer/change-progress.js';
import type { Settings } from '../../config/settings.js';

/** After a proposal that came to nothing. */
const REST_MS = 1000;
/** Who is away for less is not worth a line. */
const AWAY_MS = 5000;

export interface ChangeEndOptions {
  readonly view: () => RingView;
  readonly settings: Pick<Settings, 'joinTimeoutSeconds'>;
  /** Milliseconds since an arbitrary start. */
  readonly nowMs: () => number;
  readonly warn: (line: string) => void;
  /** Whether there is a connection to a member, that serves or not. */
  readonly isConnected: (member: MemberId) => boolean;
  /** Has the voters decide about the next ring. */
  readonly change: (ring: RingDocument, next: RingDocument, onEnd: (reason: string | undefined) => void) => void;
}

/** Since when a member cannot be reached, and whether the log has it. */
class Away {
  readonly sinceMs: number;
  isSaid = false;

  constructor(sinceMs: number) {
    this.sinceMs = sinceMs;
  }
}

export class ChangeEnd {
  private readonly options: ChangeEndOptions;
  private readonly progress: ChangeProgress;
  private awaited: ReadonlyMap<MemberId, Awaited>;
  /** Those of them that cannot be reached. */
  private readonly away = new Map<MemberId, Away>();
  private restUntilMs = 0;
  private failure = '';

  /** Of the change that is under way in the ring of `view`. */
  constructor(options: ChangeEndOptions, progress: ChangeProgress) {
    this.options = options;
    this.progress = progress;
    this.awaited = progress.awaited(() => true);
  }

  /** What the change waits for, in words. */
  get waitsFor(): string[] {
    if (this.awaited.size === 0) return [`the voters, to decide that it is at its end${this.failure}`];
    return [...this.awaited].map(([id, what]) => this.wordsFor(id, what));
  }

  /** Called some times a second. */
  tick(): void {
    const { nowMs, view, change, warn } = this.options;
    const { ring, self } = view();
    this.look();
    const isFinished = this.awaited.size === 0;
    if (!isFinished && !this.isGivenUp) return;
    const first = ring.members.findIndex(({ state }, index) => state !== 'leaving' && view().isUp(index));
    if (first !== self || nowMs() < this.restUntilMs) return;
    this.restUntilMs = nowMs() + REST_MS;
    const { document } = ring;
    if (!isFinished && this.failure === '')
      warn(`The change of the ring at epoch ${document.epoch} is given up: it waited for ${this.waitsFor.join('; ')}`);
    change(document, isFinished ? finished(document) : aborted(document), (reason) => {
      if (reason === undefined) return;
      this.failure = `, which was tried: ${reason}`;
      warn(`The ring stays at epoch ${document.epoch} for now: ${reason}`);
    });
  }

  /** Who is awaited now, and who of these is away. */
  private look(): void {
    const { nowMs, view, warn, isConnected } = this.options;
    const { ring } = view();
    const isUp = (id: MemberId): boolean => {
      const index = ring.indexOf(id);
      // Who returns does not serve.
      return index !== undefined && (ring.isReturning(index) ? isConnected(id) : view().isUp(index));
    };
    this.awaited = this.progress.awaited(isUp);
    for (const id of this.away.keys()) if (!this.awaited.has(id) || isUp(id)) this.away.delete(id);
    for (const [id, what] of this.awaited) {
      if (isUp(id)) continue;
      const away = this.away.get(id) ?? new Away(nowMs());
      this.away.set(id, away);
      if (away.isSaid || nowMs() - away.sinceMs < AWAY_MS) continue;
      away.isSaid = true;
      warn(`The change of the ring at epoch ${ring.document.epoch} waits for node ${this.wordsFor(id, what)}`);
    }
  }

  private wordsFor(id: MemberId, what: Awaited): string {
    const { nowMs, settings } = this.options;
    const away = this.away.get(id);
    if (away === undefined) return `${id}, ${what}`;
    const seconds = Math.floor((nowMs() - away.sinceMs) / 1000);
    return `${id}, ${what}: it cannot be reached for ${seconds} s, and after ${settings.joinTimeoutSeconds} s the change is given up`;
  }

  private get isGivenUp(): boolean {
    const { nowMs, settings } = this.options;
    const beforeMs = nowMs() - settings.joinTimeoutSeconds * 1000;
    return [...this.away.values()].some(({ sinceMs }) => sinceMs < beforeMs);
  }
}
