/** Commands that draw something at random: what they answer must be there, and nothing twice that may come once only. */
import { RespError, type RespValue } from '../../spec/protocol/resp-decoder.js';
import type { Command } from './command-arbitrary.js';
import { replyText } from './comparison.js';

/** The command that lists what is drawn from, and how many of its items stand for one. */
const LISTINGS: ReadonlyMap<
  string,
  { readonly name: string; readonly rest: readonly string[]; readonly step: number }
> = new Map([
  ['hrandfield', { name: 'HGETALL', rest: [], step: 2 }],
  ['srandmember', { name: 'SMEMBERS', rest: [], step: 1 }],
  ['zrandmember', { name: 'ZRANGE', rest: ['0', '-1', 'WITHSCORES'], step: 2 }],
]);

/** The command that lists what `command` draws from; undefined if it draws nothing. */
export function listingOf(command: Command): Command | undefined {
  const listing = LISTINGS.get(nameOf(command));
  if (listing === undefined || command.length < 2) return undefined;
  return [Buffer.from(listing.name), command[1], ...listing.rest.map((word) => Buffer.from(word))];
}

/** What is wrong with what was drawn, `listed` being what was there; undefined if nothing is. */
export function drawnWrongly(command: Command, reply: RespValue, listed: RespValue): string | undefined {
  if (reply === null || reply instanceof RespError || listed instanceof RespError) return undefined;
  const step = LISTINGS.get(nameOf(command))?.step ?? 1;
  const there = itemsOf(listed, step);
  const withValues = command.length > 3;
  const drawn = Array.isArray(reply) ? itemsOf(reply, withValues ? step : 1) : [[replyText(reply)]];
  for (const item of drawn) {
    const found = there.some(([key, value]) => key === item[0] && (!withValues || value === item[1]));
    if (!found) return `${item.join(' ')} is drawn, and is not there`;
  }
  const mayRepeat = command[2]?.toString().startsWith('-') ?? true;
  const keys = new Set(drawn.map(([key]) => key));
  return !mayRepeat && keys.size < drawn.length ? 'something is drawn twice' : undefined;
}

/** Items of `step` words, from a flat reply or from one that has them together. */
function itemsOf(reply: RespValue, step: number): string[][] {
  if (reply instanceof Map) return [...reply].map((pair) => pair.map(wordOf));
  const flat = reply instanceof Set ? [...reply] : Array.isArray(reply) ? reply : [];
  if (flat.some(Array.isArray)) return flat.map((item) => (Array.isArray(item) ? item.map(wordOf) : [wordOf(item)]));
  const items: string[][] = [];
  for (let i = 0; i < flat.length; i += step) items.push(flat.slice(i, i + step).map(wordOf));
  return items;
}

/** Keys of maps and members of sets are strings already (resp-decoder.ts). */
function wordOf(value: RespValue): string {
  return typeof value === 'string' ? replyText(Buffer.from(value, 'latin1')) : replyText(value);
}

function nameOf(command: Command): string {
  return command[0].toString('latin1').toLowerCase();
}
