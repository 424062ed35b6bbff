import type { Clock } from '../../host/ports.js';

const LOG_EVERY_US = 60_000_000;

interface Tally {
  count: number;
  loggedUs: number;
  unloggedCount: number;
}

/**
 * What was refused from the network, or lost there, counted by reason. Whoever sends it decides how often that happens, so each reason is logged at
 * most once a minute, with how many there were in between.
 */
export class Rejections<Reason extends string> {
  private readonly clock: Clock;
  private readonly log: (message: string) => void;
  private readonly words: Readonly<Record<Reason, string>>;
  private readonly tallies = new Map<Reason, Tally>();

  /** `words` say what happened, to be followed by "from <address>". */
  constructor(clock: Clock, words: Readonly<Record<Reason, string>>, log: (message: string) => void) {
    this.clock = clock;
    this.words = words;
    this.log = log;
  }

  /** `from` is the address that it came from, in words. */
  add(reason: Reason, from: string): void {
    const nowUs = this.clock.monotonicUs();
    const tally = this.tallies.get(reason) ?? { count: 0, loggedUs: -Infinity, unloggedCount: 0 };
    this.tallies.set(reason, tally);
    tally.count++;
    if (nowUs - tally.loggedUs < LOG_EVERY_US) {
      tally.unloggedCount++;
      return;
    }
    const more = tally.unloggedCount === 0 ? '' : ` (and ${tally.unloggedCount} more since the last line of this kind)`;
    tally.loggedUs = nowUs;
    tally.unloggedCount = 0;
    this.log(`${this.words[reason]} from ${from}${more}`);
  }

  count(reason: Reason): number {
    return this.tallies.get(reason)?.count ?? 0;
  }

  /** Reasons for which something was refused, and how often. */
  get counts(): ReadonlyMap<Reason, number> {
    return new Map([...this.tallies].map(([reason, { count }]) => [reason, count]));
  }
}
