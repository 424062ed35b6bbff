/** What several commands of lists read off their arguments. */

import { ListSide } from '../record/list-id.js';
import type { Call } from './call.js';
import { integerArgument } from './integer-argument.js';

/** An end of a list. */
export type ListEnd = typeof ListSide.LEFT | typeof ListSide.RIGHT;

/** The end that argument i names, LEFT or RIGHT; undefined if it is neither. */
export function endArgument({ args }: Call, i: number): ListEnd | undefined {
  if (i >= args.count) return undefined;
  if (args.is(i, 'left')) return ListSide.LEFT;
  return args.is(i, 'right') ? ListSide.RIGHT : undefined;
}

/** An integer of at least `least`; NaN after an error reply, which is `refusal` for what is no integer too. */
export function countArgument(call: Call, i: number, least: number, refusal: string): number {
  const value = integerArgument(call, i, refusal);
  if (!(value < least)) return value;
  call.reply.error(refusal);
  return NaN;
}
