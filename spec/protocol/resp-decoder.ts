/**
 * A plain decoder of replies in RESP2 and RESP3, strict about what a server may send: for specs.
 *
 *   simple string  string                    null (also $-1, *-1)  null
 *   error          RespError                 boolean               boolean
 *   integer        number, bigint if unsafe  double                RespDouble
 *   bulk string    Buffer                    big number            bigint
 *   array          array                     map                   Map
 *   push           RespPush                  set                   Set
 *   verbatim       RespVerbatim              attribute + reply     RespAttributed
 *
 * Keys of maps and members of sets that are bulk strings are strings (latin1), so that they can be looked up.
 */
export type RespValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | Buffer
  | RespError
  | RespDouble
  | RespVerbatim
  | RespPush
  | RespAttributed
  | RespValue[]
  | Map<RespValue, RespValue>
  | Set<RespValue>;

/** An error reply: its whole text, such as `ERR syntax error`. */
export class RespError {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** The first word. */
  get code(): string {
    return this.text.split(' ')[0];
  }
}

/** A RESP3 double: the value, and the digits that it came in. */
export class RespDouble {
  readonly value: number;
  readonly text: string;

  constructor(text: string) {
    this.text = text;
    this.value = text === 'nan' ? NaN : Number(text.replace('inf', 'Infinity'));
  }
}

/** A RESP3 verbatim string: three letters, and the text. */
export class RespVerbatim {
  readonly format: string;
  readonly text: string;

  constructor(format: string, text: string) {
    this.format = format;
    this.text = text;
  }
}

/** A RESP3 push message. */
export class RespPush {
  readonly items: RespValue[];

  constructor(items: RespValue[]) {
    this.items = items;
  }
}

/** A RESP3 reply with the attributes that came before it. */
export class RespAttributed {
  readonly attributes: Map<RespValue, RespValue>;
  readonly value: RespValue;

  constructor(attributes: Map<RespValue, RespValue>, value: RespValue) {
    this.attributes = attributes;
    this.value = value;
  }
}

/** A reply, and the number of bytes that it took. */
export interface Decoded {
  readonly value: RespValue;
  readonly consumed: number;
}

/** Decodes the reply at the start of `bytes`. Throws when it is malformed or not all there. */
export function decode(bytes: Uint8Array): Decoded {
  const decoder = new Decoder(bytes);
  const value = decoder.value();
  return { value, consumed: decoder.at };
}

/** Decodes all replies in `bytes`. Throws when something is malformed or left over. */
export function decodeAll(bytes: Uint8Array): RespValue[] {
  const decoder = new Decoder(bytes);
  const values = [];
  while (decoder.at < bytes.length) values.push(decoder.value());
  return values;
}

class Decoder {
  at = 0;
  private readonly bytes: Buffer;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  value(): RespValue {
    const start = this.at;
    const line = this.line();
    const rest = line.slice(1);
    switch (line[0]) {
      case '+':
        return rest;
      case '-':
        return new RespError(rest);
      case ':':
        return integer(rest);
      case '$':
        return rest === '-1' ? null : this.bulk(rest);
      case '*':
        return rest === '-1' ? null : this.items(length(rest));
      case '_':
        return matching(rest, /^$/, null);
      case '#':
        return matching(rest, /^[tf]$/, rest === 't');
      case ',':
        return matching(rest, /^(-?\d+(\.\d+)?(e[+-]\d+)?|-?inf|nan)$/, new RespDouble(rest));
      case '(':
        return BigInt(matching(rest, /^-?\d+$/, rest));
      case '=':
        return this.verbatim(rest);
      case '%':
        return this.map(rest);
      case '~':
        return this.set(rest);
      case '>':
        return new RespPush(this.items(length(rest)));
      case '|':
        return new RespAttributed(this.map(rest), this.value());
      default:
        throw new Error(`expected a reply at offset ${start}, got '${line}'`);
    }
  }

  /** A line without its CRLF, each byte one character. Neither CR nor LF may stand alone in it. */
  private line(): string {
    const end = this.bytes.indexOf('\r\n', this.at);
    if (end === -1) throw new Error(`expected CRLF after offset ${this.at}`);
    const line = this.bytes.toString('latin1', this.at, end);
    this.at = end + 2;
    return matching(line, /^[^\r\n]*$/, line);
  }

  private bulk(text: string): Buffer {
    const end = this.at + length(text);
    if (this.bytes.toString('latin1', end, end + 2) !== '\r\n') throw new Error(`expected CRLF at offset ${end}`);
    const bytes = Buffer.from(this.bytes.subarray(this.at, end));
    this.at = end + 2;
    return bytes;
  }

  private verbatim(text: string): RespVerbatim {
    const content = this.bulk(text).toString();
    return matching(content, /^[a-z]{3}:/, new RespVerbatim(content.slice(0, 3), content.slice(4)));
  }

  private items(count: number): RespValue[] {
    const items = [];
    for (let i = 0; i < count; i++) items.push(this.value());
    return items;
  }

  private map(text: string): Map<RespValue, RespValue> {
    const map = new Map<RespValue, RespValue>();
    const pairs = length(text);
    for (let i = 0; i < pairs; i++) {
      const key = lookup(this.value());
      if (map.has(key)) throw new Error('expected each key of a map once');
      map.set(key, this.value());
    }
    return map;
  }

  private set(text: string): Set<RespValue> {
    const members = this.items(length(text)).map(lookup);
    const set = new Set(members);
    if (set.size < members.length) throw new Error('expected each member of a set once');
    return set;
  }
}

function lookup(value: RespValue): RespValue {
  return Buffer.isBuffer(value) ? value.toString('latin1') : value;
}

function integer(text: string): number | bigint {
  const value = BigInt(matching(text, /^(0|-?[1-9]\d*)$/, text));
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function length(text: string): number {
  return Number(matching(text, /^(0|[1-9]\d*)$/, text));
}

/** `value`, if `text` matches `pattern`. */
function matching<T>(text: string, pattern: RegExp, value: T): T {
  if (!pattern.test(text)) throw new Error(`expected ${String(pattern)}, got '${text}'`);
  return value;
}
