import { int64Of } from '../base/integer.js';
import type { ReplyWriter } from '../protocol/reply-writer.js';
import type { Pointer, State } from './lua-exports.js';
import { REGISTRY, TYPE_BOOLEAN, TYPE_NIL, TYPE_NUMBER, TYPE_STRING, TYPE_TABLE } from './lua-exports.js';
import type { LuaMachine } from './lua-machine.js';
import { LuaValues } from './lua-values.js';

/** Tables inside of one another: fewer than there is room for on the engine's stack. */
const DEPTH_MAX = 1000;

/** Fields that make a table something else than an array. */
const NAMES = [
  'err',
  'ignore_error_stats_update',
  'ok',
  'double',
  'map',
  'set',
  'big_number',
  'verbatim_string',
  'string',
  'format',
] as const;
type Name = (typeof NAMES)[number];

/**
 * Values of Lua as replies (Redis 7.0): what a script returns.
 *
 *   string -> bulk; number -> integer, cut; true -> 1, false and nil -> null; table -> array up to its first nil
 *   { err = text } -> error, { ok = text } -> status, and the tables that stand for types of RESP3 (reply-to-lua.ts)
 */
export class LuaToReply {
  /** Whether the error that was written is one of a command, which was counted already. */
  hasCountedError = false;

  private readonly machine: LuaMachine;
  private readonly values: LuaValues;
  /** By their pointers: Lua has each string once, and these are kept. */
  private readonly names: Readonly<Record<Name, Pointer>>;
  private scriptResp: 2 | 3 = 2;
  private depth = 0;

  /** `state`: any thread. */
  constructor(machine: LuaMachine, state: State) {
    this.machine = machine;
    this.values = new LuaValues(machine);
    this.names = Object.fromEntries(NAMES.map((name) => [name, this.keep(state, name)])) as Record<Name, Pointer>;
  }

  /** Writes the value on the top of the stack. `scriptResp`: what the script has chosen with redis.setresp. */
  write(state: State, reply: ReplyWriter, scriptResp: 2 | 3): void {
    this.hasCountedError = false;
    this.scriptResp = scriptResp;
    this.depth = 0;
    this.writeValue(this.values.top(state), reply);
  }

  private keep(state: State, name: string): Pointer {
    const { lua } = this.machine;
    this.machine.pushText(state, name);
    const pointer = this.values.pointer(this.values.top(state));
    lua.luaL_ref(state, REGISTRY);
    return pointer;
  }

  private writeValue(value: Pointer, reply: ReplyWriter): void {
    const { values } = this;
    switch (values.type(value)) {
      case TYPE_STRING:
        return reply.bulk(this.machine.bytes, values.stringStart(value), values.stringEnd(value));
      case TYPE_NUMBER:
        return writeNumber(values.number(value), reply);
      case TYPE_BOOLEAN:
        return writeBoolean(values.boolean(value), reply, this.scriptResp);
      case TYPE_TABLE:
        return this.writeTable(values.pointer(value), reply);
      default:
        return reply.nullBulk();
    }
  }

  private writeTable(table: Pointer, reply: ReplyWriter): void {
    if (this.depth === DEPTH_MAX) {
      reply.error('ERR reached lua stack limit');
      return;
    }
    this.depth++;
    if (!this.writeNamed(table, reply)) this.writeArray(table, reply);
    this.depth--;
  }

  /** Writes a table that a field makes something else than an array. */
  private writeNamed(table: Pointer, reply: ReplyWriter): boolean {
    const { values } = this;
    let value: Pointer;
    if ((value = this.field(table, 'err', TYPE_STRING)) !== 0) this.writeError(table, value, reply);
    else if ((value = this.field(table, 'ok', TYPE_STRING)) !== 0) reply.simple(withoutLineBreaks(values.cText(value)));
    else if ((value = this.field(table, 'double', TYPE_NUMBER)) !== 0) reply.doubleText(values.numberText(value));
    else if ((value = this.field(table, 'map', TYPE_TABLE)) !== 0) this.writeMap(values.pointer(value), reply);
    else if ((value = this.field(table, 'set', TYPE_TABLE)) !== 0) this.writeSet(values.pointer(value), reply);
    else if ((value = this.field(table, 'big_number', TYPE_STRING)) !== 0)
      reply.bigNumber(withoutLineBreaks(values.text(value)));
    else if ((value = this.field(table, 'verbatim_string', TYPE_TABLE)) !== 0)
      return this.writeVerbatim(values.pointer(value), reply);
    else return false;
    return true;
  }

  /** The field of a table, if it has the type; 0 otherwise. */
  private field(table: Pointer, name: Name, type: number): Pointer {
    const value = this.values.field(table, this.names[name]);
    return value !== 0 && this.values.type(value) === type ? value : 0;
  }

  private writeError(table: Pointer, text: Pointer, reply: ReplyWriter): void {
    reply.error(this.values.cText(text));
    const counted = this.field(table, 'ignore_error_stats_update', TYPE_BOOLEAN);
    this.hasCountedError = counted !== 0 && this.values.boolean(counted);
  }

  private writeMap(table: Pointer, reply: ReplyWriter): void {
    const { values } = this;
    reply.map(this.countPairs(table));
    for (let i = 0; i < values.arraySlots(table); i++) {
      const value = values.arraySlot(table, i);
      if (values.type(value) === TYPE_NIL) continue;
      reply.integer(i + 1);
      this.writeValue(value, reply);
    }
    for (let i = 0; i < values.nodeSlots(table); i++) {
      const node = values.node(table, i);
      if (values.type(node) === TYPE_NIL) continue;
      this.writeValue(values.keyOf(node), reply);
      this.writeValue(node, reply);
    }
  }

  private writeSet(table: Pointer, reply: ReplyWriter): void {
    const { values } = this;
    reply.set(this.countPairs(table));
    for (let i = 0; i < values.arraySlots(table); i++) {
      if (values.type(values.arraySlot(table, i)) !== TYPE_NIL) reply.integer(i + 1);
    }
    for (let i = 0; i < values.nodeSlots(table); i++) {
      const node = values.node(table, i);
      if (values.type(node) !== TYPE_NIL) this.writeValue(values.keyOf(node), reply);
    }
  }

  private countPairs(table: Pointer): number {
    const { values } = this;
    let count = 0;
    for (let i = 0; i < values.arraySlots(table); i++) {
      if (values.type(values.arraySlot(table, i)) !== TYPE_NIL) count++;
    }
    for (let i = 0; i < values.nodeSlots(table); i++) if (values.type(values.node(table, i)) !== TYPE_NIL) count++;
    return count;
  }

  private writeVerbatim(table: Pointer, reply: ReplyWriter): boolean {
    const text = this.field(table, 'string', TYPE_STRING);
    const format = this.field(table, 'format', TYPE_STRING);
    if (text === 0 || format === 0) return false;
    const shown = Buffer.from(this.values.text(text), 'latin1').toString();
    reply.verbatim(this.values.text(format).slice(0, 3).padEnd(3), shown);
    return true;
  }

  private writeArray(table: Pointer, reply: ReplyWriter): void {
    const { values } = this;
    const slots = values.arraySlots(table);
    let count = 0;
    while (count < slots && values.type(values.arraySlot(table, count)) !== TYPE_NIL) count++;
    const rest = count === slots ? this.restOfArray(table, count) : [];
    reply.array(count + rest.length);
    for (let i = 0; i < count; i++) this.writeValue(values.arraySlot(table, i), reply);
    for (const value of rest) this.writeValue(value, reply);
  }

  /** The items behind the first `count`, up to the first nil, that are in the hash part. */
  private restOfArray(table: Pointer, count: number): Pointer[] {
    const { values } = this;
    // Most have none, and those that have some have few items there: Lua moves them to the array part when it grows.
    if (values.item(table, count + 1) === 0) return [];
    const items = new Map<number, Pointer>();
    for (let i = 0; i < values.nodeSlots(table); i++) {
      const node = values.node(table, i);
      const key = values.keyOf(node);
      if (values.type(key) === TYPE_NUMBER && values.type(node) !== TYPE_NIL) items.set(values.number(key), node);
    }
    const rest: Pointer[] = [];
    for (let value = items.get(count + 1); value !== undefined; value = items.get(count + rest.length + 1)) {
      rest.push(value);
    }
    return rest;
  }
}

/** A number as C casts it to 64 bits: cut, and the lowest one if it does not fit. */
function writeNumber(value: number, reply: ReplyWriter): void {
  const whole = Math.trunc(value);
  if (Number.isSafeInteger(whole)) reply.integer(whole === 0 ? 0 : whole);
  else reply.bigInteger(int64Of(whole));
}

function writeBoolean(value: boolean, reply: ReplyWriter, scriptResp: 2 | 3): void {
  if (scriptResp === 3) reply.boolean(value);
  else if (value) reply.integer(1);
  else reply.nullBulk();
}

/** Those at the end become spaces, too. */
function withoutLineBreaks(text: string): string {
  return text.replace(/[\r\n]/g, ' ');
}
