/**
 * Is a history of one key linearizable: is there an order of its operations, which keeps that of operations that did not overlap, in which each gives what it gave?
 *
 * The search of Wing & Gong with Lowe's memoisation: what was taken so far, and the state that it has led to, is tried once. ("Testing and verifying concurrent
 * objects", 1993; "Testing for linearizability", 2017.) Operations of unknown outcome are open to the end: each takes place at any time after it began, or never.
 */

/** What an operation does to a key, and what it was answered. */
export interface RegisterCall {
  readonly client: string;
  /**
   * `swap` is CAS, `drop` CAD, `claim` SETNX: whether they did it is `done`. `exchange` is GETSET: it gives what was there. `increment` is INCR: it gives what is there then. `append` is APPEND: it
   * gives how long that is then.
   */
  readonly kind: 'read' | 'write' | 'delete' | 'swap' | 'drop' | 'claim' | 'exchange' | 'increment' | 'append';
  /** What is written; of a `drop` nothing. */
  readonly value?: string;
  /** What a `swap` and a `drop` expect. */
  readonly expected?: string;
  /** What a `read`, an `exchange`, an `increment` and an `append` gave; undefined: there is no key. */
  readonly found?: string | undefined;
  /** What a `swap`, `drop`, `claim` or `delete` said. Not known of an `unknown` one. */
  readonly done?: boolean;
  readonly invokedUs: number;
  /** Infinity if it was not answered. */
  readonly returnedUs: number;
  /** `failed`: for sure not done. */
  readonly outcome: 'ok' | 'failed' | 'unknown';
  /** One that stood before it in a pipeline: if that was answered, it takes place before. */
  readonly behind?: RegisterCall | undefined;
}

/** What gives the value of a key. */
const GIVING: readonly RegisterCall['kind'][] = ['read', 'exchange', 'increment', 'append'];

/** The value of a key; undefined: there is none. */
type State = string | undefined;

interface Effect {
  readonly next: State;
  /** What it would answer. */
  readonly found: State;
  readonly done: boolean;
}

function effectOf({ kind, value, expected }: RegisterCall, state: State): Effect {
  const keep = { next: state, found: state, done: false };
  switch (kind) {
    case 'read':
      return keep;
    case 'write':
    case 'exchange':
      return { next: value, found: state, done: true };
    case 'delete':
      return { next: undefined, found: state, done: state !== undefined };
    case 'swap':
      return state !== undefined && state === expected ? { next: value, found: state, done: true } : keep;
    case 'drop':
      return state !== undefined && state === expected ? { next: undefined, found: state, done: true } : keep;
    case 'claim':
      return state === undefined ? { next: value, found: state, done: true } : keep;
    case 'increment': {
      const next = String(Number(state ?? 0) + 1);
      return { next, found: next, done: true };
    }
    case 'append': {
      const next = `${state ?? ''}${value ?? ''}`;
      return { next, found: String(next.length), done: true };
    }
  }
}

/** Whether what was answered is what it would answer. */
function fits(call: RegisterCall, { found, done }: Effect): boolean {
  if (call.outcome === 'unknown') return true;
  if (GIVING.includes(call.kind)) return call.found === found;
  return call.kind === 'write' || call.done === done;
}

/** Of the search: an operation that began, or ended. */
interface Entry {
  readonly call: number;
  readonly isReturn: boolean;
  readonly atUs: number;
  previous: Entry | undefined;
  next: Entry | undefined;
}

interface Step {
  readonly invoked: Entry;
  readonly returned: Entry | undefined;
  readonly before: State;
}

/** Where many operations have unknown outcomes, there may be more orders than can be tried: after so many steps it says so. */
const STEPS_MAX = 400_000;
export const NOT_FOUND_OUT = 'there are more orders of its operations than can be tried';

/** The operations of one key, in any order. What is wrong with them, in words; undefined if nothing is; or NOT_FOUND_OUT. */
export function checkLinearizable(operations: readonly RegisterCall[], initial?: string): string | undefined {
  const calls = operations.filter(mayMatter);
  const head = entriesOf(calls);
  const behind = indexesOf(calls);
  const seen = new Set<string>();
  const taken = new Uint8Array(calls.length);
  const steps: Step[] = [];
  const returns = new Map<number, Entry>();
  for (let entry = head.next; entry !== undefined; entry = entry.next)
    if (entry.isReturn) returns.set(entry.call, entry);
  let remaining = returns.size;
  let state: State = initial;
  let stuckAt: RegisterCall | undefined;
  let entry = head.next;
  while (remaining > 0) {
    if (entry === undefined || entry.isReturn) {
      // Whatever ended here must have been taken by now: the last step was wrong.
      if (entry !== undefined && (stuckAt === undefined || calls[entry.call].returnedUs > stuckAt.returnedUs)) {
        stuckAt = calls[entry.call];
      }
      const step = steps.pop();
      if (step === undefined)
        return `no order of its operations explains ${stuckAt === undefined ? 'them' : describeCall(stuckAt)}`;
      state = step.before;
      taken[step.invoked.call] = 0;
      if (step.returned !== undefined) {
        putBack(step.returned);
        remaining++;
      }
      putBack(step.invoked);
      entry = step.invoked.next;
      continue;
    }
    const call = calls[entry.call];
    const first = behind[entry.call];
    if (first >= 0 && taken[first] === 0) {
      entry = entry.next;
      continue;
    }
    const effect = effectOf(call, state);
    taken[entry.call] = 1;
    const name = fits(call, effect) ? `${Buffer.from(taken).toString('latin1')}${String(effect.next)}` : undefined;
    if (name === undefined || seen.has(name)) {
      taken[entry.call] = 0;
      entry = entry.next;
      continue;
    }
    seen.add(name);
    if (seen.size > STEPS_MAX) return NOT_FOUND_OUT;
    const returned = returns.get(entry.call);
    steps.push({ invoked: entry, returned, before: state });
    state = effect.next;
    takeOut(entry);
    if (returned !== undefined) {
      takeOut(returned);
      remaining--;
    }
    entry = head.next;
  }
  return undefined;
}

/** What has failed was not done; and a read that nobody has heard of changes nothing. */
function mayMatter({ kind, outcome }: RegisterCall): boolean {
  return outcome === 'ok' || (outcome === 'unknown' && kind !== 'read');
}

/** Where the call is that each is behind of, if that was answered; -1: there is none. */
function indexesOf(calls: readonly RegisterCall[]): number[] {
  const indexes = new Map(calls.map((call, i) => [call, i]));
  return calls.map(({ behind }) => (behind?.outcome === 'ok' ? (indexes.get(behind) ?? -1) : -1));
}

/** All that began and ended, in order of time; the first is none of them. What began at the moment at which something ended overlaps with that. */
function entriesOf(calls: readonly RegisterCall[]): Entry {
  const entries: Entry[] = calls.flatMap(({ invokedUs, returnedUs, outcome }, call) => {
    const begun = { call, isReturn: false, atUs: invokedUs, previous: undefined, next: undefined };
    const ended = { call, isReturn: true, atUs: returnedUs, previous: undefined, next: undefined };
    return outcome === 'unknown' ? [begun] : [begun, ended];
  });
  entries.sort((a, b) => a.atUs - b.atUs || Number(a.isReturn) - Number(b.isReturn));
  const head: Entry = { call: -1, isReturn: false, atUs: -1, previous: undefined, next: undefined };
  let last = head;
  for (const entry of entries) {
    last.next = entry;
    entry.previous = last;
    last = entry;
  }
  return head;
}

function takeOut(entry: Entry): void {
  if (entry.previous !== undefined) entry.previous.next = entry.next;
  if (entry.next !== undefined) entry.next.previous = entry.previous;
}

/** REQUIRES: what was taken out later was put back before. */
function putBack(entry: Entry): void {
  if (entry.previous !== undefined) entry.previous.next = entry;
  if (entry.next !== undefined) entry.next.previous = entry;
}

/** For a report. */
export function describeCall(call: RegisterCall): string {
  const { kind, client, value, expected, found, done, invokedUs, returnedUs, outcome } = call;
  const seconds = (us: number): string => (us === Infinity ? '?' : (us / 1e6).toFixed(6));
  const words = [kind, expected === undefined ? '' : `${expected} ->`, value ?? ''].filter((word) => word !== '');
  const answer = GIVING.includes(kind) ? (found ?? 'nothing') : done === undefined ? '' : String(done);
  return `${words.join(' ')} = ${answer} by ${client}, ${seconds(invokedUs)}-${seconds(returnedUs)} s, ${outcome}`;
}
