import { NEVER } from '../data/keyspace.js';
import type { Args } from '../protocol/args.js';

/** Conditions on the expiry that is there, as bits: several may be given. */
export const ExpireCondition = { NX: 1, XX: 2, GT: 4, LT: 8 } as const;

/** The condition that argument i names; 0 if it names none. */
export function conditionOf(args: Args, i: number): number {
  if (args.is(i, 'nx')) return ExpireCondition.NX;
  if (args.is(i, 'xx')) return ExpireCondition.XX;
  if (args.is(i, 'gt')) return ExpireCondition.GT;
  return args.is(i, 'lt') ? ExpireCondition.LT : 0;
}

/** `currentMs`: the expiry that is there; `atMs`: the one to be. What never expires counts as expiring last of all. */
export function conditionsHold(conditions: number, currentMs: number, atMs: number): boolean {
  if ((conditions & ExpireCondition.NX) !== 0 && currentMs !== NEVER) return false;
  if ((conditions & ExpireCondition.XX) !== 0 && currentMs === NEVER) return false;
  if ((conditions & ExpireCondition.GT) !== 0 && (currentMs === NEVER || atMs <= currentMs)) return false;
  return (conditions & ExpireCondition.LT) === 0 || currentMs === NEVER || atMs < currentMs;
}
