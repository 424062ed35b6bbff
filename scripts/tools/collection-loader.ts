/** Fills a server with collections as fast as one connection can; what is number `i` of them is the same whenever it is written. */
import { DIGITS, exchange, type NumberedText } from './pipelined-exchange.js';

/** Numbers `first` to `first + count - 1`. */
export interface CollectionOptions {
  readonly port: number;
  readonly count: number;
  /** Default 0. */
  readonly first?: number;
  /** They are there already: what is written changes nothing, or only values. */
  readonly isKnown?: boolean;
  /** Called with the number of requests that were answered since the last call. */
  readonly onProgress?: (requests: number) => void;
}

/** Resolves when the server has acknowledged everything; rejects at the first other reply. */
export type CollectionLoader = (options: CollectionOptions) => Promise<void>;

const FIELDS = Array.from({ length: 5 }, (_, i) => [`field${i}`, `value-${i}`]);

/** Hashes with keys of 16 bytes, each of 5 fields of 6 bytes with values of 7. */
export const loadHashes: CollectionLoader = (options) =>
  load(options, command(['HSET', ['key:'], ...FIELDS.flat()]), FIELDS.length);

/** Members of 16 bytes of the sorted set `ranking`, with scores that differ. */
export const loadMembers: CollectionLoader = (options) => load(options, command(['ZADD', 'ranking', [], ['mbr:']]), 1);

/** Fields of 18 bytes of the hash `hash`, with values that have their number in them. */
export const loadFields: CollectionLoader = (options) => load(options, command(['HSET', 'hash', ['field:'], ['v']]), 1);

function load(options: CollectionOptions, request: NumberedText, added: number): Promise<void> {
  const { first = 0, isKnown = false } = options;
  const reply = [`:${isKnown ? 0 : added}\r\n`];
  return exchange({ ...options, numberAt: (turn) => first + turn, request, reply });
}

/** A command as a numbered text: a word in brackets is followed by the number. */
function command(words: readonly (string | readonly [] | readonly [string])[]): NumberedText {
  const parts = [`*${words.length}\r\n`];
  for (const word of words) {
    const isNumbered = typeof word !== 'string';
    const [text = ''] = isNumbered ? word : [word];
    parts.push(`${parts.pop() ?? ''}$${text.length + (isNumbered ? DIGITS : 0)}\r\n${text}`);
    if (isNumbered) parts.push('');
    parts.push(`${parts.pop() ?? ''}\r\n`);
  }
  return parts;
}
