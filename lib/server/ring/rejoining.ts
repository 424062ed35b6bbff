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
const REST_MS = 2000;

export interface RejoiningOptions {
  readonly self: MemberId;
  readonly view: () => RingView;
  /** Whether a member can be reached, and has its data. */
  readonly isUp: (member: MemberId) => boolean;
  /** Whether nothing but its absence keeps this node from being a replica. */
  readonly isFit: () => boolean;
  /** Of all that was sent so far: whether it has arrived or was given up, and nothing is kept for anybody. */
  readonly mark: () => () => boolean;
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
  readonly isQuiet: () => boolean;
}

/** The part of a member that was away for too long in its own return (cluster/topology/absence.ts): it has the others told what it has, and proposes the ring in which it is rebuilt. */
export class Rejoining {
  private readonly options: RejoiningOptions;
  private absence: Absence | undefined;
  private isBusy = false;
  private restUntilMs = 0;
  private failure = '';

  constructor(options: RejoiningOptions) {
    this.options = options;
  }

  /** Called some times a second. */
  tick(): void {
    const { view, self, nowMs, isFit } = this.options;
    const { ring } = view();
    if (ring.isChanging || ring.member(self).absence !== 'away') return;
    const absence = this.absenceIn(ring);
    if (this.isBusy || nowMs() < this.restUntilMs || !isFit() || !absence.isQuiet()) return;
    if (!absence.moves.every((move) => areEnough(move, this.options.isUp))) return;
    this.isBusy = true;
    this.rejoin(absence).then(
      () => {
        this.isBusy = false;
      },
      (error: unknown) => {
        if (!(error instanceof Error) || error instanceof AssertionError) throw error;
        this.options.onWork();
        this.isBusy = false;
        this.fail(error.message);
      },
    );
  }

  private absenceIn({ document }: Ring): Absence {
    const { self, mark } = this.options;
    if (this.absence?.document === document) return this.absence;
    const moves = movesUnderWay(new Ring(withReturning(document, self))).filter(({ to }) => to === self);
    this.absence = { document, moves, isQuiet: mark() };
    return this.absence;
  }

  private async rejoin({ document, moves }: Absence): Promise<void> {
    const { self, view, isUp, offer, onWork, change } = this.options;
    const others = new Set(moves.flatMap(({ from }) => from).filter(isUp));
    for (const member of others) await offer(member);
    onWork();
    if (view().ring.document !== document) return;
    change(document, withReturning(document, self), (reason) => {
      if (reason !== undefined) this.fail(reason);
    });
    this.restUntilMs = this.options.nowMs() + REST_MS;
  }

  private fail(reason: string): void {
    const { nowMs, warn } = this.options;
    this.restUntilMs = nowMs() + REST_MS;
    if (reason !== this.failure) warn(`This node cannot be rebuilt yet: ${reason}`);
    this.failure = reason;
  }
}
