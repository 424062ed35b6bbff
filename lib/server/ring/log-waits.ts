import Denque from 'denque';

interface LogWait {
  readonly position: number;
  readonly then: () => void;
}

/** What is to happen when the log is durable up to a position, in order. Positions rise. */
export class LogWaits {
  private readonly waits = new Denque<LogWait>();

  add(position: number, then: () => void): void {
    this.waits.push({ position, then });
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
    this.waits.clear();
  }
}
