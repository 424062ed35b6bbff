import type { ReplyWriter } from '../protocol/reply-writer.js';
import type { State } from './lua-exports.js';
import type { Pointer } from './lua-exports.js';
import { TYPE_BOOLEAN, TYPE_NIL, TYPE_NUMBER, TYPE_STRING, TYPE_TABLE } from './lua-exports.js';
import type { LuaMachine } from './lua-machine.js';
import {
  STATE_TOP,
  STRING_BYTES,
  STRING_LENGTH,
  TABLE_ARRAY,
  TABLE_ARRAY_LENGTH,
  TABLE_NODES,
  VALUE_BYTES,
  VALUE_TYPE,
} from './lua-structures.js';

/** Slots that a table takes on the stack of Lua while it is written. */
const TABLE_SLOTS = 4;
/** Tables inside of one another: fewer than there is room for on the stack of the engine. */
const DEPTH_MAX = 1000;

const INT64_LIMIT = 2 ** 63;
const INT64_MIN = -(2n ** 63n);

/**
 * Values of Lua as replies (Redis 7.0): what a script returns.
 *
 *   string -> bulk; number -> integer, cut; true -> 1, false and nil -> null; table -> array up to its first nil
 *   { err = text } -> error, { ok = text } -> status, and the tables that stand for types of RESP3 (reply-to-lua.ts)
 */
export class LuaToReply {
  /** Whether an error that was written last is one of a command, which was counted already. */
  hasCountedError = false;

  private depth = 0;
  private readonly machine: LuaMachine;
  /** The hash part of all tables that have none. */
  private readonly noNodes: Pointer;
  /** Fields that make a table something else than an array, in the order in which they are looked for. */
  private readonly counted: Pointer;
  private readonly err: Pointer;
  private readonly ok: Pointer;
  private readonly double: Pointer;
  private readonly map: Pointer;
  private readonly set: Pointer;
  private readonly bigNumber: Pointer;
  private readonly verbatim: Pointer;
  private readonly format: Pointer;
  private readonly string: Pointer;

  /** `state`: any thread. */
  constructor(machine: LuaMachine, state: State) {
    this.machine = machine;
    const { lua } = machine;
    lua.lua_createtable(state, 0, 0);
    this.noNodes = machine.uint32[(lua.lua_topointer(state, -1) + TABLE_NODES) >> 2];
    lua.lua_settop(state, -2);
    this.counted = machine.constant('ignore_error_stats_update');
    this.err = machine.constant('err');
    this.ok = machine.constant('ok');
    this.double = machine.constant('double');
    this.map = machine.constant('map');
    this.set = machine.constant('set');
    this.bigNumber = machine.constant('big_number');
    this.verbatim = machine.constant('verbatim_string');
    this.format = machine.constant('format');
    this.string = machine.constant('string');
  }

  /** Writes the value on the top of the stack, and pops it. `scriptResp`: what the script has chosen with redis.setresp. */
  write(state: State, reply: ReplyWriter, scriptResp: 2 | 3): void {
    const { machine } = this;
    const { uint32 } = machine;
    this.hasCountedError = false;
    const value = uint32[(state + STATE_TOP) >> 2] - VALUE_BYTES;
    const type = uint32[(value + VALUE_TYPE) >> 2];
    if (type === TYPE_STRING) {
      const text = uint32[value >> 2];
      reply.bulk(machine.bytes, text + STRING_BYTES, text + STRING_BYTES + uint32[(text + STRING_LENGTH) >> 2]);
    } else if (type === TYPE_NUMBER) {
      writeNumber(machine.float64[value >> 3], reply);
    } else if (type === TYPE_BOOLEAN) {
      writeBoolean(uint32[value >> 2] !== 0, reply, scriptResp);
    } else if (type === TYPE_TABLE) {
      this.writeTable(state, uint32[value >> 2], reply, scriptResp);
    } else {
      reply.nullBulk();
    }
    machine.lua.lua_settop(state, -2);
  }

  private writeTable(state: State, table: Pointer, reply: ReplyWriter, scriptResp: 2 | 3): void {
    if (this.depth === DEPTH_MAX || this.machine.lua.lua_checkstack(state, TABLE_SLOTS) === 0) {
      reply.error('ERR reached lua stack limit');
      return;
    }
    this.depth++;
    const hasFields = this.machine.uint32[(table + TABLE_NODES) >> 2] !== this.noNodes;
    const isWritten = hasFields && this.writeNamed(state, reply, scriptResp);
    if (!isWritten) this.writeArray(state, table, reply, scriptResp);
    this.depth--;
  }

  /** Writes a table that a field makes something else than an array. */
  private writeNamed(state: State, reply: ReplyWriter, scriptResp: 2 | 3): boolean {
    const { machine } = this;
    const { lua } = machine;
    if (this.hasField(state, this.err, TYPE_STRING)) this.writeError(state, reply);
    else if (this.hasField(state, this.ok, TYPE_STRING)) reply.simple(machine.textAt(state, -1));
    else if (this.hasField(state, this.double, TYPE_NUMBER)) reply.double(lua.lua_tonumber(state, -1));
    else if (this.hasField(state, this.map, TYPE_TABLE)) this.writeMap(state, reply, scriptResp);
    else if (this.hasField(state, this.set, TYPE_TABLE)) this.writeSet(state, reply, scriptResp);
    else if (this.hasField(state, this.bigNumber, TYPE_STRING)) reply.bigNumber(machine.textAt(state, -1));
    else if (this.hasField(state, this.verbatim, TYPE_TABLE) && this.writeVerbatim(state, reply)) return true;
    else return false;
    lua.lua_settop(state, -2);
    return true;
  }

  /** Writes the text on the top of the stack, which is the error of the table below. */
  private writeError(state: State, reply: ReplyWriter): void {
    const { machine } = this;
    const { lua } = machine;
    reply.error(machine.textAt(state, -1));
    lua.lua_pushstring(state, this.counted);
    lua.lua_rawget(state, -3);
    this.hasCountedError = lua.lua_toboolean(state, -1) !== 0;
    lua.lua_settop(state, -2);
  }

  /** Pushes a field of the table on the top of the stack, if it has the type. */
  private hasField(state: State, name: Pointer, type: number): boolean {
    const { lua } = this.machine;
    lua.lua_pushstring(state, name);
    lua.lua_rawget(state, -2);
    if (lua.lua_type(state, -1) === type) return true;
    lua.lua_settop(state, -2);
    return false;
  }

  private writeMap(state: State, reply: ReplyWriter, scriptResp: 2 | 3): void {
    const { lua } = this.machine;
    reply.map(this.countPairs(state));
    lua.lua_pushnil(state);
    while (lua.lua_next(state, -2) !== 0) {
      lua.lua_pushvalue(state, -2);
      this.write(state, reply, scriptResp);
      this.write(state, reply, scriptResp);
    }
  }

  private writeSet(state: State, reply: ReplyWriter, scriptResp: 2 | 3): void {
    const { lua } = this.machine;
    reply.set(this.countPairs(state));
    lua.lua_pushnil(state);
    while (lua.lua_next(state, -2) !== 0) {
      lua.lua_settop(state, -2);
      lua.lua_pushvalue(state, -1);
      this.write(state, reply, scriptResp);
    }
  }

  private countPairs(state: State): number {
    const { lua } = this.machine;
    let count = 0;
    lua.lua_pushnil(state);
    for (; lua.lua_next(state, -2) !== 0; count++) lua.lua_settop(state, -2);
    return count;
  }

  private writeVerbatim(state: State, reply: ReplyWriter): boolean {
    const { machine } = this;
    const { lua } = machine;
    if (!this.hasField(state, this.string, TYPE_STRING)) {
      lua.lua_settop(state, -2);
      return false;
    }
    const text = machine.textAt(state, -1);
    lua.lua_settop(state, -2);
    if (!this.hasField(state, this.format, TYPE_STRING)) {
      lua.lua_settop(state, -2);
      return false;
    }
    const format = machine.textAt(state, -1).slice(0, 3).padEnd(3);
    lua.lua_settop(state, -3);
    reply.verbatim(format, Buffer.from(text, 'latin1').toString());
    return true;
  }

  private writeArray(state: State, table: Pointer, reply: ReplyWriter, scriptResp: 2 | 3): void {
    const { lua } = this.machine;
    const count = this.countItems(state, table);
    reply.array(count);
    for (let i = 1; i <= count; i++) {
      lua.lua_rawgeti(state, -1, i);
      this.write(state, reply, scriptResp);
    }
  }

  /** How many items the table on the top of the stack has before the first nil. */
  private countItems(state: State, table: Pointer): number {
    const { lua, uint32 } = this.machine;
    const items = uint32[(table + TABLE_ARRAY) >> 2];
    const length = uint32[(table + TABLE_ARRAY_LENGTH) >> 2];
    let count = 0;
    while (count < length && uint32[(items + count * VALUE_BYTES + VALUE_TYPE) >> 2] !== TYPE_NIL) count++;
    if (count < length || uint32[(table + TABLE_NODES) >> 2] === this.noNodes) return count;
    for (; ; count++) {
      lua.lua_rawgeti(state, -1, count + 1);
      const type = lua.lua_type(state, -1);
      lua.lua_settop(state, -2);
      if (type === TYPE_NIL) return count;
    }
  }
}

/** A number as C casts it to 64 bits: cut, and the lowest one if it does not fit. */
function writeNumber(value: number, reply: ReplyWriter): void {
  const whole = Math.trunc(value);
  if (Number.isSafeInteger(whole)) reply.integer(whole === 0 ? 0 : whole);
  else if (whole >= -INT64_LIMIT && whole < INT64_LIMIT) reply.bigInteger(BigInt(whole));
  else reply.bigInteger(INT64_MIN);
}

function writeBoolean(value: boolean, reply: ReplyWriter, scriptResp: 2 | 3): void {
  if (scriptResp === 3) reply.boolean(value);
  else if (value) reply.integer(1);
  else reply.nullBulk();
}
