/** Runs the same commands on a harness and on a redis-server, and expects the same replies. */

import { expect } from 'chai';
import type { Argument, Plain } from './harness.js';
import { Harness } from './harness.js';
import { RedisTwin } from './redis-twin.js';

export type Words = readonly [string, ...Argument[]];

/** Commands whose replies have no order: of single elements, and of pairs. */
const UNORDERED = new Set(['hkeys', 'hvals', 'hrandfield', 'smembers', 'sinter', 'sunion', 'sdiff', 'keys']);
const PAIRS = new Set(['hgetall']);

/** What a harness answers, errors as their text. */
export function answer(harness: Harness, [name, ...args]: Words): Plain {
  const wire = harness.wire(name, ...args);
  if (wire.startsWith('-')) return wire.slice(1, -2);
  return decode(wire);
}

function decode(wire: string): Plain {
  let at = 0;
  const value = (): Plain => {
    const end = wire.indexOf('\r\n', at);
    const kind = wire[at];
    const text = wire.slice(at + 1, end);
    at = end + 2;
    const count = Number(text);
    if (kind === ':') return Number.isSafeInteger(count) ? count : BigInt(text);
    if (kind === '*') return count < 0 ? null : Array.from({ length: count }, value);
    if (kind === '+' || kind === '-') return text;
    if (count < 0) return null;
    at += count + 2;
    return wire.slice(at - count - 2, at - 2);
  };
  return value();
}

/** A reply in an order of its own, where Redis promises none. */
function ordered([name]: Words, reply: Plain): Plain {
  if (!Array.isArray(reply)) return reply;
  const items = reply.map((item) => JSON.stringify(item));
  if (UNORDERED.has(name)) return items.sort();
  if (!PAIRS.has(name)) return reply;
  return items
    .filter((_, i) => i % 2 === 0)
    .map((item, i) => `${item}=${items[2 * i + 1]}`)
    .sort();
}

/** Expects both to answer alike, to a list of commands one after the other. */
export async function expectTwins(harness: Harness, redis: RedisTwin, list: readonly Words[]): Promise<void> {
  for (const words of list) {
    const ours = ordered(words, answer(harness, words));
    const theirs = ordered(words, await redis.ask(...words));
    expect(ours, words.map(String).join(' ')).to.deep.equal(theirs);
  }
}
