/**
 * The options of SET and GETEX.
 *
 *     SET    [NX | XX | IFEQ value | IFNE value] [GET] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL]
 *     GETEX  [EX s | PX ms | EXAT s | PXAT ms | PERSIST]
 *
 * In any order. As in Redis, an option may come again: of several times of one kind the last counts.
 */

import type { Args } from '../protocol/args.js';
import { KEEP_EXPIRY, NEVER } from '../data/keyspace.js';
import type { Call } from './call.js';
import { SYNTAX_ERROR } from './error-texts.js';
import { MILLISECONDS, SECONDS, expireTime } from './expire-time.js';
import { stringEquals } from './lookup.js';

/** What must be true of the key for SET to do anything. */
export const Condition = { NONE: 0, NX: 1, XX: 2, IFEQ: 3, IFNE: 4 } as const;
export type Condition = (typeof Condition)[keyof typeof Condition];

/** What becomes of the key's expiry. NONE: the command's own habit. */
export const Life = { NONE: 0, KEEPTTL: 1, PERSIST: 2, EX: 3, PX: 4, EXAT: 5, PXAT: 6 } as const;
export type Life = (typeof Life)[keyof typeof Life];

/** Options as parsed. One is reused by each command: valid until its next call. */
export class SetOptions {
  condition: Condition = Condition.NONE;
  /** Index of the argument that IFEQ and IFNE compare with. */
  conditionArg = 0;
  get = false;
  life: Life = Life.NONE;
  /** Index of the time of EX, PX, EXAT and PXAT. */
  timeArg = 0;

  /** Parses SET's options, arguments `from` and on; false after an error reply. */
  parseSet(call: Call, from: number): boolean {
    this.clear();
    const { args } = call;
    for (let i = from; i < args.count; i++) {
      if (this.takeCondition(args, i)) {
        if (this.condition >= Condition.IFEQ) i++;
      } else if (args.is(i, 'get')) this.get = true;
      else if (args.is(i, 'keepttl') && this.takeLife(Life.KEEPTTL)) continue;
      else if (this.takeTime(args, i)) i++;
      else return syntaxError(call);
    }
    return true;
  }

  /** Parses GETEX's options, arguments `from` and on; false after an error reply. */
  parseGetex(call: Call, from: number): boolean {
    this.clear();
    const { args } = call;
    for (let i = from; i < args.count; i++) {
      if (args.is(i, 'persist') && this.takeLife(Life.PERSIST)) continue;
      if (!this.takeTime(args, i)) return syntaxError(call);
      i++;
    }
    return true;
  }

  /** Parses CAS's options, EX and PX; false after an error reply. */
  parseCas(call: Call, from: number): boolean {
    this.clear();
    const { args } = call;
    for (let i = from; i < args.count; i += 2) {
      if (!this.takeTime(args, i) || this.life > Life.PX) return syntaxError(call);
    }
    return true;
  }

  /** The expiry that `Keyspace.put` is to set; NaN after an error reply. */
  expiry(call: Call, command: string): number {
    if (this.life === Life.NONE || this.life === Life.PERSIST) return NEVER;
    if (this.life === Life.KEEPTTL) return KEEP_EXPIRY;
    const unit = this.life === Life.EX || this.life === Life.EXAT ? SECONDS : MILLISECONDS;
    const base = this.life === Life.EX || this.life === Life.PX ? call.keyspace.clock.nowMs : 0;
    return expireTime(call, this.timeArg, unit, base, true, command);
  }

  /** Whether SET does not care what the key holds. */
  get isBlind(): boolean {
    return this.condition === Condition.NONE && !this.get && this.life !== Life.KEEPTTL;
  }

  /** Whether the condition is true of the key whose record is at `ref` (0: there is none). */
  holds(call: Call, ref: number): boolean {
    switch (this.condition) {
      case Condition.NONE:
        return true;
      case Condition.NX:
        return ref === 0;
      case Condition.XX:
        return ref !== 0;
      case Condition.IFEQ:
        return ref !== 0 && stringEquals(call, ref, this.conditionArg);
      case Condition.IFNE:
        return ref === 0 || !stringEquals(call, ref, this.conditionArg);
    }
  }

  private clear(): void {
    this.condition = Condition.NONE;
    this.conditionArg = 0;
    this.get = false;
    this.life = Life.NONE;
    this.timeArg = 0;
  }

  private takeCondition(args: Args, i: number): boolean {
    const condition = conditionAt(args, i);
    if (condition === Condition.NONE) return false;
    const compares = condition >= Condition.IFEQ;
    if (this.condition !== Condition.NONE && (this.condition !== condition || compares)) return false;
    if (compares && i + 1 >= args.count) return false;
    this.condition = condition;
    this.conditionArg = i + 1;
    return true;
  }

  private takeTime(args: Args, i: number): boolean {
    const life = timeAt(args, i);
    if (life === Life.NONE || i + 1 >= args.count || !this.takeLife(life)) return false;
    this.timeArg = i + 1;
    return true;
  }

  private takeLife(life: Life): boolean {
    if (this.life !== Life.NONE && this.life !== life) return false;
    this.life = life;
    return true;
  }
}

function conditionAt(args: Args, i: number): Condition {
  if (args.is(i, 'nx')) return Condition.NX;
  if (args.is(i, 'xx')) return Condition.XX;
  if (args.is(i, 'ifeq')) return Condition.IFEQ;
  return args.is(i, 'ifne') ? Condition.IFNE : Condition.NONE;
}

function timeAt(args: Args, i: number): Life {
  if (args.is(i, 'ex')) return Life.EX;
  if (args.is(i, 'px')) return Life.PX;
  if (args.is(i, 'exat')) return Life.EXAT;
  return args.is(i, 'pxat') ? Life.PXAT : Life.NONE;
}

function syntaxError(call: Call): boolean {
  call.reply.error(SYNTAX_ERROR);
  return false;
}
