import type { Pointer, State } from './lua-exports.js';
import type { LuaMachine } from './lua-machine.js';

const STACK_SLOTS = 4;

/** What the bytes are not: complete, or MessagePack. */
export type MessagePackProblem = 'Missing bytes in input.' | 'Bad data format in input.';

/**
 * MessagePack as values of Lua, as lua-cmsgpack 0.4 reads it: numbers are doubles, 64 bits without a sign are read as with one; there are no
 * binaries, extensions or timestamps.
 */
export class MessagePackDecoder {
  /** Where the next value begins. */
  at = 0;

  private readonly machine: LuaMachine;
  private readonly stackMessage: Pointer;
  private end = 0;
  private problem: MessagePackProblem | undefined;

  constructor(machine: LuaMachine) {
    this.machine = machine;
    this.stackMessage = machine.constant('MessagePack is nested too deep');
  }

  /** Reads the bytes [start, end) of Lua's memory from now on. */
  begin(start: Pointer, end: Pointer): void {
    this.at = start;
    this.end = end;
  }

  /** Pushes the next value. Returns what is wrong with it: then anything may have been pushed. */
  decode(state: State): MessagePackProblem | undefined {
    this.problem = undefined;
    this.read(state);
    return this.problem;
  }

  private read(state: State): void {
    const { lua } = this.machine;
    if (!this.has(1)) return;
    lua.luaL_checkstack(state, STACK_SLOTS, this.stackMessage);
    const mark = this.machine.bytes[this.at++];
    if (mark <= 0x7f) lua.lua_pushnumber(state, mark);
    else if (mark >= 0xe0) lua.lua_pushnumber(state, mark - 0x100);
    else if (mark <= 0x8f) this.readMap(state, mark & 0x0f);
    else if (mark <= 0x9f) this.readList(state, mark & 0x0f);
    else if (mark <= 0xbf) this.readString(state, mark & 0x1f);
    else this.readMarked(state, mark);
  }

  private readMarked(state: State, mark: number): void {
    const { lua } = this.machine;
    switch (mark) {
      case 0xc0:
        return lua.lua_pushnil(state);
      case 0xc2:
      case 0xc3:
        return lua.lua_pushboolean(state, mark - 0xc2);
      case 0xca:
        return this.readNumber(state, 4, (bytes, at) => bytes.readFloatBE(at));
      case 0xcb:
        return this.readNumber(state, 8, (bytes, at) => bytes.readDoubleBE(at));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.readNumber(state, 1 << (mark - 0xcc), (bytes, at, size) => bytes.readUIntBE(at, size));
      case 0xd0:
      case 0xd1:
      case 0xd2:
        return this.readNumber(state, 1 << (mark - 0xd0), (bytes, at, size) => bytes.readIntBE(at, size));
      case 0xcf:
      case 0xd3:
        return this.readNumber(state, 8, (bytes, at) => Number(bytes.readBigInt64BE(at)));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.readString(state, this.size(1 << (mark - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.readList(state, this.size(2 << (mark - 0xdc)));
      case 0xde:
      case 0xdf:
        return this.readMap(state, this.size(2 << (mark - 0xde)));
      default:
        this.problem = 'Bad data format in input.';
    }
  }

  private has(count: number): boolean {
    if (this.problem === undefined && this.at + count > this.end) this.problem = 'Missing bytes in input.';
    return this.problem === undefined;
  }

  private readNumber(state: State, size: number, read: (bytes: Buffer, at: number, size: number) => number): void {
    if (!this.has(size)) return;
    this.machine.lua.lua_pushnumber(state, read(this.machine.bytes, this.at, size));
    this.at += size;
  }

  /** A size of `bytes` bytes. */
  private size(bytes: number): number {
    if (!this.has(bytes)) return 0;
    this.at += bytes;
    return this.machine.bytes.readUIntBE(this.at - bytes, bytes);
  }

  private readString(state: State, length: number): void {
    if (!this.has(length)) return;
    this.machine.lua.lua_pushlstring(state, this.at, length);
    this.at += length;
  }

  private readList(state: State, count: number): void {
    const { lua } = this.machine;
    lua.lua_createtable(state, 0, 0);
    for (let i = 1; i <= count; i++) {
      this.read(state);
      if (this.problem !== undefined) return;
      lua.lua_rawseti(state, -2, i);
    }
  }

  private readMap(state: State, count: number): void {
    const { lua } = this.machine;
    lua.lua_createtable(state, 0, 0);
    for (let i = 0; i < count; i++) {
      this.read(state);
      if (this.problem === undefined) this.read(state);
      if (this.problem !== undefined) return;
      lua.lua_rawset(state, -3);
    }
  }
}
