import { ByteWriter } from './byte-writer.js';
import { JsonError } from './json-encoder.js';
import type { JsonSettings } from './json-settings.js';
import type { Pointer, State } from './lua-exports.js';
import type { LuaMachine } from './lua-machine.js';
import { readNumber } from './number-text.js';

/** Digits that a double has room for, whatever they are. */
const EXACT_DIGITS_MAX = 15;
/** Longest number that is looked for; any longer one is not one. */
const NUMBER_LENGTH_MAX = 1024;
const STACK_SLOTS = 4;

type Token =
  | 'T_OBJ_BEGIN'
  | 'T_OBJ_END'
  | 'T_ARR_BEGIN'
  | 'T_ARR_END'
  | 'T_STRING'
  | 'T_NUMBER'
  | 'T_BOOLEAN'
  | 'T_NULL'
  | 'T_COLON'
  | 'T_COMMA'
  | 'T_END'
  | 'T_ERROR';

const MARKS: ReadonlyMap<number, Token> = new Map([
  [0x7b, 'T_OBJ_BEGIN'],
  [0x7d, 'T_OBJ_END'],
  [0x5b, 'T_ARR_BEGIN'],
  [0x5d, 'T_ARR_END'],
  [0x3a, 'T_COLON'],
  [0x2c, 'T_COMMA'],
]);

const ESCAPES: ReadonlyMap<number, number> = new Map([
  [0x22, 0x22],
  [0x5c, 0x5c],
  [0x2f, 0x2f],
  [0x62, 8], // b
  [0x66, 12], // f
  [0x6e, 10], // n
  [0x72, 13], // r
  [0x74, 9], // t
]);

/**
 * JSON as values of Lua, as cjson 2.1 reads it: it takes hexadecimal numbers and infinities, too, and its errors say what it expected, what it has
 * found, and at which character.
 */
export class JsonDecoder {
  private readonly machine: LuaMachine;
  private readonly settings: JsonSettings;
  private readonly stackMessage: Pointer;
  private readonly text = new ByteWriter();
  private start = 0;
  private end = 0;
  private at = 0;
  /** Where the token begins that was read last, and what was wrong with it if it is T_ERROR. */
  private tokenAt = 0;
  private problem = '';
  /** Its value. A string is [stringStart, stringEnd) of Lua's memory, or in `text`. */
  private number = 0;
  private boolean = false;
  private stringStart = 0;
  private stringEnd = 0;
  private isInText = false;

  constructor(machine: LuaMachine, settings: JsonSettings) {
    this.machine = machine;
    this.settings = settings;
    this.stackMessage = machine.constant('JSON is nested too deep');
  }

  /** Pushes the value that the bytes [start, end) of Lua's memory say, which stay where they are. Throws JsonError, and raises errors of Lua. */
  decode(state: State, start: Pointer, end: Pointer): void {
    const { bytes } = this.machine;
    this.start = this.at = start;
    this.end = end;
    if (end - start >= 2 && (bytes[start] === 0 || bytes[start + 1] === 0)) {
      throw new JsonError('JSON parser does not support UTF-16 or UTF-32');
    }
    this.readValue(state, this.next(), 0);
    const last = this.next();
    if (last !== 'T_END') throw this.unexpected('the end', last);
  }

  private readValue(state: State, token: Token, depth: number): void {
    const { lua } = this.machine;
    switch (token) {
      case 'T_STRING':
        return this.pushString(state);
      case 'T_NUMBER':
        return lua.lua_pushnumber(state, this.number);
      case 'T_BOOLEAN':
        return lua.lua_pushboolean(state, this.boolean ? 1 : 0);
      case 'T_NULL':
        return lua.lua_pushlightuserdata(state, 0);
      case 'T_OBJ_BEGIN':
        return this.readObject(state, depth + 1);
      case 'T_ARR_BEGIN':
        return this.readArray(state, depth + 1);
      default:
        throw this.unexpected('value', token);
    }
  }

  private readObject(state: State, depth: number): void {
    const { lua } = this.machine;
    this.descend(state, depth);
    lua.lua_createtable(state, 0, 0);
    let token = this.next();
    if (token === 'T_OBJ_END') return;
    for (;;) {
      if (token !== 'T_STRING') throw this.unexpected('object key string', token);
      this.pushString(state);
      token = this.next();
      if (token !== 'T_COLON') throw this.unexpected('colon', token);
      this.readValue(state, this.next(), depth);
      lua.lua_rawset(state, -3);
      token = this.next();
      if (token === 'T_OBJ_END') return;
      if (token !== 'T_COMMA') throw this.unexpected('comma or object end', token);
      token = this.next();
    }
  }

  private readArray(state: State, depth: number): void {
    const { lua } = this.machine;
    this.descend(state, depth);
    lua.lua_createtable(state, 0, 0);
    let token = this.next();
    if (token === 'T_ARR_END') return;
    for (let i = 1; ; i++) {
      this.readValue(state, token, depth);
      lua.lua_rawseti(state, -2, i);
      token = this.next();
      if (token === 'T_ARR_END') return;
      if (token !== 'T_COMMA') throw this.unexpected('comma or array end', token);
      token = this.next();
    }
  }

  private descend(state: State, depth: number): void {
    if (depth > this.settings.decodeDepthMax) {
      const at = this.at - this.start;
      throw new JsonError(`Found too many nested data structures (${depth}) at character ${at}`);
    }
    this.machine.lua.luaL_checkstack(state, STACK_SLOTS, this.stackMessage);
  }

  private pushString(state: State): void {
    const { machine, text } = this;
    if (this.isInText) machine.pushBytes(state, text.buffer, 0, text.length);
    else machine.lua.lua_pushlstring(state, this.stringStart, this.stringEnd - this.stringStart);
  }

  private unexpected(expected: string, token: Token): JsonError {
    const found = token === 'T_ERROR' ? this.problem : token;
    return new JsonError(`Expected ${expected} but found ${found} at character ${this.tokenAt - this.start + 1}`);
  }

  private error(problem: string, at: number): Token {
    this.problem = problem;
    this.tokenAt = at;
    return 'T_ERROR';
  }

  /** Reads a token. */
  private next(): Token {
    const { bytes } = this.machine;
    while (this.at < this.end && isSpace(bytes[this.at])) this.at++;
    this.tokenAt = this.at;
    if (this.at >= this.end) return 'T_END';
    const byte = bytes[this.at];
    const mark = MARKS.get(byte);
    if (mark !== undefined) {
      this.at++;
      return mark;
    }
    if (byte === 0x22) return this.readString();
    if (byte === 0x2d || isDigit(byte)) return this.readDigits();
    return this.readWord(byte);
  }

  /** What begins with neither a mark, a quote nor a digit. */
  private readWord(byte: number): Token {
    if (this.takesWord('true')) {
      this.boolean = true;
      return 'T_BOOLEAN';
    }
    if (this.takesWord('false')) {
      this.boolean = false;
      return 'T_BOOLEAN';
    }
    if (this.takesWord('null')) return 'T_NULL';
    const mayBeNumber = byte === 0x2b || (byte | 0x20) === 0x69 || (byte | 0x20) === 0x6e; // + i n
    if (this.settings.decodeInvalidNumbers === 'on' && mayBeNumber && this.isInvalidNumber()) return this.readNumber();
    return this.error('invalid token', this.at);
  }

  private takesWord(word: string): boolean {
    const { bytes } = this.machine;
    for (let i = 0; i < word.length; i++) if (bytes[this.at + i] !== word.charCodeAt(i)) return false;
    if (this.at + word.length > this.end) return false;
    this.at += word.length;
    return true;
  }

  /** A number that begins with a digit or a minus: mostly a short integer. */
  private readDigits(): Token {
    const { bytes } = this.machine;
    if (this.settings.decodeInvalidNumbers === 'off' && this.isInvalidNumber()) {
      return this.error('invalid number', this.at);
    }
    const isNegative = bytes[this.at] === 0x2d;
    let at = isNegative ? this.at + 1 : this.at;
    const first = at;
    let value = 0;
    while (at < this.end && isDigit(bytes[at])) value = value * 10 + bytes[at++] - 0x30;
    const following = at < this.end ? bytes[at] | 0x20 : 0;
    const isMore = following === 0x2e || following === 0x65 || following === 0x78; // . e x
    if (at === first || at - first > EXACT_DIGITS_MAX || isMore) return this.readNumber();
    this.number = isNegative ? -value : value;
    this.at = at;
    return 'T_NUMBER';
  }

  /** Any number that C's strtod takes. */
  private readNumber(): Token {
    const { bytes } = this.machine;
    const text = bytes.toString('latin1', this.at, Math.min(this.end, this.at + NUMBER_LENGTH_MAX));
    const { value, length } = readNumber(text);
    if (length === 0) return this.error('invalid number', this.at);
    this.number = value;
    this.at += length;
    return 'T_NUMBER';
  }

  /** Whether what begins here is no number of JSON, but one of C. */
  private isInvalidNumber(): boolean {
    const text = this.machine.bytes.toString('latin1', this.at, Math.min(this.end, this.at + 5)).toLowerCase();
    return /^(?:\+|-?0[x\d]|-?inf|-?nan)/.test(text);
  }

  private readString(): Token {
    const { bytes } = this.machine;
    const first = this.at + 1;
    let at = first;
    for (; at < this.end && bytes[at] !== 0x22 && bytes[at] !== 0x5c && bytes[at] !== 0; at++);
    if (at < this.end && bytes[at] === 0x22) {
      this.isInText = false;
      this.stringStart = first;
      this.stringEnd = at;
      this.at = at + 1;
      return 'T_STRING';
    }
    return this.readEscapedString(first, at);
  }

  /** A string whose first escape is at `from`, if it has one. */
  private readEscapedString(first: number, from: number): Token {
    const { bytes } = this.machine;
    const { text } = this;
    text.clear();
    text.bytes(bytes, first, from);
    let at = from;
    while (at < this.end && bytes[at] !== 0x22 && bytes[at] !== 0) {
      if (bytes[at] !== 0x5c) {
        text.byte(bytes[at++]);
        continue;
      }
      const length = this.readEscape(at);
      if (length === 0) return 'T_ERROR';
      at += length;
    }
    if (at >= this.end || bytes[at] === 0) return this.error('unexpected end of string', at);
    this.isInText = true;
    this.at = at + 1;
    return 'T_STRING';
  }

  /** Adds what an escape stands for; returns its length, 0 if it is wrong. */
  private readEscape(at: number): number {
    const code = this.machine.bytes[at + 1];
    const plain = ESCAPES.get(code);
    if (plain !== undefined && at + 1 < this.end) {
      this.text.byte(plain);
      return 2;
    }
    if (code === 0x75) return this.readUnicode(at);
    this.error('invalid escape code', at);
    return 0;
  }

  /** \uXXXX, or two of them for a character beyond the first 65536. */
  private readUnicode(at: number): number {
    const unit = this.hexadecimal(at + 2);
    const isHigh = unit >= 0xd800 && unit < 0xdc00;
    const low = isHigh && this.isEscape(at + 6) ? this.hexadecimal(at + 8) : -1;
    const isWrong = unit < 0 || (unit >= 0xdc00 && unit < 0xe000) || (isHigh && (low < 0xdc00 || low > 0xdfff));
    if (isWrong) {
      this.error('invalid unicode escape code', at);
      return 0;
    }
    const point = isHigh ? 0x10000 + ((unit - 0xd800) << 10) + low - 0xdc00 : unit;
    const { text } = this;
    text.reserve(4);
    text.length += text.buffer.write(String.fromCodePoint(point), text.length, 'utf8');
    return isHigh ? 12 : 6;
  }

  private isEscape(at: number): boolean {
    const { bytes } = this.machine;
    return bytes[at] === 0x5c && bytes[at + 1] === 0x75;
  }

  /** Four hexadecimal digits; -1 if they are none. */
  private hexadecimal(at: number): number {
    if (at + 4 > this.end) return -1;
    const text = this.machine.bytes.toString('latin1', at, at + 4);
    return /^[\da-f]{4}$/i.test(text) ? parseInt(text, 16) : -1;
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d && byte !== 0x0b && byte !== 0x0c);
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
