import type { Call } from './call.js';
import { SYNTAX_ERROR } from './error-texts.js';
import { integerArgument } from './integer-argument.js';
import { KeyPattern } from './pattern-keys.js';

/** What SORT was asked for. */
export class SortOptions {
  /** By what to sort; undefined: by the elements themselves. */
  by: KeyPattern | undefined;
  /** BY was given a pattern without a star: there is nothing to sort by. */
  keepsOrder = false;
  descending = false;
  alpha = false;
  offset = 0;
  /** Negative: all. */
  count = -1;
  /** What to answer with for each element; empty: the element. */
  readonly gets: KeyPattern[] = [];
  /** The argument that says where to store the result; 0: it is answered. */
  storeAt = 0;

  /** Reads the arguments from the second on. Undefined after an error reply. */
  static parse(call: Call, isReadonly: boolean): SortOptions | undefined {
    const { args, reply } = call;
    const options = new SortOptions();
    for (let i = 2; i < args.count; i++) {
      const left = args.count - i - 1;
      if (args.is(i, 'asc')) options.descending = false;
      else if (args.is(i, 'desc')) options.descending = true;
      else if (args.is(i, 'alpha')) options.alpha = true;
      else if (args.is(i, 'limit') && left >= 2) {
        options.offset = integerArgument(call, ++i);
        if (Number.isNaN(options.offset)) return undefined;
        options.count = integerArgument(call, ++i);
        if (Number.isNaN(options.count)) return undefined;
      } else if (!isReadonly && args.is(i, 'store') && left >= 1) options.storeAt = ++i;
      else if (args.is(i, 'by') && left >= 1) {
        options.by = new KeyPattern(args.copy(++i));
        options.keepsOrder ||= !options.by.isVariable;
      } else if (args.is(i, 'get') && left >= 1) options.gets.push(new KeyPattern(args.copy(++i)));
      else {
        reply.error(SYNTAX_ERROR);
        return undefined;
      }
    }
    return options;
  }

  /** Asks for the order of the elements as texts, whatever else was asked for. */
  sortAsTexts(): void {
    this.keepsOrder = false;
    this.alpha = true;
    this.by = undefined;
  }

  /** The elements that are wanted of `length`: from the first on, before the second. */
  range(length: number): [from: number, to: number] {
    const from = Math.max(this.offset, 0);
    const to = this.count < 0 ? length : Math.min(from + this.count, length);
    return from >= length ? [0, 0] : [from, to];
  }
}
