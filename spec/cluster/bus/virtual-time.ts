import type { Clock, Timer, Timers } from '../../../lib/host/ports.js';

interface Event {
  readonly atUs: number;
  readonly run: () => void;
  isCancelled: boolean;
}

/** Time that passes only when it is told to. Each event is a turn of the loop, with what is due at its end. */
export class VirtualTime implements Clock, Timers {
  nowUs = 0;
  private readonly events: Event[] = [];
  private ends: (() => void)[] = [];

  wallMs(): number {
    return Math.floor(this.nowUs / 1000);
  }

  wallUs(): number {
    return this.nowUs;
  }

  monotonicUs(): number {
    return this.nowUs;
  }

  threadCpuUs(): number {
    return 0;
  }

  after(delayMs: number, run: () => void): Timer {
    const event = { atUs: this.nowUs + delayMs * 1000, run, isCancelled: false };
    // The last of those that are due at the same time.
    let at = this.events.length;
    while (at > 0 && this.events[at - 1].atUs > event.atUs) at--;
    this.events.splice(at, 0, event);
    return {
      cancel: () => {
        event.isCancelled = true;
      },
    };
  }

  every(intervalMs: number, run: () => void): Timer {
    const again = (): void => {
      timer = this.after(intervalMs, again);
      run();
    };
    let timer = this.after(intervalMs, again);
    return { cancel: () => timer.cancel() };
  }

  endOfTurn(run: () => void): void {
    this.ends.push(run);
  }

  /** Lets so much time pass. */
  pass(ms: number): void {
    const endUs = this.nowUs + ms * 1000;
    this.endTurns();
    for (let event = this.events[0]; event !== undefined && event.atUs <= endUs; event = this.events[0]) {
      this.events.shift();
      this.nowUs = event.atUs;
      if (!event.isCancelled) event.run();
      this.endTurns();
    }
    this.nowUs = endUs;
  }

  /** The process sleeps: what was due meanwhile comes late, all in one turn. */
  sleep(ms: number): void {
    this.nowUs += ms * 1000;
    while (this.events.length > 0 && this.events[0].atUs <= this.nowUs) {
      const event = this.events.shift();
      if (event?.isCancelled === false) event.run();
    }
    this.endTurns();
  }

  private endTurns(): void {
    while (this.ends.length > 0) {
      const { ends } = this;
      this.ends = [];
      for (const run of ends) run();
    }
  }
}
