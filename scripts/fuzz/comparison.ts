/** Whether two servers say the same to a command, as far as they can. */
import { isDeepStrictEqual } from 'node:util';
import { RespDouble, RespError, RespVerbatim, type RespValue } from '../../spec/protocol/resp-decoder.js';
import { WAIT_SECONDS } from './arguments.js';
import type { Command } from './command-arbitrary.js';
import { argumentText } from './command-text.js';

/** How replies to a command are compared; `exact` if it is not in the table. */
type Rule = (ours: RespValue, theirs: RespValue, command: Command) => boolean;

/** The two servers answer one after the other. */
const SECONDS_APART = 2;
/** Times are doubles in ringkv. */
const ROUNDING = 1e-13;

const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['keys', unordered],
  ['scan', scans],
  ['sscan', scans],
  ['hscan', scansOfPairs],
  ['zscan', scansOfScores],
  ['ttl', closeBy(SECONDS_APART)],
  ['expiretime', closeBy(SECONDS_APART)],
  ['pttl', closeBy(SECONDS_APART * 1000)],
  ['pexpiretime', closeBy(SECONDS_APART * 1000)],
  // Compressed differently.
  ['dump', sameKind],
  // ringkv's encoding is a matter of the value, Redis's of how it came about.
  ['object', sameKind],
  ['hello', sameKind],
  ['hgetall', pairs],
  ['hkeys', unordered],
  ['hvals', unordered],
  ['smembers', unordered],
  ['sinter', unordered],
  ['sunion', unordered],
  ['sdiff', unordered],
  ['sort', sorts],
  ['sort_ro', sorts],
  ['georadius', searches],
  ['georadius_ro', searches],
  ['georadiusbymember', searches],
  ['georadiusbymember_ro', searches],
  ['geosearch', searches],
  // What is drawn at random is looked at by random-reads.ts.
  ['randomkey', sameKind],
  ['hrandfield', sameSize],
  ['srandmember', sameSize],
  ['zrandmember', sameSize],
]);

/** A cursor is each server's own, but for the first. */
const FIRST_CURSOR = '0';
/** Options that Redis 7.0 does not have. */
const NEWER_OPTION = /^if(d?eq|d?ne)$/i;
/** Beyond 2^53, ringkv rounds indexes and times. */
const ROUNDED = /^-\d{17,}$/;
/** Drawn so often, elements would fill the memory of Redis. */
const DRAWN_FOR_EVER = /^-\d{7,}$/;
/** Where a command that waits says how long: its first argument, or its last. */
const WAITS: ReadonlyMap<string, number> = new Map([
  ['blmove', -1],
  ['blmpop', 1],
  ['blpop', -1],
  ['brpop', -1],
  ['brpoplpush', -1],
  ['bzmpop', 1],
  ['bzpopmax', -1],
  ['bzpopmin', -1],
]);

/** Whether a command asks only for what every server does in the same way. */
export function isPortable(command: Command): boolean {
  const [name, ...args] = command.map((argument) => argument.toString('latin1'));
  const wait = WAITS.get(name.toLowerCase());
  if (wait !== undefined && !WAIT_SECONDS.includes((wait < 0 ? args.at(-1) : args[0]) ?? '')) return false;
  if (args.some((argument) => NEWER_OPTION.test(argument))) return false;
  if (/^[hsz]rand/i.test(name) && args.some((argument) => DRAWN_FOR_EVER.test(argument))) return false;
  // In Redis, bytes from 0x80 on come first in a range or last, as the compiler takes a char.
  if (/^(keys|[hsz]?scan)$/i.test(name) && args.some((argument) => /[\x80-\xff]/.test(argument))) return false;
  // In Redis, a sorted set forgets the sign of zero when it is packed, and keeps it when it is not.
  if (/^z/i.test(name) && args.some((argument) => /^-0*\.?0*(e|$)/i.test(argument))) return false;
  // Redis's Lua takes a long string inside of one for text, ours (LUA_COMPAT_LSTR) for an error.
  if (/^(eval(_ro)?|script)$/i.test(name) && args.some((argument) => /\[\[[^]*\[\[/.test(argument))) return false;
  // Of equals, each server stores another order; and of so many that are equally far, others.
  if (/^sort$/i.test(name) && has(command, 'store') && has(command, 'by')) return false;
  if (/^geo/i.test(name) && /store/i.test([name, ...args].join(' ')) && has(command, 'count')) return false;
  // Two that are rounded to the same are not the wrong way round any more.
  return args.filter((argument) => ROUNDED.test(argument)).length < 2;
}

/** Whether every server answers a command in the same words, and in the same order. */
export function hasExactReply(name: string): boolean {
  return !RULES.has(name);
}

/** Whether the replies of two servers to one command mean the same. */
export function areAlike(command: Command, ours: RespValue, theirs: RespValue): boolean {
  if (ours instanceof RespError && theirs instanceof RespError) return areSameErrors(command, ours, theirs);
  if (ours instanceof RespError || theirs instanceof RespError) return false;
  if (goesOn(command)) return true;
  // In a transaction.
  if (ours === 'QUEUED' || theirs === 'QUEUED') return ours === theirs;
  const rule = RULES.get(command[0].toString('latin1').toLowerCase()) ?? isDeepStrictEqual;
  return rule(ours, theirs, command);
}

/** A reply for people, in redis-cli's manner. */
export function replyText(reply: RespValue): string {
  if (reply === null) return '(nil)';
  if (Buffer.isBuffer(reply)) return argumentText(reply);
  if (reply instanceof RespError) return `(error) ${reply.text}`;
  if (reply instanceof RespDouble) return `(double) ${reply.text}`;
  if (reply instanceof RespVerbatim) return reply.text;
  if (Array.isArray(reply)) return `[${reply.map(replyText).join(', ')}]`;
  if (reply instanceof Set) return `~[${[...reply].map(replyText).join(', ')}]`;
  if (reply instanceof Map) return `{${[...reply].map((pair) => pair.map(replyText).join(': ')).join(', ')}}`;
  if (typeof reply === 'number' || typeof reply === 'bigint') return `(integer) ${reply}`;
  return typeof reply === 'object' ? JSON.stringify(reply) : String(reply);
}

/** Whether an argument behind the key is this word. */
export function has(command: Command, word: string): boolean {
  return command.slice(2).some((argument) => argument.toString('latin1').toLowerCase() === word);
}

function goesOn(command: Command): boolean {
  const [name, first, second] = command.map((argument) => argument.toString('latin1'));
  if (!/^[hsz]?scan$/i.test(name)) return false;
  const cursor = name.length === 4 ? first : second;
  return cursor !== undefined && cursor !== FIRST_CURSOR;
}

/** In Redis, the text of an error ends where an argument that is part of it has a zero byte. */
function areSameErrors(command: Command, ours: RespError, theirs: RespError): boolean {
  return (
    ours.text === theirs.text || (command.some((argument) => argument.includes(0)) && ours.text.startsWith(theirs.text))
  );
}

function unordered(ours: RespValue, theirs: RespValue): boolean {
  return ours instanceof Set === theirs instanceof Set && isDeepStrictEqual(sorted(ours), sorted(theirs));
}

/** Keys and values one after the other, or a map. */
function pairs(ours: RespValue, theirs: RespValue): boolean {
  return ours instanceof Map === theirs instanceof Map && unordered(inPairs(ours), inPairs(theirs));
}

/** Cursors are each server's own; a scan that is complete in both must have found the same. */
function scans(ours: RespValue, theirs: RespValue): boolean {
  return scansAlike(ours, theirs, unordered);
}

function scansOfPairs(ours: RespValue, theirs: RespValue): boolean {
  return scansAlike(ours, theirs, pairs);
}

/** Whether it says an integer in one way or another depends on the encoding. */
function scansOfScores(ours: RespValue, theirs: RespValue): boolean {
  return scansAlike(ours, theirs, (our, their) => pairs(withPlainScores(our), withPlainScores(their)));
}

function withPlainScores(reply: RespValue): RespValue {
  return Array.isArray(reply) ? reply.map((item, i) => (i % 2 === 0 ? item : scoreText(item))) : reply;
}

/** The same text for the same score. */
export function scoreText(score: RespValue): string {
  const text = replyText(score);
  const number = Number(text);
  return Number.isFinite(number) ? String(number) : text;
}

function scansAlike(ours: RespValue, theirs: RespValue, alike: Rule): boolean {
  if (!Array.isArray(ours) || !Array.isArray(theirs)) return isDeepStrictEqual(ours, theirs);
  if (replyText(ours[0]) !== FIRST_CURSOR || replyText(theirs[0]) !== FIRST_CURSOR) return true;
  return alike(ours[1], theirs[1], []);
}

/** What has the same weight comes in any order, and what is not sorted. */
function sorts(ours: RespValue, theirs: RespValue, command: Command): boolean {
  if (!has(command, 'by')) return isDeepStrictEqual(ours, theirs);
  return has(command, 'limit') ? sameSize(ours, theirs) : unordered(ours, theirs);
}

/** Places come in any order unless one was asked for. Those at the same distance do all the same. */
function searches(ours: RespValue, theirs: RespValue, command: Command): boolean {
  return has(command, 'count') ? sameSize(ours, theirs) : unordered(ours, theirs);
}

function closeBy(distance: number): Rule {
  return (ours, theirs) => {
    if (!isNumber(ours) || !isNumber(theirs) || ours < 0 || theirs < 0) return isDeepStrictEqual(ours, theirs);
    return Math.abs(Number(ours) - Number(theirs)) <= distance + Number(ours) * ROUNDING;
  };
}

function isNumber(reply: RespValue): reply is number | bigint {
  return typeof reply === 'number' || typeof reply === 'bigint';
}

/** The bytes may differ, not whether there are any. */
function sameKind(ours: RespValue, theirs: RespValue): boolean {
  return (ours === null) === (theirs === null);
}

function sameSize(ours: RespValue, theirs: RespValue): boolean {
  return Array.isArray(ours) && Array.isArray(theirs) ? ours.length === theirs.length : sameKind(ours, theirs);
}

function sorted(reply: RespValue): RespValue {
  if (reply instanceof Set) return sorted([...reply]);
  return Array.isArray(reply) ? reply.map((item) => replyText(item)).sort() : reply;
}

function inPairs(reply: RespValue): RespValue {
  if (reply instanceof Map) return [...reply];
  if (!Array.isArray(reply)) return reply;
  return reply.flatMap((item, i): RespValue[][] => (i % 2 === 0 ? [[item, reply[i + 1]]] : []));
}
