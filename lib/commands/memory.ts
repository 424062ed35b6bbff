/** MEMORY: what the data takes. */

import { ratio } from '../base/ratio.js';
import type { RecordHeap } from '../storage/memory/record-heap.js';
import type { Call } from './call.js';
import { clientBytes } from './client-bytes.js';
import type { Command, CommandFlag, SyncCommand } from './command.js';
import { NO_KEYS } from './command.js';
import { NOT_AN_INTEGER, SYNTAX_ERROR } from './error-texts.js';
import type { HelpEntry } from './help.js';
import { helpCommand } from './help.js';
import { humanBytes } from './human-bytes.js';
import { integerArgument } from './integer-argument.js';

const HELP: readonly HelpEntry[] = [
  ['DOCTOR', 'What is wrong with the use of memory.'],
  ['MALLOC-STATS', 'What the allocator says of itself.'],
  ['PURGE', 'Give back memory that is not used.'],
  ['STATS', 'What memory is used for.'],
  [
    'USAGE <key> [SAMPLES <count>]',
    'Bytes that a key and its value take. Of collections, <count> elements are looked at (default: 5, 0: all).',
  ],
];

/** What the index keeps of a record: a slot of 10 bytes, of which three in four are used at most. */
const INDEX_BYTES_A_RECORD = Math.ceil(10 / 0.75);
/** Used memory below which DOCTOR says nothing. */
const WORTH_A_LOOK_BYTES = 5 * 1024 * 1024;
/** What the process takes for itself, more or less, however little data there is. */
const PROCESS_BYTES = 128 * 1024 * 1024;

/** MEMORY USAGE key [SAMPLES count] */
function usage(call: Call): void {
  const { args, db, keyspace, reply } = call;
  for (let i = 3; i < args.count; i += 2) {
    if (!args.is(i, 'samples') || i + 1 === args.count) {
      reply.error(SYNTAX_ERROR);
      return;
    }
    const samples = integerArgument(call, i + 1, NOT_AN_INTEGER);
    if (Number.isNaN(samples)) return;
    if (samples < 0) {
      reply.error(SYNTAX_ERROR);
      return;
    }
  }
  const ref = keyspace.find(db, args.buffer, args.start[2], args.end[2]);
  if (ref === 0) reply.nullBulk();
  else reply.integer(usedBytes(keyspace.heap, ref));
}

function usedBytes(heap: RecordHeap, ref: number): number {
  const bytes = heap.slab.capacity(ref) + INDEX_BYTES_A_RECORD;
  return heap.isLarge(ref) ? bytes + heap.large.get(heap.largeIndex(ref)).usedBytes : bytes;
}

type Figure = readonly [name: string, value: number | DatabaseFigures];
type DatabaseFigures = readonly (readonly [name: string, bytes: number])[];

/** MEMORY STATS: figures with a point in their names that are no counts of bytes are doubles. */
function stats(call: Call): void {
  const { reply } = call;
  const figures = memoryFigures(call);
  reply.map(figures.length);
  for (const [name, value] of figures) {
    reply.bulkText(name);
    if (typeof value === 'object') replyDatabase(call, value);
    else if (isFraction(name)) reply.double(value);
    else reply.integer(Math.round(value));
  }
}

function isFraction(name: string): boolean {
  return name.endsWith('.percentage') || name === 'fragmentation';
}

function replyDatabase({ reply }: Call, figures: DatabaseFigures): void {
  reply.map(figures.length);
  for (const [name, bytes] of figures) {
    reply.bulkText(name);
    reply.integer(bytes);
  }
}

function memoryFigures({ keyspace, server }: Call): Figure[] {
  const { usedMemoryBytes: used, peakMemoryBytes: peak } = server;
  const { residentBytes, heapBytes } = server.processFigures();
  const dataset = keyspace.usedBytes - keyspace.indexBytes;
  const figures: Figure[] = [
    ['peak.allocated', peak],
    ['total.allocated', used],
    ['replication.backlog', 0],
    ['clients.slaves', 0],
    ['clients.normal', clientBytes(server.clients())],
    ['cluster.links', 0],
    ['aof.buffer', 0],
    ['lua.caches', 0],
    ['functions.caches', 0],
    ['heap.allocated', heapBytes],
  ];
  for (let number = 0; number < keyspace.databaseCount; number++) {
    const { count, indexBytes } = keyspace.database(number).table;
    if (count > 0) figures.push([`db.${number}`, [['overhead.hashtable.main', indexBytes]]]);
  }
  figures.push(
    ['overhead.total', used - dataset],
    ['keys.count', keyspace.keyCount],
    ['keys.bytes-per-key', ratio(dataset, keyspace.keyCount)],
    ['dataset.bytes', dataset],
    ['dataset.percentage', ratio(dataset, used) * 100],
    ['peak.percentage', ratio(used, peak) * 100],
    ['fragmentation', ratio(residentBytes, used)],
    ['fragmentation.bytes', residentBytes - used],
  );
  return figures;
}

/** MEMORY DOCTOR */
function doctor(call: Call): void {
  const { config, usedMemoryBytes: used, peakMemoryBytes: peak } = call.server;
  const { residentBytes } = call.server.processFigures();
  const findings: string[] = [];
  if (used < WORTH_A_LOOK_BYTES) findings.push('There is too little data to say anything.');
  else {
    if (peak > used * 1.5) findings.push(`Much more was used at the peak: ${humanBytes(peak)}.`);
    if (residentBytes > used * 1.4 + PROCESS_BYTES) {
      findings.push(`The process takes ${humanBytes(residentBytes)}, the data only ${humanBytes(used)}.`);
    }
    if (config.maxmemoryBytes !== 0 && used > config.maxmemoryBytes * 0.9) {
      findings.push(`maxmemory is nearly reached: ${humanBytes(used)} of ${humanBytes(config.maxmemoryBytes)}.`);
    }
    if (findings.length === 0) findings.push('Nothing is wrong.');
  }
  call.reply.verbatim('txt', `${findings.join('\n')}\n`);
}

/** MEMORY PURGE: what is free is in pages of the slabs, for the next records; nothing is kept from the system. */
function purge(call: Call): void {
  call.reply.ok();
}

/** MEMORY MALLOC-STATS */
function mallocStats(call: Call): void {
  call.reply.bulkText('Stats not supported for the current allocator');
}

function row(name: string, arity: number, run: SyncCommand['run'], flags: readonly CommandFlag[] = []): SyncCommand {
  return { name, arity, flags, keys: NO_KEYS, run };
}

export const memoryCommands: readonly Command[] = [
  {
    name: 'memory',
    arity: -2,
    flags: [],
    keys: NO_KEYS,
    subcommands: [
      row('doctor', 2, doctor),
      helpCommand('memory', HELP),
      row('malloc-stats', 2, mallocStats),
      row('purge', 2, purge),
      row('stats', 2, stats),
      { ...row('usage', -3, usage, ['readonly']), keys: { first: 2, last: 2, step: 1 } },
    ],
  },
];
