import type { MemberId } from '../ring/member.js';
import type { Move } from '../ring/moves.js';

export interface TakenBoundsOptions {
  readonly isUp: (id: MemberId) => boolean;
  /** Takes over what a member has settled of slots whose data this node has taken over (repair/slot-bounds.ts). Rejects if it does not answer. */
  readonly takeBounds: (member: MemberId, isTaken: (slot: number) => boolean) => Promise<void>;
  /** Called before anything happens that an answer has led to. */
  readonly onWork: () => void;
}

/** What is settled of the slots that a member takes over comes when their data is there, before they are its own: from all who hold them and can be reached, of each range from one at least. */
export class TakenBounds {
  private readonly options: TakenBoundsOptions;
  private readonly moves: readonly Move[];
  private isAsking = false;
  private isWhole: boolean;

  constructor(options: TakenBoundsOptions, moves: readonly Move[]) {
    this.options = options;
    this.moves = moves;
    this.isWhole = moves.length === 0;
  }

  get areTaken(): boolean {
    return this.isWhole;
  }

  /** Asks, if that is to be done. REQUIRES: the data is there, and durable. */
  take(): void {
    if (this.isAsking || this.isWhole) return;
    this.isAsking = true;
    const { moves, options } = this;
    const holders = new Set(moves.flatMap(({ from }) => from).filter((id) => options.isUp(id)));
    const answered = new Set<MemberId>();
    const asked = [...holders].map(async (id) => {
      const own = moves.filter(({ from }) => from.includes(id));
      await options.takeBounds(id, (slot) => own.some(({ start, end }) => start <= slot && slot <= end));
      answered.add(id);
    });
    void Promise.allSettled(asked).then(() => {
      options.onWork();
      this.isAsking = false;
      this.isWhole = moves.every(({ from }) => from.some((id) => answered.has(id)));
    });
  }
}
