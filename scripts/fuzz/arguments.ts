/** Arguments of commands: for each kind that a syntax names, what fits, and what somebody might send all the same. */
import fc, { type Arbitrary } from 'fast-check';
import { encodeHashDump } from '../../lib/data/hash-dump.js';
import { encodeListDump } from '../../lib/data/list-dump.js';
import { encodeSetDump } from '../../lib/data/set-dump.js';
import { encodeSortedSetDump } from '../../lib/data/sorted-set-dump.js';
import { script } from './script-arbitrary.js';

const LARGE_BYTES = 70_000;

function text(...all: readonly string[]): Arbitrary<Buffer> {
  return fc.constantFrom(...all).map((each) => Buffer.from(each, 'latin1'));
}

/** Few keys, so that commands meet on them; of each type some. */
const stringKey = text(
  ...Array.from({ length: 8 }, (_, i) => `k${i}`),
  '{t}a',
  '{t}b',
  '',
  '\x00\r\n\xff',
  '__proto__',
);
const [hashKey, listKey, setKey, sortedSetKey, geoKey] = ['h', 'l', 's', 'z', 'g'].map((letter) =>
  text(`${letter}1`, `${letter}2`, `${letter}3`),
);
const anyKey = fc.oneof(stringKey, hashKey, listKey, setKey, sortedSetKey, geoKey);

/** Keys for commands on one type: others come now and then. */
function mostly(keys: Arbitrary<Buffer>): Arbitrary<Buffer> {
  return fc.oneof({ weight: 15, arbitrary: keys }, { weight: 1, arbitrary: anyKey });
}

/** Whole numbers around which something changes. */
const edges = text(
  ...['0', '1', '-1', '2', '7', '8', '9', '63', '64', '65', '100', '127', '128', '255', '256', '1000', '65535'],
  ...['2147483647', '2147483648', '-2147483648', '4294967295', '4294967296', '9007199254740992', '9007199254740993'],
  ...['9223372036854775807', '-9223372036854775808', '9223372036854775806', '-9223372036854775807'],
);

/** What looks like a number. */
const notQuiteNumbers = text(
  ...[
    '',
    '-',
    '+1',
    '-0',
    '01',
    '00',
    ' 1',
    '1 ',
    '1\x00',
    '0x10',
    '1e3',
    '1.0',
    '.5',
    '5.',
    'nan',
    '-nan',
    'inf',
    '-inf',
  ],
  ...['+inf', 'infinity', '1e400', '1e-400', '9223372036854775808', '-9223372036854775809', '18446744073709551615'],
  ...['18446744073709551616', '1'.repeat(30), '1'.repeat(400), '0'.repeat(5000) + '1', '١', '1_000', '1,5', '1e', 'e1'],
);

/** Words that mean something in some command. */
const tokens = text(
  ...['NX', 'XX', 'GT', 'LT', 'EX', 'PX', 'EXAT', 'PXAT', 'KEEPTTL', 'PERSIST', 'GET', 'set', 'Ex', 'IFEQ', 'IFNE'],
  ...['MATCH', 'COUNT', 'TYPE', 'REPLACE', 'ABSTTL', 'FREQ', 'IDLETIME', 'DB', 'LEN', 'IDX', 'BIT', 'BYTE', 'OVERFLOW'],
  ...['WRAP', 'SAT', 'FAIL', 'INCRBY', 'ASYNC', 'SYNC', 'WITHMATCHLEN', 'MINMATCHLEN', 'AND', 'NOT', 'ALL', 'HELP'],
);

/** How long a command may wait at most: an answer must come soon. */
export const WAIT_SECONDS: readonly string[] = ['0.01', '0.001', '-1', 'nan', '1e-3'];

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));

const large = fc
  .tuple(fc.nat(255), fc.integer({ min: 0, max: LARGE_BYTES }))
  .map(([byte, length]) => Buffer.alloc(length, byte));

const pattern = fc
  .array(
    fc.constantFrom('*', '?', '[', ']', '[^', '-', '\\', 'k', '1', '{t}', 'a', '\x00', '\xff', '[a-z]', '[k', '**'),
    {
      maxLength: 12,
    },
  )
  .map((parts) => Buffer.from(parts.join(''), 'latin1'));

const value = fc.oneof(
  { weight: 4, arbitrary: text('', 'a', 'abc', 'value', 'ohmytext', 'mynewtext', '\x00\xff', '__proto__', 'toString') },
  { weight: 4, arbitrary: edges },
  { weight: 2, arbitrary: text('3.14', '-0.5', '1e10', '0.1', '5.0e3') },
  { weight: 2, arbitrary: bytes },
  { weight: 1, arbitrary: notQuiteNumbers },
);

/** Few and many: collections stay small, or grow beyond what is packed. Some are longer than that, too. */
const field = fc.oneof(
  { weight: 8, arbitrary: text('f1', 'f2', 'f3', 'a', 'b', 'c', '1', '2', '3', '-4', '10', '') },
  { weight: 4, arbitrary: fc.nat(200).map((number) => Buffer.from(`field:${number}`)) },
  { weight: 2, arbitrary: fc.nat(200).map(digits) },
  { weight: 1, arbitrary: fc.integer({ min: 30, max: 80 }).map((length) => Buffer.alloc(length, 'long')) },
  { weight: 1, arbitrary: text('\x00\xff', '__proto__', 'F1') },
);

const score = fc.oneof(
  { weight: 6, arbitrary: text('0', '1', '2', '3', '-1', '1.5', '2.25', '0.1') },
  { weight: 1, arbitrary: text('inf', '-inf', '+inf', '1e300', '-1e300', '1e-7', '123456789012345680', '-0') },
);

function digits(number: number): Buffer {
  return Buffer.from(String(number));
}

function joined([prefix, rest]: [string, Buffer]): Buffer {
  return Buffer.concat([Buffer.from(prefix), rest]);
}

const small = fc.integer({ min: -20, max: 20 }).map((number) => Buffer.from(String(number)));

/** Times far enough away to be there still when the next command runs, or over at once. */
function times(min: number, max: number, offset = 0): Arbitrary<Buffer> {
  const far = fc.integer({ min, max }).map((number) => Buffer.from(String(offset + number)));
  return fc.oneof({ weight: 6, arbitrary: far }, { weight: 1, arbitrary: text('0', '-1', '-9223372036854775808') });
}

/** 2100-01-01: absolute times begin here, so that they mean the same whenever a seed is replayed. */
const FUTURE_SECONDS = 4_102_444_800;

const words = ['a', '1', 'bc'].map((word) => Buffer.from(word));
const PACKED_LIMITS = {
  hashMaxListpackEntries: 512,
  hashMaxListpackValueBytes: 64,
  listMaxListpackSize: -2,
  setMaxIntsetEntries: 512,
  zsetMaxListpackEntries: 128,
  zsetMaxListpackValueBytes: 64,
};

/** What DUMP answers for `abc` and for 42, and the first with a byte changed: its checksum is wrong; and for collections. */
const dumps = fc.constantFrom(
  Buffer.from('00036162630a00d9ac303d4172a2e2', 'hex'),
  Buffer.from('00c02a0a0081fb5cfa86634f50', 'hex'),
  Buffer.from('00036162640a00d9ac303d4172a2e2', 'hex'),
  encodeListDump(words, PACKED_LIMITS.listMaxListpackSize),
  encodeSetDump(words, words.length, PACKED_LIMITS),
  encodeHashDump(
    words.map((word) => [word, word] as const),
    words.length,
    PACKED_LIMITS,
  ),
  encodeSortedSetDump(
    words.map((word, score) => [word, score] as const),
    PACKED_LIMITS,
  ),
);

/** Kind of argument, as a syntax names it, to what fits. */
const KINDS: ReadonlyMap<string, Arbitrary<Buffer>> = new Map<string, Arbitrary<Buffer>>([
  ['key', mostly(stringKey)],
  ['any-key', anyKey],
  ['hash', mostly(hashKey)],
  ['list', mostly(listKey)],
  ['set', mostly(setKey)],
  ['zset', mostly(fc.oneof({ weight: 7, arbitrary: sortedSetKey }, { weight: 1, arbitrary: geoKey }))],
  ['geo', mostly(geoKey)],
  ['field', field],
  ['element', fc.oneof({ weight: 3, arbitrary: field }, { weight: 1, arbitrary: value })],
  ['few', fc.oneof({ weight: 4, arbitrary: fc.integer({ min: -5, max: 12 }).map(digits) }, edges)],
  ['score', score],
  ['score-bound', fc.tuple(fc.constantFrom('', '', '('), score).map((parts) => Buffer.from(parts.join('')))],
  ['lex', fc.oneof(text('-', '+', '[a', '(b', '[', '('), fc.tuple(fc.constantFrom('[', '('), field).map(joined))],
  ['longitude', text('13.361389', '15.087269', '0', '-180', '180', '179.99', '-0.1278', '2.3522', '180.1')],
  ['latitude', text('38.115556', '37.502669', '0', '-85.05112878', '85.05112878', '51.5074', '48.8566', '86')],
  ['place', text('Palermo', 'Catania', 'London', 'Paris', 'a', 'nowhere', '\xff')],
  ['distance', text('0', '1', '100', '200.5', '5000', '1000000', '20000000')],
  ['sort-pattern', text('nosort', '#', 'k*', '*', 'h1->*', 'h*->f1', 'k*->', '->', 'x')],
  ['wait-seconds', text(...WAIT_SECONDS)],
  ['script', script],
  ['value', value],
  ['integer', fc.oneof(edges, small)],
  ['float', fc.oneof(text('0.1', '-2.5', '3e2', '1e308', '1.7976931348623157e308', '0.000001', '5'), edges)],
  ['index', fc.oneof({ weight: 3, arbitrary: small }, { weight: 1, arbitrary: edges })],
  [
    'offset',
    fc.oneof(
      { weight: 4, arbitrary: fc.nat(2000).map((at) => Buffer.from(String(at))) },
      { weight: 1, arbitrary: edges },
    ),
  ],
  ['bit', text('0', '1')],
  ['count', text('100', '1000', '10000')],
  ['cursor', text('0')],
  ['database', text('0', '1', '2', '3')],
  ['seconds', times(1000, 1_000_000)],
  ['milliseconds', times(1_000_000, 1_000_000_000)],
  ['unix-seconds', times(0, 1_000_000, FUTURE_SECONDS)],
  ['unix-milliseconds', times(0, 1_000_000_000, FUTURE_SECONDS * 1000)],
  ['restore-ttl', text('0', '1000000')],
  ['pattern', fc.oneof(text('*', 'k*', 'k[1-3]', '{t}?', '*1', 'f*', 'field:1*', '[a-c]'), pattern)],
  ['type', text('string', 'STRING', 'hash', 'list', 'set', 'zset', 'nosuch')],
  [
    'field-type',
    fc.tuple(fc.constantFrom('i', 'u'), fc.nat(66)).map(([sign, bits]) => Buffer.from(sign + String(bits))),
  ],
  ['field-offset', fc.tuple(fc.constantFrom('', '#'), fc.nat(200)).map(([hash, at]) => Buffer.from(hash + String(at)))],
  ['dump', dumps],
  ['command', text('get', 'SET', 'nosuch', 'client', 'client|list', 'config|get', 'bitop', 'cas')],
  ['section', text('server', 'ALL', 'default', 'everything', 'keyspace', 'nosuch', 'loop')],
]);

/** Arguments of no kind: what nobody should send. */
export const nasty: Arbitrary<Buffer> = fc.oneof(
  { weight: 4, arbitrary: notQuiteNumbers },
  { weight: 3, arbitrary: edges },
  { weight: 3, arbitrary: tokens },
  { weight: 2, arbitrary: bytes },
  { weight: 2, arbitrary: pattern },
  { weight: 1, arbitrary: large },
);

/** What may stand for a word of a syntax: what it asks for, and now and then what it does not. */
export function argumentOf(word: string): Arbitrary<Buffer> {
  const fitting = KINDS.get(word) ?? literal(word);
  return fc.oneof({ weight: 15, arbitrary: fitting }, { weight: 1, arbitrary: nasty });
}

/** Whether a syntax may name this kind. */
export function isKind(word: string): boolean {
  return KINDS.has(word);
}

/** A word that stands for itself, in either case. */
function literal(word: string): Arbitrary<Buffer> {
  return text(word, word, word.toLowerCase());
}
