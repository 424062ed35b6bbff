/** Unions, intersections and differences of sorted sets; sets count as sorted sets whose scores are all 1. */

import { FieldReader } from '../data/field-reader.js';
import { MemberList } from '../data/member-list.js';
import { WRONG_TYPE } from '../data/wrong-type.js';
import type { Args } from '../protocol/args.js';
import { CellType } from '../record/entry.js';
import type { Call } from './call.js';
import type { Command } from './command.js';
import { NO_KEYS, ONE_KEY } from './command.js';
import { countedKeys } from './counted-keys.js';
import { SYNTAX_ERROR } from './error-texts.js';
import { integerArgument } from './integer-argument.js';
import { readKey } from './lookup.js';
import { replyMember, replyMembersHead, scoreArgument } from './sorted-set-scores.js';
import { storeMembers } from './sorted-set-store.js';

type Operation = 'union' | 'inter' | 'diff';
type Aggregate = (a: number, b: number) => number;

/** One of the sets that go in. */
class Source {
  readonly reader: FieldReader;
  readonly isSet: boolean;
  weight = 1;

  constructor(call: Call, ref: number, isSet: boolean) {
    this.reader = new FieldReader(call.keyspace);
    this.reader.open(ref);
    this.isSet = isSet;
  }

  /** The score of the member that the reader stands on, times the weight; no number is 0. */
  get score(): number {
    const { reader, weight } = this;
    if (this.isSet) return weight;
    const score = reader.bytes.readDoubleLE(reader.valueStart) * weight;
    return Number.isNaN(score) ? 0 : score;
  }

  /** Whether it has the member that another one stands on. */
  has({ reader }: Source): boolean {
    return this.reader.find(reader.bytes, reader.fieldStart, reader.fieldEnd);
  }
}

interface Options {
  aggregate: Aggregate;
  withScores: boolean;
  /** Of ZINTERCARD: where it stops counting. */
  limit: number;
}

/** What is common to all of these: what is done, the index of the number of keys, and what for. */
interface Form {
  readonly operation: Operation;
  readonly countArg: number;
  readonly purpose: 'reply' | 'store' | 'count';
  readonly name: string;
}

/** ZUNION, ZINTER, ZDIFF count key [key ...] [WEIGHTS weight ...] [AGGREGATE SUM | MIN | MAX] [WITHSCORES] */
function replying(operation: Operation): (call: Call) => void {
  const form: Form = { operation, countArg: 1, purpose: 'reply', name: `z${operation}` };
  return (call) => {
    const members = operate(call, form);
    if (members !== undefined) replyMembers(call, members.list, members.options.withScores);
  };
}

/** ZUNIONSTORE, ZINTERSTORE, ZDIFFSTORE destination count key [key ...] [WEIGHTS weight ...] [AGGREGATE SUM | MIN | MAX] */
function storing(operation: Operation): (call: Call) => void {
  const form: Form = { operation, countArg: 2, purpose: 'store', name: `z${operation}store` };
  return (call) => {
    const members = operate(call, form);
    if (members === undefined) return;
    storeMembers(call, 1, members.list, form.name);
    call.reply.integer(members.list.count);
  };
}

const COUNTING: Form = { operation: 'inter', countArg: 1, purpose: 'count', name: 'zintercard' };

/** ZINTERCARD count key [key ...] [LIMIT limit] */
function zintercard(call: Call): void {
  const sources = sourcesOf(call, COUNTING);
  if (sources === undefined) return;
  const options = optionsOf(call, sources, COUNTING);
  if (options === undefined) return;
  let count = 0;
  const limit = options.limit === 0 ? Infinity : options.limit;
  const [first, ...others] = bySize(sources);
  while (count < limit && first.reader.next()) if (others.every((other) => other.has(first))) count++;
  call.reply.integer(count);
}

/** Undefined after an error reply. */
function operate(call: Call, form: Form): { list: MemberList; options: Options } | undefined {
  const sources = sourcesOf(call, form);
  if (sources === undefined) return undefined;
  const options = optionsOf(call, sources, form);
  if (options === undefined) return undefined;
  const { aggregate } = options;
  if (form.operation === 'union') return { list: unionOf(bySize(sources), aggregate), options };
  const list = form.operation === 'inter' ? intersectionOf(bySize(sources), aggregate) : differenceOf(sources);
  return { list, options };
}

/** The sets that the arguments name, before their options are read; undefined after an error reply. */
function sourcesOf(call: Call, { countArg, name }: Form): Source[] | undefined {
  const { args, reply } = call;
  const count = integerArgument(call, countArg);
  if (Number.isNaN(count)) return undefined;
  if (count < 1) {
    reply.error(`ERR at least 1 input key is needed for '${name}' command`);
    return undefined;
  }
  if (count > args.count - countArg - 1) {
    reply.error(SYNTAX_ERROR);
    return undefined;
  }
  const refs: number[] = [];
  for (let i = countArg + 1; i <= countArg + count; i++) {
    const ref = readKey(call, i);
    // What comes behind a key of another type is not looked for.
    if (typeOf(call, ref) === undefined) throw WRONG_TYPE;
    refs.push(ref);
  }
  return refs.map((ref) => new Source(call, ref, typeOf(call, ref) === CellType.SET));
}

/** Whether it is a set or a sorted set, as one that is not there is; undefined if it is something else. */
function typeOf({ keyspace }: Call, ref: number): CellType | undefined {
  const type = ref === 0 ? CellType.SORTED_SET : keyspace.heap.type(ref);
  return type === CellType.SORTED_SET || type === CellType.SET ? type : undefined;
}

/** The options behind the keys; sets the weights of `sources`. Undefined after an error reply. */
function optionsOf(
  call: Call,
  sources: readonly Source[],
  { operation, countArg, purpose }: Form,
): Options | undefined {
  const { args, reply } = call;
  const options: Options = { aggregate: sum, withScores: false, limit: 0 };
  const isWeighed = operation !== 'diff' && purpose !== 'count';
  for (let i = countArg + 1 + sources.length; i < args.count; i++) {
    const left = args.count - i - 1;
    if (isWeighed && left >= sources.length && args.is(i, 'weights')) {
      for (const source of sources) {
        source.weight = scoreArgument(call, ++i, 'ERR weight value is not a float');
        if (Number.isNaN(source.weight)) return undefined;
      }
    } else if (isWeighed && left >= 1 && args.is(i, 'aggregate')) {
      const aggregate = aggregateOf(args, ++i);
      if (aggregate === undefined) return refused(call);
      options.aggregate = aggregate;
    } else if (purpose === 'reply' && args.is(i, 'withscores')) options.withScores = true;
    else if (purpose === 'count' && left >= 1 && args.is(i, 'limit')) {
      options.limit = integerArgument(call, ++i, NEGATIVE_LIMIT);
      if (Number.isNaN(options.limit)) return undefined;
      if (options.limit < 0) {
        reply.error(NEGATIVE_LIMIT);
        return undefined;
      }
    } else return refused(call);
  }
  return options;
}

const NEGATIVE_LIMIT = "ERR LIMIT can't be negative";

/** No options, after an error reply. */
function refused({ reply }: Call): Options | undefined {
  reply.error(SYNTAX_ERROR);
  return undefined;
}

function aggregateOf(args: Args, i: number): Aggregate | undefined {
  if (args.is(i, 'sum')) return sum;
  if (args.is(i, 'min')) return Math.min;
  return args.is(i, 'max') ? Math.max : undefined;
}

/** Opposite infinities are 0. */
function sum(a: number, b: number): number {
  const total = a + b;
  return Number.isNaN(total) ? 0 : total;
}

/** The smallest first: the order in which Redis adds scores up. */
function bySize(sources: readonly Source[]): Source[] {
  return [...sources].sort((a, b) => a.reader.count - b.reader.count);
}

function unionOf(sources: readonly Source[], aggregate: Aggregate): MemberList {
  const list = new MemberList();
  const indexes = new Map<string, number>();
  for (const source of sources) {
    const { reader } = source;
    while (reader.next()) {
      const name = reader.bytes.toString('latin1', reader.fieldStart, reader.fieldEnd);
      const index = indexes.get(name);
      if (index !== undefined) list.setScore(index, aggregate(list.score(index), source.score));
      else indexes.set(name, list.add(reader.bytes, reader.fieldStart, reader.fieldEnd, source.score));
    }
  }
  return list;
}

function intersectionOf([first, ...others]: readonly Source[], aggregate: Aggregate): MemberList {
  const list = new MemberList();
  const { reader } = first;
  while (reader.next()) {
    let { score } = first;
    let isInAll = true;
    for (const other of others) {
      isInAll = other.has(first);
      if (!isInAll) break;
      score = aggregate(score, other.score);
    }
    if (isInAll) list.add(reader.bytes, reader.fieldStart, reader.fieldEnd, score);
  }
  return list;
}

function differenceOf([first, ...others]: readonly Source[]): MemberList {
  const list = new MemberList();
  const { reader } = first;
  while (reader.next()) {
    if (others.some((other) => other.has(first))) continue;
    list.add(reader.bytes, reader.fieldStart, reader.fieldEnd, first.score);
  }
  return list;
}

function replyMembers(call: Call, list: MemberList, withScores: boolean): void {
  replyMembersHead(call, list.count, withScores);
  for (const index of list.inOrder()) {
    replyMember(call, list.bytes, list.start(index), list.end(index), list.score(index), withScores);
  }
}

function keysFrom1(args: Args): number[] {
  return countedKeys(args, 1);
}

/** With the destination. */
function keysFrom2(args: Args): number[] {
  return [1, ...countedKeys(args, 2)];
}

function readingRow(operation: Operation): Command {
  const run = replying(operation);
  return {
    name: `z${operation}`,
    arity: -3,
    flags: ['readonly', 'movablekeys'],
    keys: NO_KEYS,
    keysOf: keysFrom1,
    run,
  };
}

function storingRow(operation: Operation): Command {
  const run = storing(operation);
  const flags = ['write', 'denyoom', 'movablekeys'] as const;
  return { name: `z${operation}store`, arity: -4, flags, keys: ONE_KEY, keysOf: keysFrom2, run, loadsFirst: true };
}

export const sortedSetOperationCommands: readonly Command[] = [
  readingRow('diff'),
  storingRow('diff'),
  readingRow('inter'),
  {
    name: 'zintercard',
    arity: -3,
    flags: ['readonly', 'movablekeys'],
    keys: NO_KEYS,
    keysOf: keysFrom1,
    run: zintercard,
  },
  storingRow('inter'),
  readingRow('union'),
  storingRow('union'),
];
