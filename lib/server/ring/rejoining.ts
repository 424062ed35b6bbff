import { AssertionError } from '../../base/assert.js';
import type { RingView } from '../../cluster/coordination/ring-view.js';
import type { MemberId } from '../../cluster/ring/member.js';
import type { Move } from '../../cluster/ring/moves.js';
import { movesUnderWay } from '../../cluster/ring/moves.js';
import { Ring } from '../../cluster/ring/ring.js';
import type { RingDocument } from '../../cluster/ring/ring-document.js';
import { withReturning } from '../../cluster/topology/absence.js';
import { areEnough } from '../../cluster/transfer/fill-plan.js';

/** After what came to nothing. */
const REST_MS = 1000;
/** What is waited for so long is worth a line. */
const PATIENCE_MS = 10_000;

export interface RejoiningOptions {
  readonly self: MemberId;
  readonly view: () => RingView;
  /** Whether a member can be reached, and has its data. */
  readonly isUp: (member: MemberId) => boolean;
  /** Why this node could be no replica, if it had not been away. */
  readonly unfitness: () => string | undefined;
  /** Of all that was sent so far: what of it has neither arrived nor been given up, or is kept for somebody. Undefined: nothing. */
  readonly mark: () => () => string | undefined;
  /** Has a member told what this node has. */
  readonly offer: (member: MemberId) => Promise<void>;
  /** Milliseconds since an arbitrary start. */
  readonly nowMs: () => number;
  readonly warn: (line: string) => void;
  /** Called before anything happens that an answer has led to. */
  readonly onWork: () => void;
  /** Has the voters decide about the next ring. */
  readonly change: (ring: RingDocument, next: RingDocument, onEnd: (reason: string | undefined) => void) => void;
}

/** What this node does by a ring in which it is away. */
interface Absence {
  readonly document: RingDocument;
  /** What it has to be given. */
  readonly moves: readonly Move[];
  readonly unsettled: () => string | undefined;
  readonly sinceMs: number;
}

/**
 * The part of a member that was away for too long in its own return (cluster/topology/absence.ts): it has the others told what it has, and proposes the ring in which it is rebuilt. That begins when nothing is left of
 * what it had sent before, and so many can be reached that they can rebuild it.
 */
export class Rejoining {
  private readonly options: RejoiningOptions;
  private absence: Absence | undefined;
  private isBusy = false;
  private restUntilMs = 0;
  /** Why it was in vain the last time. */
  private failure = '';
  private said = '';

  constructor(options: RejoiningOptions) {
    this.options = options;
  }

  /** What this node waits for, before it is rebuilt, in words; empty if it does not. */
  get waitsFor(): string[] {
    const { absence } = this;
    if (absence === undefined) return [];
    const reason = this.obstacleOf(absence) ?? (this.isBusy ? 'the others are told what it has' : this.failure);
    return [`${this.options.self}, to be rebuilt: ${reason}`];
  }

  /** Called some times a second. */
  tick(): void {
    const { nowMs } = this.options;
    const absence = this.findAbsence();
    this.absence = absence;
    if (absence === undefined || this.isBusy || nowMs() < this.restUntilMs) return;
    const obstacle = this.obstacleOf(absence);
    if (obstacle !== undefined) {
      if (nowMs() - absence.sinceMs > PATIENCE_MS) this.say(obstacle);
      return;
    }
    this.isBusy = true;
    void this.rejoin(absence).then(() => {
      this.isBusy = false;
    });
  }

  private findAbsence(): Absence | undefined {
    const { view, self, mark, nowMs } = this.options;
    const { ring } = view();
    const { document } = ring;
    if (ring.isChanging || ring.member(self).absence !== 'away') return undefined;
    if (this.absence?.document === document) return this.absence;
    const moves = movesUnderWay(new Ring(withReturning(document, self))).filter(({ to }) => to === self);
    return { document, moves, unsettled: mark(), sinceMs: nowMs() };
  }

  private obstacleOf({ moves, unsettled }: Absence): string | undefined {
    const { isUp, unfitness } = this.options;
    const reason = unfitness() ?? unsettled();
    if (reason !== undefined) return reason;
    return moves.every((move) => areEnough(move, isUp))
      ? undefined
      : 'too few can be reached of those who hold the same slots';
  }

  private async rejoin({ document, moves }: Absence): Promise<void> {
    const { self, view, isUp, offer, onWork, change } = this.options;
    const others = new Set(moves.flatMap(({ from }) => from).filter(isUp));
    const told = new Set<MemberId>();
    let failure = '';
    for (const member of others) {
      try {
        await offer(member);
        told.add(member);
      } catch (error) {
        if (!(error instanceof Error) || error instanceof AssertionError) throw error;
        failure = error.message;
      }
    }
    onWork();
    if (view().ring.document !== document) return;
    // They tell each other.
    if (!moves.every(({ from }) => from.some((id) => told.has(id)))) {
      this.fail(failure);
      return;
    }
    this.rest('the voters are to decide that');
    change(document, withReturning(document, self), (reason) => {
      if (reason !== undefined) this.fail(reason);
    });
  }

  private fail(reason: string): void {
    this.rest(reason);
    this.say(reason);
  }

  private say(reason: string): void {
    if (reason !== this.said) this.options.warn(`This node cannot be rebuilt yet: ${reason}`);
    this.said = reason;
  }

  private rest(reason: string): void {
    this.failure = reason;
    this.restUntilMs = this.options.nowMs() + REST_MS;
  }
}
