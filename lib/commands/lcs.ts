/** LCS: what two strings have in common. */

import type { Lcs } from '../data/lcs.js';
import { LCS_TOO_LARGE, lcs, lcsFits, lcsLength } from '../data/lcs.js';
import type { Call } from './call.js';
import type { Command } from './command.js';
import { TWO_KEYS } from './command.js';
import { SYNTAX_ERROR } from './error-texts.js';
import { integerArgument } from './integer-argument.js';
import { findString, isString, readKey, stringView } from './lookup.js';

interface LcsOptions {
  /** LEN: the length alone. */
  length: boolean;
  /** IDX: the runs that match. */
  indexes: boolean;
  /** WITHMATCHLEN: the length of each. */
  matchLengths: boolean;
  /** MINMATCHLEN: only runs of so many bytes. */
  lengthMin: number;
}

/** LCS key key [LEN] [IDX] [MINMATCHLEN length] [WITHMATCHLEN] */
function lcsCommand(call: Call): void {
  const { reply } = call;
  if (!isStringOrNothing(call, readKey(call, 1)) || !isStringOrNothing(call, readKey(call, 2))) {
    reply.error('ERR The specified keys must contain string values');
    return;
  }
  const second = findString(call, 2);
  const first = findString(call, 1); // again: the second look may have removed an expired key, and no ref outlives a change
  const a = stringView(call, first);
  const b = stringView(call, second);
  const options = parseOptions(call);
  if (options === undefined) return;
  if (!lcsFits(a.length, b.length, call.server.valueBytesMax)) {
    reply.error(`ERR ${LCS_TOO_LARGE}`);
    return;
  }
  if (options.length) reply.integer(lcsLength(a, b));
  else if (options.indexes) replyMatches(call, lcs(a, b, options.lengthMin), options.matchLengths);
  else reply.bulkBuffer(lcs(a, b).sequence);
}

function isStringOrNothing(call: Call, ref: number): boolean {
  return ref === 0 || isString(call, ref);
}

/** Undefined after an error reply. */
function parseOptions(call: Call): LcsOptions | undefined {
  const { args, reply } = call;
  const options: LcsOptions = { length: false, indexes: false, matchLengths: false, lengthMin: 0 };
  for (let i = 3; i < args.count; i++) {
    if (args.is(i, 'idx')) options.indexes = true;
    else if (args.is(i, 'len')) options.length = true;
    else if (args.is(i, 'withmatchlen')) options.matchLengths = true;
    else if (args.is(i, 'minmatchlen') && i + 1 < args.count) {
      options.lengthMin = integerArgument(call, ++i);
      if (Number.isNaN(options.lengthMin)) return undefined;
    } else {
      reply.error(SYNTAX_ERROR);
      return undefined;
    }
  }
  if (!options.length || !options.indexes) return options;
  reply.error('ERR If you want both the length and indexes, please just use IDX.');
  return undefined;
}

function replyMatches(call: Call, { sequence, matches }: Lcs, withLengths: boolean): void {
  const { reply } = call;
  reply.map(2);
  reply.bulkText('matches');
  reply.array(matches.length);
  for (const match of matches) {
    reply.array(withLengths ? 3 : 2);
    reply.array(2);
    reply.integer(match.aStart);
    reply.integer(match.aEnd);
    reply.array(2);
    reply.integer(match.bStart);
    reply.integer(match.bEnd);
    if (withLengths) reply.integer(match.length);
  }
  reply.bulkText('len');
  reply.integer(sequence.length);
}

export const lcsCommands: readonly Command[] = [
  { name: 'lcs', arity: -3, flags: ['readonly'], keys: TWO_KEYS, run: lcsCommand },
];
