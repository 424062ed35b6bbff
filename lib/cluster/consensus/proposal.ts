import type { MemberId } from '../ring/member.js';
import type { Ballot } from './ballot.js';
import { NO_BALLOT, compareBallots } from './ballot.js';

/** What a proposal makes of an entry, and what is answered if that is decided. */
export interface Proposed {
  readonly entry: Buffer;
  readonly reply: Buffer;
}

/**
 * A change of one key, or a look at it.
 *
 * `timeout`: nothing was proposed in time, and nothing will be. `unknown`: perhaps it was decided, or will be yet.
 */
export interface Change {
  /** The member whose client has asked for it, and which could propose it as well; undefined: this one has to. */
  readonly askedBy?: MemberId | undefined;
  /** What it makes of the entry. If it is called again, what it said before has not happened, and never will. */
  run(entry: Buffer): Proposed;
  /** Called once. The reply is that of the run that counts. */
  end(outcome: 'decided', reply: Buffer): void;
  end(outcome: 'timeout' | 'unknown'): void;
}

/** An entry that holds the change was proposed by this ballot. */
interface Attempt {
  readonly ballot: Ballot;
  readonly reply: Buffer;
}

/** How a change stands when a majority has promised a ballot and told what was accepted. */
export type Standing = 'included' | 'open' | 'unknown';

/** A change on its way. */
export class Proposal {
  readonly change: Change;
  readonly deadlineMs: number;
  /** Oldest first. */
  private attempts: Attempt[] = [];

  constructor(change: Change, deadlineMs: number) {
    this.change = change;
    this.deadlineMs = deadlineMs;
  }

  /** Whether it was proposed by any ballot. */
  get wasProposed(): boolean {
    return this.attempts.length > 0;
  }

  /** Runs the change on an entry that is proposed by `ballot`; returns what it becomes. */
  proposeOn(entry: Buffer, ballot: Ballot): Buffer {
    const proposed = this.change.run(entry);
    this.attempts.push({ ballot, reply: proposed.reply });
    return proposed.entry;
  }

  /** An entry that holds it is proposed again, by `ballot`. */
  repropose(ballot: Ballot): void {
    const last = this.attempts.at(-1);
    if (last !== undefined) this.attempts.push({ ballot, reply: last.reply });
  }

  /**
   * What has become of it, where `accepted` is the highest ballot that a majority has accepted anything by, when it promised a higher one.
   *
   *  - An entry of that ballot is what all that comes is built on: if it holds the change, the change is in.
   *  - Entries of higher ballots are with no majority, and never will be: if all that hold it are such, it has not happened, and may run again.
   *  - Else somebody has built on something between: nobody knows.
   *  - What was accepted by ballots up to `floor` is perhaps forgotten, if nothing is accepted now: nobody knows of such either.
   */
  standing(accepted: Ballot, floor: Ballot): Standing {
    const index = this.attempts.findIndex(({ ballot }) => compareBallots(ballot, accepted) === 0);
    if (index >= 0) {
      this.attempts.length = index + 1;
      return 'included';
    }
    const known = compareBallots(accepted, NO_BALLOT) === 0 ? floor : accepted;
    return this.attempts.every(({ ballot }) => compareBallots(ballot, known) > 0) ? 'open' : 'unknown';
  }

  decided(): void {
    const last = this.attempts.at(-1);
    if (last !== undefined) this.change.end('decided', last.reply);
  }

  giveUp(): void {
    this.change.end(this.wasProposed ? 'unknown' : 'timeout');
  }
}
