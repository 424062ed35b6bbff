/**
 * DEBUG: what specs of clients and Redis's own suite need of a server. Refused unless enable-debug-command allows it. What looks into
 * Redis's own structures, or crashes the server, is not there.
 */

import { parseMemory } from '../config/option.js';
import { NEVER } from '../data/keyspace.js';
import type { Call } from './call.js';
import type { Command } from './command.js';
import { NO_KEYS } from './command.js';
import { dataDigest, valueDigest } from './debug-digest.js';
import { debugProtocol } from './debug-protocol.js';
import { dumpAt } from './dump.js';
import { NOT_POSITIVE, NO_SUCH_KEY } from './error-texts.js';
import type { HelpEntry } from './help.js';
import { replyHelp, wrongSubcommand } from './help.js';
import { integerArgument } from './integer-argument.js';
import { inspectKey } from './lookup.js';
import { valueEncoding } from './object.js';

const NOT_ALLOWED =
  'ERR DEBUG command not allowed. If the enable-debug-command option is set to "local", you can run it from a local ' +
  'connection, otherwise you need to set this option in the configuration file, and then restart the server.';
const PACKED_BYTES_MAX = 4n * 1024n ** 3n;
/** Of a DUMP payload: the type, the version of the format and the checksum. */
const DUMP_FRAME_BYTES = 11;

const HELP: readonly HelpEntry[] = [
  ['CHANGE-REPL-ID', 'Accepted: there is no replication id.'],
  ['DIGEST', 'A digest of all data, the same that Redis computes.'],
  ['DIGEST-VALUE <key> [<key> ...]', 'A digest of the value of each key.'],
  ['ERROR <string>', 'Answer with that error.'],
  ['LISTPACK <key>', 'Refused: nothing is kept in listpacks.'],
  ['LOADAOF', 'Forget the data in memory and read it from disk.'],
  ['OBJECT <key>', 'How a value is kept.'],
  ['POPULATE <count> [<prefix>] [<size>]', 'Make that many keys, <prefix>:<number>, unless they are there.'],
  [
    'PROTOCOL <type>',
    'Answer with a value of a type: string, integer, double, bignum, null, array, set, map, attrib, push, verbatim,',
    'true, false.',
  ],
  ['QUICKLIST <key> [<0|1>]', 'Refused: nothing is kept in quicklists.'],
  ['QUICKLIST-PACKED-THRESHOLD <size>', 'Accepted: nothing is kept in quicklists.'],
  ['RELOAD [NOSAVE] [NOFLUSH] [MERGE]', 'Write the data anew (not with NOSAVE), then as LOADAOF.'],
  ['REPLYBUFFER PEAK-RESET-TIME <NEVER|RESET|time>', 'Accepted: reply buffers are not resized.'],
  ['REPLYBUFFER RESIZING <0|1>', 'The same.'],
  ['SET-ACTIVE-EXPIRE <0|1>', 'Whether expired keys are looked for in the background.'],
  ['SET-DISABLE-DENY-SCRIPTS <0|1>', 'Whether scripts may call commands that are not meant for them.'],
  ['SLEEP <seconds>', 'Stop the server for a time. Decimals allowed.'],
];

interface DebugSubcommand {
  /** Arguments that it takes, both names included. */
  readonly min: number;
  readonly max: number;
  readonly run: (call: Call) => void | Promise<void>;
}

function changeReplicationId(call: Call): void {
  call.reply.ok();
}

async function digest(call: Call): Promise<void> {
  const { timers } = call.server;
  const rest = (): Promise<void> => new Promise((resolve) => void timers.after(0, resolve));
  call.reply.simple(await dataDigest(call.keyspace, rest));
}

function digestValue(call: Call): void {
  const { args, db, keyspace, reply } = call;
  reply.array(args.count - 2);
  for (let i = 2; i < args.count; i++) reply.simple(valueDigest(keyspace, db, args.view(i)));
}

function error(call: Call): void {
  call.reply.error(call.args.text(2));
}

function listpack(call: Call): void {
  call.reply.error(inspectKey(call, 2) === 0 ? NO_SUCH_KEY : 'ERR Not a listpack encoded object.');
}

function quicklist(call: Call): void {
  call.reply.error(inspectKey(call, 2) === 0 ? NO_SUCH_KEY : 'ERR Not a quicklist encoded object.');
}

function packedThreshold(call: Call): void {
  const bytes = parseMemory(call.args.text(2));
  if (bytes === undefined || bytes > PACKED_BYTES_MAX) {
    call.reply.error('ERR argument must be a memory value bigger than 1 and smaller than 4gb');
  } else call.reply.ok();
}

/** The address is the record's number, and the length is that of the value in an RDB file. */
function object(call: Call): void {
  const { access, heap } = call.keyspace;
  const ref = inspectKey(call, 2);
  if (ref === 0) {
    call.reply.error(NO_SUCH_KEY);
    return;
  }
  const lru = heap.access(ref);
  const idleSeconds = access.usesFrequency ? 0 : Math.floor(access.idleMs(lru) / 1000);
  const figures = [
    `Value at:0x${(ref >>> 0).toString(16)}`,
    'refcount:1',
    `encoding:${valueEncoding(call, ref)}`,
    `serializedlength:${dumpAt(call, ref).length - DUMP_FRAME_BYTES}`,
    `lru:${lru}`,
    `lru_seconds_idle:${idleSeconds}`,
  ];
  call.reply.simple(figures.join(' '));
}

/** POPULATE count [prefix] [size]: values are `value:<number>`, cut or filled up with zeros to the size. */
function populate(call: Call): void {
  const { args, reply } = call;
  const count = integerArgument(call, 2, NOT_POSITIVE);
  if (Number.isNaN(count)) return;
  const size = args.count === 5 ? integerArgument(call, 4, NOT_POSITIVE) : 0;
  if (Number.isNaN(size)) return;
  if (count < 0 || size < 0) {
    reply.error(NOT_POSITIVE);
    return;
  }
  const prefix = args.count > 3 ? args.text(3) : 'key';
  for (let number = 0; number < count; number++) putIfNew(call, `${prefix}:${number}`, `value:${number}`, size);
  reply.ok();
}

function putIfNew({ db, keyspace }: Call, name: string, text: string, size: number): void {
  const key = Buffer.from(name, 'latin1');
  if (keyspace.find(db, key, 0, key.length) !== 0) return;
  const value = size === 0 ? Buffer.from(text) : Buffer.alloc(size);
  if (size !== 0) value.write(text, 0, size);
  keyspace.put(value, 0, value.length, NEVER);
}

async function reload(call: Call): Promise<void> {
  const { args, reply } = call;
  const { durability } = call.server;
  for (let i = 2; i < args.count; i++) {
    if (args.is(i, 'merge') || args.is(i, 'noflush') || args.is(i, 'nosave')) continue;
    reply.error('ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.');
    return;
  }
  const saves = !hasOption(call, 'nosave') && !durability.isSaving;
  if (saves) await durability.save();
  await durability.reload();
  reply.ok();
}

function hasOption({ args }: Call, option: string): boolean {
  for (let i = 2; i < args.count; i++) if (args.is(i, option)) return true;
  return false;
}

async function loadaof(call: Call): Promise<void> {
  await call.server.durability.reload();
  call.reply.ok();
}

function replybuffer(call: Call): void {
  const { args, reply } = call;
  const isTime = args.is(2, 'peak-reset-time');
  if (!isTime && !args.is(2, 'resizing')) {
    wrongSubcommand(call, 'debug');
    return;
  }
  if (isTime && !args.is(3, 'never') && !args.is(3, 'reset') && Number.isNaN(integerArgument(call, 3))) return;
  reply.ok();
}

function setActiveExpire(call: Call): void {
  call.server.activeExpiry = Math.trunc(leadingNumber(call.args.text(2))) !== 0;
  call.reply.ok();
}

function setDisableDenyScripts(call: Call): void {
  call.server.allowsAllInScripts = Math.trunc(leadingNumber(call.args.text(2))) !== 0;
  call.reply.ok();
}

/** Everything stops, not this connection alone: that is what it is for. */
function sleep(call: Call): void {
  const seconds = leadingNumber(call.args.text(2));
  if (seconds > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, seconds * 1000);
  call.reply.ok();
}

/** The number that a text begins with, as C reads it: 0 if it begins with none. */
function leadingNumber(text: string): number {
  const number = Number.parseFloat(text);
  return Number.isNaN(number) ? 0 : number;
}

function help(call: Call): void {
  replyHelp(call, 'debug', HELP);
}

const SUBCOMMANDS: ReadonlyMap<string, DebugSubcommand> = new Map<string, DebugSubcommand>([
  ['change-repl-id', { min: 2, max: 2, run: changeReplicationId }],
  ['digest', { min: 2, max: 2, run: digest }],
  ['digest-value', { min: 2, max: Infinity, run: digestValue }],
  ['error', { min: 3, max: 3, run: error }],
  ['help', { min: 2, max: 2, run: help }],
  ['listpack', { min: 3, max: 3, run: listpack }],
  ['loadaof', { min: 2, max: 2, run: loadaof }],
  ['object', { min: 3, max: 3, run: object }],
  ['populate', { min: 3, max: 5, run: populate }],
  ['protocol', { min: 3, max: 3, run: debugProtocol }],
  ['quicklist', { min: 3, max: 4, run: quicklist }],
  ['quicklist-packed-threshold', { min: 3, max: 3, run: packedThreshold }],
  ['reload', { min: 2, max: Infinity, run: reload }],
  ['replybuffer', { min: 4, max: 4, run: replybuffer }],
  ['set-active-expire', { min: 3, max: 3, run: setActiveExpire }],
  ['set-disable-deny-scripts', { min: 3, max: 3, run: setDisableDenyScripts }],
  ['sleep', { min: 3, max: 3, run: sleep }],
]);

/** What waits, and so is nothing for the inside of a transaction. */
const WAITING: ReadonlySet<DebugSubcommand['run']> = new Set([digest, loadaof, reload]);

/** DEBUG subcommand [argument ...] */
async function debug(call: Call): Promise<void> {
  await subcommandOf(call)?.run(call);
}

/** The same inside of a transaction. */
function debugNested(call: Call): void {
  const subcommand = subcommandOf(call);
  if (subcommand === undefined) return;
  if (WAITING.has(subcommand.run)) call.reply.error('ERR DEBUG cannot wait inside a transaction');
  else void subcommand.run(call);
}

/** Undefined after an error reply. */
function subcommandOf(call: Call): DebugSubcommand | undefined {
  const { args, client, reply, server } = call;
  const { enableDebugCommand } = server.config;
  if (enableDebugCommand === 'no' || (enableDebugCommand === 'local' && !client.isLocal)) {
    reply.error(NOT_ALLOWED);
    return undefined;
  }
  const subcommand = SUBCOMMANDS.get(args.text(1).toLowerCase());
  if (subcommand !== undefined && args.count >= subcommand.min && args.count <= subcommand.max) return subcommand;
  wrongSubcommand(call, 'debug');
  return undefined;
}

export const debugCommands: readonly Command[] = [
  {
    name: 'debug',
    arity: -2,
    flags: ['admin', 'noscript', 'loading', 'stale'],
    keys: NO_KEYS,
    wait: debug,
    runNested: debugNested,
  },
];
