/**
 * What clients saw of one lock, which is taken by SET NX PX and let go of by CAD; and what of it must not be. Pure.
 *
 * A request without an answer may have been executed, or be executed later: it proves nothing, and excuses nobody who was answered.
 */

/** Times, in microseconds, are all of one clock. `answeredUs` is when the client knew. */
export interface Taking {
  /** Of this taking alone. */
  readonly token: string;
  readonly askedUs: number;
  readonly answeredUs: number;
  readonly outcome: 'taken' | 'refused' | 'unknown';
  /** Who has taken it is sure to have it no longer than this: the expiry began to run at `askedUs` at the earliest, on clocks that differ. */
  readonly sureUntilUs: number;
  /** One after the other. */
  readonly releases: readonly Release[];
}

export interface Release {
  readonly askedUs: number;
  readonly answeredUs: number;
  readonly outcome: 'released' | 'not held' | 'unknown';
}

/** Somebody was sure to have the lock. */
export interface Hold {
  readonly token: string;
  readonly fromUs: number;
  readonly toUs: number;
}

/** The time for which its taker was sure to have the lock: until it asked to let go of it. */
export function holdOf({ token, outcome, answeredUs, sureUntilUs, releases }: Taking): Hold | undefined {
  const toUs = Math.min(sureUntilUs, releases[0]?.askedUs ?? Infinity);
  return outcome === 'taken' && toUs > answeredUs ? { token, fromUs: answeredUs, toUs } : undefined;
}

/** All that must not be, in words. */
export function checkLock(takings: readonly Taking[]): string[] {
  const holds = takings.map(holdOf).filter((hold) => hold !== undefined);
  return [
    ...overlapping(holds),
    ...takings.flatMap(lostTooSoon),
    ...takings.flatMap(letGoOfUnheld),
    ...takings.flatMap((taking) => letGoUnderOthers(taking, holds)),
  ];
}

function overlapping(holds: readonly Hold[]): string[] {
  const problems: string[] = [];
  let last: Hold | undefined;
  for (const hold of holds.toSorted((a, b) => a.fromUs - b.fromUs)) {
    if (last !== undefined && hold.fromUs < last.toUs) {
      problems.push(
        `two holders: ${hold.token} from ${seconds(hold.fromUs)} on, ${last.token} until ${seconds(last.toUs)}`,
      );
    }
    if (last === undefined || hold.toUs > last.toUs) last = hold;
  }
  return problems;
}

/** Its holder lets go of it in time, and hears that he does not have it. */
function lostTooSoon({ token, outcome, sureUntilUs, releases }: Taking): string[] {
  const first = releases[0];
  const isLost = outcome === 'taken' && first?.outcome === 'not held' && first.answeredUs <= sureUntilUs;
  return isLost ? [`${token} has lost the lock before ${seconds(first.answeredUs)}, though it was valid`] : [];
}

/** Somebody who was refused, or has let go of it before, lets go of it. */
function letGoOfUnheld({ token, outcome, releases }: Taking): string[] {
  const count = releases.filter((release) => release.outcome === 'released').length;
  const most = outcome === 'refused' ? 0 : 1;
  return count > most ? [`${token} was ${outcome}, and has let go of the lock ${count} times`] : [];
}

/** Somebody lets go of it, so he had it, while another one was sure to have it all the time. */
function letGoUnderOthers({ token, releases }: Taking, holds: readonly Hold[]): string[] {
  return releases.flatMap(({ askedUs, answeredUs, outcome }) => {
    if (outcome !== 'released') return [];
    const other = holds.find((hold) => hold.token !== token && hold.fromUs <= askedUs && hold.toUs >= answeredUs);
    return other === undefined
      ? []
      : [`${token} has let go of the lock at ${seconds(askedUs)}, when ${other.token} had it`];
  });
}

function seconds(us: number): string {
  return `${us / 1e6} s`;
}
