import Denque from 'denque';

interface LogWait {
  readonly position: number;
  readonly then: () => void;
}

/** What is to happen when the log has what this turn and those before it have changed, and has it durably if it must: in order. */
export class LogWaits {
  /** For what this turn has changed. */
  private added: (() => void)[] = [];
  private readonly waits = new Denque<LogWait>();

  /** `then` waits for all that was changed up to now. */
  add(then: () => void): void {
    this.added.push(then);
  }

  /** The turn was logged. It may be told when the log is durable up to `position`; 0: at once. Positions rise. */
  endTurn(position: number): void {
    const { added } = this;
    this.added = [];
    for (const then of added) {
      if (position === 0) then();
      else this.waits.push({ position, then });
    }
  }

  /** The log is durable up to `position`. */
  release(position: number): void {
    for (let first = this.waits.peekFront(); first !== undefined; first = this.waits.peekFront()) {
      if (first.position > position) return;
      this.waits.shift();
      first.then();
    }
  }

  /** The log has failed: nothing of it will ever happen. */
  clear(): void {
    this.added = [];
    this.waits.clear();
  }
}
