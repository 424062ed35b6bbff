/** The table `struct` of scripts: values as the fields of a struct in C (struct-format.ts). */

import { ByteWriter } from './byte-writer.js';
import type { Library } from './interpreter.js';
import type { Pointer, State } from './lua-exports.js';
import { TYPE_NIL, TYPE_NUMBER } from './lua-exports.js';
import type { LuaMachine } from './lua-machine.js';
import { FormatError, StructFormat } from './struct-format.js';

/** Integers of more bytes have zeros there. */
const INT64_BYTES = 8;
const STACK_SLOTS = 2;

export function structLibrary(machine: LuaMachine): Library {
  const struct = new Struct(machine);
  return {
    pack: (state) => struct.guarded(state, (format) => struct.pack(state, format)),
    unpack: (state) => struct.guarded(state, (format) => struct.unpack(state, format)),
    size: (state) => struct.guarded(state, (format) => struct.size(state, format)),
  };
}

class Struct {
  private readonly machine: LuaMachine;
  private readonly output = new ByteWriter();
  private readonly stackMessage: Pointer;

  constructor(machine: LuaMachine) {
    this.machine = machine;
    this.stackMessage = machine.constant('too many results');
  }

  /** Runs `run` with the format that argument 1 is; what is wrong with that is raised as an error of Lua. */
  guarded(state: State, run: (format: StructFormat) => number): number {
    const { lua, lengthAt } = this.machine;
    lua.luaL_checklstring(state, 1, lengthAt);
    let problem: FormatError;
    try {
      return run(new StructFormat(this.machine.textAt(state, 1)));
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      problem = error;
    }
    return problem.isArgument ? this.refuse(state, 1, problem.message) : this.machine.raise(state, problem.message, 1);
  }

  pack(state: State, format: StructFormat): number {
    const { output, machine } = this;
    output.clear();
    let argument = 2;
    while (format.next()) {
      for (let i = format.padding(output.length); i > 0; i--) output.byte(0);
      if (format.isInteger) this.packInteger(machine.lua.luaL_checknumber(state, argument++), format);
      else if (format.option === 'x') output.byte(0);
      else if (format.option === 'f' || format.option === 'd') this.packReal(state, argument++, format);
      else if (format.option === 'c' || format.option === 's') this.packString(state, argument++, format);
      else format.control();
    }
    machine.pushBytes(state, output.buffer, 0, output.length);
    return 1;
  }

  unpack(state: State, format: StructFormat): number {
    const { lua, lengthAt } = this.machine;
    const start = lua.luaL_checklstring(state, 2, lengthAt);
    const length = this.machine.uint32[lengthAt >> 2];
    const offset = lua.lua_type(state, 3) <= TYPE_NIL ? 1 : Math.trunc(lua.luaL_checknumber(state, 3));
    if (offset === 0) return this.refuse(state, 3, 'offset must be 1 or greater');
    // Redis counts without signs.
    if (offset < 0) return this.refuse(state, 2, 'data string too short');
    lua.lua_settop(state, 2);
    let at = offset - 1;
    while (format.next()) {
      at += format.padding(at);
      if (at + format.size > length) return this.refuse(state, 2, 'data string too short');
      lua.luaL_checkstack(state, STACK_SLOTS, this.stackMessage);
      at += this.unpackItem(state, start, at, length, format);
    }
    lua.lua_pushnumber(state, at + 1);
    return lua.lua_gettop(state) - 2;
  }

  size(state: State, format: StructFormat): number {
    let size = 0;
    while (format.next()) {
      size += format.padding(size) + format.size;
      const { option } = format;
      if (option === 's' || (option === 'c' && format.size === 0)) {
        return this.refuse(state, 1, `option '${option === 's' ? 's' : 'c0'}' has no fixed size`);
      }
      if (!/[a-z0-9]/i.test(option)) format.control();
    }
    this.machine.lua.lua_pushnumber(state, size);
    return 1;
  }

  private packInteger(value: number, { size, isBigEndian }: StructFormat): void {
    const { output } = this;
    const bits = BigInt.asUintN(64, BigInt(Number.isFinite(value) ? Math.trunc(value) : 0));
    output.reserve(size);
    const start = output.length;
    for (let i = 0; i < size; i++) {
      const byte = i < INT64_BYTES ? Number((bits >> BigInt(8 * i)) & 0xffn) : 0;
      output.buffer[isBigEndian ? start + size - 1 - i : start + i] = byte;
    }
    output.length = start + size;
  }

  private packReal(state: State, argument: number, { option, isBigEndian }: StructFormat): void {
    const value = this.machine.lua.luaL_checknumber(state, argument);
    const { output } = this;
    output.reserve(8);
    const { buffer, length } = output;
    if (option === 'f')
      output.length = isBigEndian ? buffer.writeFloatBE(value, length) : buffer.writeFloatLE(value, length);
    else output.length = isBigEndian ? buffer.writeDoubleBE(value, length) : buffer.writeDoubleLE(value, length);
  }

  private packString(state: State, argument: number, { option, size }: StructFormat): void {
    const { lua, lengthAt } = this.machine;
    const start = lua.luaL_checklstring(state, argument, lengthAt);
    const length = this.machine.uint32[lengthAt >> 2];
    const wanted = size === 0 ? length : size;
    // The number of the argument is one too high, as in the original.
    if (length < wanted) this.refuse(state, argument + 1, 'string too short');
    this.output.bytes(this.machine.bytes, start, start + wanted);
    if (option === 's') this.output.byte(0);
  }

  /** Pushes the item at `at`, which is complete, and returns how many bytes it takes. */
  private unpackItem(state: State, start: Pointer, at: number, length: number, format: StructFormat): number {
    const { lua } = this.machine;
    const { option, size } = format;
    if (format.isInteger) lua.lua_pushnumber(state, this.integerAt(start + at, format));
    else if (option === 'f' || option === 'd') lua.lua_pushnumber(state, this.realAt(start + at, format));
    else if (option === 'c') return this.unpackString(state, start, at, length, size);
    else if (option === 's') return this.unpackTerminated(state, start, at, length);
    else if (option !== 'x') format.control();
    return size;
  }

  private integerAt(at: number, { size, isBigEndian, isSigned }: StructFormat): number {
    const { bytes } = this.machine;
    let bits = 0n;
    for (let i = 0; i < size; i++) bits = (bits << 8n) | BigInt(bytes[isBigEndian ? at + i : at + size - 1 - i]);
    const width = Math.min(size, INT64_BYTES) * 8;
    return Number(isSigned ? BigInt.asIntN(width, bits) : BigInt.asUintN(width, bits));
  }

  private realAt(at: number, { option, isBigEndian }: StructFormat): number {
    const { bytes } = this.machine;
    if (option === 'f') return isBigEndian ? bytes.readFloatBE(at) : bytes.readFloatLE(at);
    return isBigEndian ? bytes.readDoubleBE(at) : bytes.readDoubleLE(at);
  }

  /** A string of `size` bytes; if that is 0, of as many as the number before it says. */
  private unpackString(state: State, start: Pointer, at: number, length: number, size: number): number {
    const { machine } = this;
    const { lua } = machine;
    let count = size;
    if (size === 0) {
      const isNumber = lua.lua_gettop(state) > 2 && lua.lua_type(state, -1) === TYPE_NUMBER;
      if (!isNumber) machine.raise(state, "format 'c0' needs a previous size", 1);
      count = Math.trunc(lua.lua_tonumber(state, -1));
      lua.lua_settop(state, -2);
      if (count < 0 || at + count > length) return this.refuse(state, 2, 'data string too short');
    }
    lua.lua_pushlstring(state, start + at, count);
    return count;
  }

  private unpackTerminated(state: State, start: Pointer, at: number, length: number): number {
    const { machine } = this;
    const { lua } = machine;
    const end = machine.bytes.indexOf(0, start + at);
    // Lua ends each string with a 0, which is not part of the data.
    if (end === -1 || end >= start + length) return machine.raise(state, 'unfinished string in data', 1);
    lua.lua_pushlstring(state, start + at, end - start - at);
    return end - start - at + 1;
  }

  private refuse(state: State, argument: number, why: string): number {
    return this.machine.lua.luaL_argerror(state, argument, this.machine.cText(why));
  }
}
