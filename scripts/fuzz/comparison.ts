/** Whether two servers say the same to a command, as far as they can. */
import { isDeepStrictEqual } from 'node:util';
import { RespDouble, RespError, type RespValue } from '../../spec/protocol/resp-decoder.js';
import type { Command } from './command-arbitrary.js';
import { argumentText } from './command-text.js';

/** How replies to a command are compared; `exact` if it is not in the table. */
type Rule = (ours: RespValue, theirs: RespValue) => boolean;

/** The two servers answer one after the other. */
const SECONDS_APART = 2;
/** Times are doubles in ringkv. */
const ROUNDING = 1e-13;

const RULES: ReadonlyMap<string, Rule> = new Map([
  ['keys', unordered],
  ['scan', scans],
  ['ttl', closeBy(SECONDS_APART)],
  ['expiretime', closeBy(SECONDS_APART)],
  ['pttl', closeBy(SECONDS_APART * 1000)],
  ['pexpiretime', closeBy(SECONDS_APART * 1000)],
  // Compressed differently.
  ['dump', sameKind],
  // ringkv's encoding is a matter of the value, Redis's of how it came about.
  ['object', sameKind],
]);

/** A cursor is each server's own, but for the first. */
const FIRST_CURSOR = '0';
/** Options that Redis 7.0 does not have. */
const NEWER_OPTION = /^if(d?eq|d?ne)$/i;
/** Beyond 2^53, ringkv rounds indexes and times. */
const ROUNDED = /^-\d{17,}$/;

/**
 * Commands whose replies say what the data is, and nothing about the server or the moment. Not DBSIZE: Redis counts a key
 * that was set to expire in the past.
 */
const COMPARED: ReadonlySet<string> = new Set([
  ...[
    'append',
    'decr',
    'decrby',
    'get',
    'getdel',
    'getex',
    'getrange',
    'getset',
    'incr',
    'incrby',
    'incrbyfloat',
    'lcs',
  ],
  ...['mget', 'mset', 'msetnx', 'psetex', 'set', 'setex', 'setnx', 'setrange', 'strlen', 'substr'],
  ...['bitcount', 'bitfield', 'bitfield_ro', 'bitop', 'bitpos', 'getbit', 'setbit'],
  ...['copy', 'del', 'dump', 'exists', 'expire', 'expireat', 'expiretime', 'keys', 'move', 'object|encoding'],
  ...['persist', 'pexpire', 'pexpireat', 'pexpiretime', 'pttl', 'rename', 'renamenx', 'restore', 'scan'],
  ...['touch', 'ttl', 'type', 'unlink'],
  ...['flushall', 'flushdb', 'select', 'swapdb', 'echo', 'ping'],
]);

/** Whether a command of this name has the same meaning everywhere. */
export function isComparable(name: string): boolean {
  return COMPARED.has(name);
}

/** Whether a command asks only for what every server does in the same way. */
export function isPortable(command: Command): boolean {
  const [name, ...args] = command.map((argument) => argument.toString('latin1'));
  if (args.some((argument) => NEWER_OPTION.test(argument))) return false;
  // In Redis, bytes from 0x80 on come first in a range or last, as the compiler takes a char.
  if (/^(keys|scan)$/i.test(name) && args.some((argument) => /[\x80-\xff]/.test(argument))) return false;
  // Two that are rounded to the same are not the wrong way round any more.
  return args.filter((argument) => ROUNDED.test(argument)).length < 2;
}

/** Whether the replies of two servers to one command mean the same. */
export function areAlike(command: Command, ours: RespValue, theirs: RespValue): boolean {
  if (goesOn(command)) return true;
  if (ours instanceof RespError && theirs instanceof RespError) return areSameErrors(command, ours, theirs);
  if (ours instanceof RespError || theirs instanceof RespError) return false;
  const rule = RULES.get(command[0].toString('latin1').toLowerCase()) ?? isDeepStrictEqual;
  return rule(ours, theirs);
}

/** A reply for people, in redis-cli's manner. */
export function replyText(reply: RespValue): string {
  if (reply === null) return '(nil)';
  if (Buffer.isBuffer(reply)) return argumentText(reply);
  if (reply instanceof RespError) return `(error) ${reply.text}`;
  if (reply instanceof RespDouble) return `(double) ${reply.text}`;
  if (Array.isArray(reply)) return `[${reply.map(replyText).join(', ')}]`;
  if (typeof reply === 'number' || typeof reply === 'bigint') return `(integer) ${reply}`;
  return typeof reply === 'object' ? JSON.stringify(reply) : String(reply);
}

function goesOn(command: Command): boolean {
  const [name, cursor] = command.map((argument) => argument.toString('latin1'));
  return name.toLowerCase() === 'scan' && cursor !== undefined && cursor !== FIRST_CURSOR;
}

/** In Redis, the text of an error ends where an argument that is part of it has a zero byte. */
function areSameErrors(command: Command, ours: RespError, theirs: RespError): boolean {
  return (
    ours.text === theirs.text || (command.some((argument) => argument.includes(0)) && ours.text.startsWith(theirs.text))
  );
}

function unordered(ours: RespValue, theirs: RespValue): boolean {
  return isDeepStrictEqual(sorted(ours), sorted(theirs));
}

/** Cursors are each server's own; a scan that is complete in both must have found the same. */
function scans(ours: RespValue, theirs: RespValue): boolean {
  if (!Array.isArray(ours) || !Array.isArray(theirs)) return isDeepStrictEqual(ours, theirs);
  if (replyText(ours[0]) !== FIRST_CURSOR || replyText(theirs[0]) !== FIRST_CURSOR) return true;
  return unordered(ours[1], theirs[1]);
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

function sorted(reply: RespValue): RespValue {
  return Array.isArray(reply) ? reply.map((item) => replyText(item)).sort() : reply;
}
