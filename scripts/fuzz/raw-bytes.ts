/** What a connection may get that no client library would send: requests that are almost right, and noise. */
import fc, { type Arbitrary } from 'fast-check';

/** Bytes, and where they are cut into writes. */
export interface RawInput {
  readonly bytes: Buffer;
  readonly cuts: readonly number[];
}

const REQUESTS = [
  ['PING'],
  ['ECHO', 'hello'],
  ['SET', 'raw', 'value'],
  ['GET', 'raw'],
  ['STRLEN', 'raw'],
  ['ECHO', ''],
  ['SET', 'raw', '\x00\r\n*1\r\n$4\r\n'],
  ['HELLO', '3'],
  ['HELLO', '2'],
  ['NOSUCH', 'x'],
];
const CUTS_MAX = 6;

function encode(args: readonly string[]): string {
  return `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`;
}

const request = fc.constantFrom(...REQUESTS).map(encode);

const NUMBERS = [
  '0',
  '1',
  '2',
  '3',
  '-1',
  '-2',
  '10',
  '+1',
  '01',
  '',
  ' ',
  'x',
  '1048577',
  '4294967296',
  '9'.repeat(25),
];
const number = fc.constantFrom(...NUMBERS);

/** Pieces of the protocol, and of what is none. */
const piece = fc.oneof(
  request,
  number.map((text) => `*${text}\r\n`),
  number.map((text) => `$${text}\r\n`),
  fc.constantFrom('\r\n', '\r', '\n', '\r\r\n', '*', '$', ':1\r\n', '+OK\r\n', '-ERR\r\n', '\x00', ' ', '\t'),
  fc.constantFrom('PING', 'PING\r\n', 'ping\n', 'ECHO "a b"\r\n', "ECHO 'it\\'s'\r\n", 'ECHO "\\x41\\n"\r\n'),
  fc.constantFrom(
    '"',
    "'",
    'ECHO "open\r\n',
    "ECHO 'open\r\n",
    'ECHO "a"b\r\n',
    '\\',
    '\\x',
    'QUIT\r\n',
    'a'.repeat(300),
  ),
);

/** A change of a few bytes. */
interface Edit {
  readonly at: number;
  readonly removed: number;
  readonly added: string;
}

const edit: Arbitrary<Edit> = fc.record({
  at: fc.nat(),
  removed: fc.nat(5),
  added: fc.oneof(
    fc.constant(''),
    piece,
    fc.nat(255).map((byte) => String.fromCharCode(byte)),
  ),
});

/** Whole requests with a few bytes changed. */
const almostRight = fc
  .tuple(fc.array(request, { minLength: 1, maxLength: 10 }), fc.array(edit, { maxLength: 3 }))
  .map(([requests, edits]) => edits.reduce(applyEdit, requests.join('')));

const soup = fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join(''));

const noise = fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes).toString('latin1'));

export const rawInput: Arbitrary<RawInput> = fc.record({
  bytes: fc
    .oneof({ weight: 3, arbitrary: almostRight }, { weight: 3, arbitrary: soup }, { weight: 1, arbitrary: noise })
    .map((text) => Buffer.from(text, 'latin1')),
  cuts: fc.array(fc.nat(), { maxLength: CUTS_MAX }),
});

/** The writes that an input is cut into; none of them is empty. */
export function writesOf({ bytes, cuts }: RawInput): Buffer[] {
  const ends = [...new Set([...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end)).filter((write) => write.length > 0);
}

function applyEdit(text: string, { at, removed, added }: Edit): string {
  const start = at % (text.length + 1);
  return text.slice(0, start) + added + text.slice(start + removed);
}
