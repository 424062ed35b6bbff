import type { Clock } from '../host/ports.js';

/** Work that goes in rounds, a short step at a time. */
export interface Rounds {
  /** Whether no round is under way. */
  readonly isAtEnd: boolean;
  /** Begins a round; false if there is no reason to. */
  begin(): boolean;
  step(): void;
}

/** Goes through rounds a slice at a time, so that others have their turn in between. */
export class PacedRounds {
  private readonly rounds: Rounds;
  private readonly clock: Clock;

  constructor(rounds: Rounds, clock: Clock) {
    this.rounds = rounds;
    this.clock = clock;
  }

  /** Works for about `budgetUs`; true if there is more to do at once. */
  run(budgetUs: number): boolean {
    const { rounds, clock } = this;
    if (rounds.isAtEnd && !rounds.begin()) return false;
    const untilUs = clock.monotonicUs() + budgetUs;
    do rounds.step();
    while (!rounds.isAtEnd && clock.monotonicUs() < untilUs);
    return !rounds.isAtEnd;
  }
}
