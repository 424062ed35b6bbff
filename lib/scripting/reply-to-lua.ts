import type { State } from './lua-exports.js';
import type { Pointer } from './lua-exports.js';
import type { LuaMachine } from './lua-machine.js';
import { LuaPanic } from './lua-machine.js';

const CR = 0x0d;
const ZERO = 0x30;
const MINUS = 0x2d;

/** Digits that a double has room for without loss. */
const EXACT_DIGITS_MAX = 15;

/**
 * Replies of commands as values of Lua:
 *
 *   integer -> number; bulk -> string; array -> table; null -> false
 *   status -> { ok = text }, error -> { err = text }
 *   with RESP3: null -> nil, boolean -> boolean, map -> { map = table }, set -> { set = { member = true } }, double -> { double = number },
 *   big number -> { big_number = text }, verbatim -> { verbatim_string = { string, format } }
 */
export class ReplyToLua {
  private readonly machine: LuaMachine;
  private readonly names: Readonly<Record<'ok' | 'err' | 'map' | 'set' | 'double' | 'string' | 'format', Pointer>>;
  private readonly bigNumberName: Pointer;
  private readonly verbatimName: Pointer;
  private readonly noMessage: Pointer;
  private bytes: Buffer = Buffer.alloc(0);
  /** Where `bytes` lie in the memory of Lua; -1 if they do not. */
  private origin: Pointer = -1;
  private at = 0;

  constructor(machine: LuaMachine) {
    this.machine = machine;
    this.names = {
      ok: machine.constant('ok'),
      err: machine.constant('err'),
      map: machine.constant('map'),
      set: machine.constant('set'),
      double: machine.constant('double'),
      string: machine.constant('string'),
      format: machine.constant('format'),
    };
    this.bigNumberName = machine.constant('big_number');
    this.verbatimName = machine.constant('verbatim_string');
    this.noMessage = machine.constant('reply is nested too deep');
  }

  /** Pushes the reply that `bytes` begin with. `origin`: where they lie in the memory of Lua, -1 if they do not. May raise an error. */
  push(state: State, bytes: Buffer, origin: Pointer): void {
    this.bytes = bytes;
    this.origin = origin;
    this.at = 0;
    this.pushNext(state);
  }

  /** The memory of Lua has another view: `bytes` is where replies are read that lie in it. */
  moveTo(bytes: Buffer): void {
    if (this.origin >= 0) this.bytes = bytes;
  }

  private pushNext(state: State): void {
    const { lua } = this.machine;
    const type = this.bytes[this.at++];
    switch (type) {
      case 0x24: // $
        return this.pushBulk(state, this.number());
      case 0x3a: // :
        return lua.lua_pushnumber(state, this.number());
      case 0x2b: // +
        return this.pushLine(state, this.names.ok);
      case 0x2d: // -
        return this.pushLine(state, this.names.err);
      case 0x2a: // *
        return this.pushArray(state, this.number());
      default:
        return this.pushOther(state, type);
    }
  }

  /** What RESP3 alone has. */
  private pushOther(state: State, type: number): void {
    const { lua } = this.machine;
    switch (type) {
      case 0x5f: // _
        this.at += 2;
        return lua.lua_pushnil(state);
      case 0x23: // #
        lua.lua_pushboolean(state, this.bytes[this.at] === 0x74 ? 1 : 0);
        this.at += 3;
        return;
      case 0x25: // %
        return this.pushMap(state, this.number());
      case 0x7e: // ~
        return this.pushSet(state, this.number());
      case 0x2c: // ,
        lua.lua_createtable(state, 0, 1);
        lua.lua_pushnumber(state, doubleOf(this.lineText()));
        return lua.lua_setfield(state, -2, this.names.double);
      case 0x28: // (
        return this.pushLine(state, this.bigNumberName);
      case 0x3d: // =
        return this.pushVerbatim(state, this.number());
      case 0x7c: // |
        return this.pushBehindAttribute(state, this.number());
      default:
        throw new LuaPanic(`a reply of an unknown type, ${type}`);
    }
  }

  private pushBulk(state: State, length: number): void {
    if (length < 0) return this.machine.lua.lua_pushboolean(state, 0);
    this.pushText(state, this.at, length);
    this.at += length + 2;
  }

  private pushText(state: State, at: number, length: number): void {
    if (this.origin >= 0) this.machine.lua.lua_pushlstring(state, this.origin + at, length);
    else this.machine.pushBytes(state, this.bytes, at, at + length);
  }

  /** A table with the rest of the line as its field. */
  private pushLine(state: State, name: Pointer): void {
    const { lua } = this.machine;
    const start = this.at;
    this.skipLine();
    lua.lua_createtable(state, 0, 1);
    this.pushText(state, start, this.at - 2 - start);
    lua.lua_setfield(state, -2, name);
  }

  private pushArray(state: State, count: number): void {
    const { lua } = this.machine;
    if (count < 0) return lua.lua_pushboolean(state, 0);
    lua.luaL_checkstack(state, 4, this.noMessage);
    lua.lua_createtable(state, count, 0);
    for (let i = 1; i <= count; i++) {
      this.pushNext(state);
      lua.lua_rawseti(state, -2, i);
    }
  }

  private pushMap(state: State, pairs: number): void {
    const { lua } = this.machine;
    lua.luaL_checkstack(state, 6, this.noMessage);
    lua.lua_createtable(state, 0, 1);
    lua.lua_createtable(state, 0, pairs);
    for (let i = 0; i < pairs; i++) {
      this.pushNext(state);
      this.pushNext(state);
      lua.lua_rawset(state, -3);
    }
    lua.lua_setfield(state, -2, this.names.map);
  }

  private pushSet(state: State, count: number): void {
    const { lua } = this.machine;
    lua.luaL_checkstack(state, 6, this.noMessage);
    lua.lua_createtable(state, 0, 1);
    lua.lua_createtable(state, 0, count);
    for (let i = 0; i < count; i++) {
      this.pushNext(state);
      lua.lua_pushboolean(state, 1);
      lua.lua_rawset(state, -3);
    }
    lua.lua_setfield(state, -2, this.names.set);
  }

  private pushVerbatim(state: State, length: number): void {
    const { lua } = this.machine;
    lua.luaL_checkstack(state, 4, this.noMessage);
    lua.lua_createtable(state, 0, 1);
    lua.lua_createtable(state, 0, 2);
    this.pushText(state, this.at, 3);
    lua.lua_setfield(state, -2, this.names.format);
    this.pushText(state, this.at + 4, length - 4);
    lua.lua_setfield(state, -2, this.names.string);
    this.at += length + 2;
    lua.lua_setfield(state, -2, this.verbatimName);
  }

  /** Attributes are not shown to scripts. */
  private pushBehindAttribute(state: State, pairs: number): void {
    for (let i = 0; i < pairs * 2; i++) {
      this.pushNext(state);
      this.machine.lua.lua_settop(state, -2);
    }
    this.pushNext(state);
  }

  /** Reads an integer and the line break behind it. */
  private number(): number {
    const { bytes } = this;
    const start = this.at;
    const isNegative = bytes[start] === MINUS;
    let at = isNegative ? start + 1 : start;
    let value = 0;
    for (; bytes[at] !== CR; at++) value = value * 10 + bytes[at] - ZERO;
    this.at = at + 2;
    if (at - start > EXACT_DIGITS_MAX) return Number(bytes.toString('latin1', start, at));
    return isNegative ? -value : value;
  }

  private lineText(): string {
    const start = this.at;
    this.skipLine();
    return this.bytes.toString('latin1', start, this.at - 2);
  }

  private skipLine(): void {
    while (this.bytes[this.at] !== CR) this.at++;
    this.at += 2;
  }
}

function doubleOf(text: string): number {
  if (text === 'inf') return Infinity;
  return text === '-inf' ? -Infinity : Number(text);
}
