/** What several commands of lists read off their arguments. */

import { ListSide } from '../record/list-id.js';
import type { Call } from './call.js';

/** An end of a list. */
export type ListEnd = typeof ListSide.LEFT | typeof ListSide.RIGHT;

/** The end that argument i names, LEFT or RIGHT; undefined if it is neither. */
export function endArgument({ args }: Call, i: number): ListEnd | undefined {
  if (i >= args.count) return undefined;
  if (args.is(i, 'left')) return ListSide.LEFT;
  return args.is(i, 'right') ? ListSide.RIGHT : undefined;
}
