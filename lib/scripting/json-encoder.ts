import { ByteWriter } from './byte-writer.js';
import type { JsonSettings } from './json-settings.js';
import type { Pointer, State } from './lua-exports.js';
import { TYPE_BOOLEAN, TYPE_LIGHT_USERDATA, TYPE_NIL, TYPE_NUMBER, TYPE_STRING, TYPE_TABLE } from './lua-exports.js';
import type { LuaMachine } from './lua-machine.js';
import { LuaValues } from './lua-values.js';
import { formatGeneral } from './number-text.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const NOT_A_LIST = -1;

/** What stands in a string for a byte; undefined: the byte itself. */
const ESCAPES: readonly (string | undefined)[] = Array.from({ length: 256 }, (_, byte) => escapeOf(byte));

function escapeOf(byte: number): string | undefined {
  const short = { 8: '\\b', 9: '\\t', 10: '\\n', 12: '\\f', 13: '\\r', 0x22: '\\"', 0x2f: '\\/', 0x5c: '\\\\' }[byte];
  if (short !== undefined) return short;
  return byte < 0x20 || byte === 0x7f ? `\\u${byte.toString(16).padStart(4, '0')}` : undefined;
}

/** The error of a value that JSON has no form for; its text is cjson's. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
}

/**
 * Values of Lua as JSON, as cjson 2.1 writes them: tables with nothing but the keys 1, 2 ... as arrays, others and empty ones as objects.
 * The values are read where they lie: nothing of Lua runs meanwhile.
 */
export class JsonEncoder {
  readonly output = new ByteWriter();

  private readonly machine: LuaMachine;
  private readonly values: LuaValues;
  private readonly settings: JsonSettings;

  constructor(machine: LuaMachine, settings: JsonSettings) {
    this.machine = machine;
    this.values = new LuaValues(machine);
    this.settings = settings;
  }

  /** Writes `value` to `output`. Throws JsonError. */
  encode(state: State, value: Pointer): void {
    this.output.clear();
    this.write(state, value, 0);
  }

  private write(state: State, value: Pointer, depth: number): void {
    const { values, output } = this;
    const type = values.type(value);
    switch (type) {
      case TYPE_STRING:
        return this.writeString(values.stringStart(value), values.stringEnd(value));
      case TYPE_NUMBER:
        return this.writeNumber(values.number(value));
      case TYPE_BOOLEAN:
        return output.text(values.boolean(value) ? 'true' : 'false');
      case TYPE_TABLE:
        return this.writeTable(state, values.pointer(value), depth + 1);
      case TYPE_NIL:
        return output.text('null');
      default:
        if (type === TYPE_LIGHT_USERDATA && values.pointer(value) === 0) return output.text('null');
        throw this.refusal(state, type, 'type not supported');
    }
  }

  private writeTable(state: State, table: Pointer, depth: number): void {
    if (depth > this.settings.encodeDepthMax) {
      throw new JsonError(`Cannot serialise, excessive nesting (${depth})`);
    }
    const length = this.listLength(state, table);
    if (length > 0) this.writeList(state, table, length, depth);
    else this.writeObject(state, table, depth);
  }

  /** The highest index of a table that is a list, 0 if it is empty, NOT_A_LIST for others. */
  private listLength(state: State, table: Pointer): number {
    const { values, settings } = this;
    let length = 0;
    let items = 0;
    for (let i = 0; i < values.arraySlots(table); i++) {
      if (values.type(values.arraySlot(table, i)) === TYPE_NIL) continue;
      length = i + 1;
      items++;
    }
    for (let i = 0; i < values.nodeSlots(table); i++) {
      const node = values.node(table, i);
      if (values.type(node) === TYPE_NIL) continue;
      const key = values.keyOf(node);
      const index = values.type(key) === TYPE_NUMBER ? values.number(key) : 0;
      if (!(index >= 1) || Math.floor(index) !== index) return NOT_A_LIST;
      length = Math.max(length, index);
      items++;
    }
    const { sparseRatio, sparseSafe, sparseConvert } = settings;
    const isSparse = sparseRatio > 0 && length > items * sparseRatio && length > sparseSafe;
    if (!isSparse) return length;
    if (!sparseConvert) throw this.refusal(state, TYPE_TABLE, 'excessively sparse array');
    return NOT_A_LIST;
  }

  private writeList(state: State, table: Pointer, length: number, depth: number): void {
    const { values, output } = this;
    const slots = values.arraySlots(table);
    const others = length > slots ? this.itemsOfNodes(table) : undefined;
    output.byte(0x5b); // [
    for (let i = 0; i < length; i++) {
      if (i > 0) output.byte(COMMA);
      const value = i < slots ? values.arraySlot(table, i) : others?.get(i + 1);
      if (value === undefined) output.text('null');
      else this.write(state, value, depth);
    }
    output.byte(0x5d); // ]
  }

  private itemsOfNodes(table: Pointer): Map<number, Pointer> {
    const { values } = this;
    const items = new Map<number, Pointer>();
    for (let i = 0; i < values.nodeSlots(table); i++) {
      const node = values.node(table, i);
      if (values.type(node) !== TYPE_NIL) items.set(values.number(values.keyOf(node)), node);
    }
    return items;
  }

  private writeObject(state: State, table: Pointer, depth: number): void {
    const { values, output } = this;
    let isFirst = true;
    output.byte(0x7b); // {
    for (let i = 0; i < values.arraySlots(table); i++) {
      const value = values.arraySlot(table, i);
      if (values.type(value) === TYPE_NIL) continue;
      if (!isFirst) output.byte(COMMA);
      isFirst = false;
      output.text(`"${i + 1}":`);
      this.write(state, value, depth);
    }
    for (let i = 0; i < values.nodeSlots(table); i++) {
      const node = values.node(table, i);
      if (values.type(node) === TYPE_NIL) continue;
      if (!isFirst) output.byte(COMMA);
      isFirst = false;
      this.writeKey(state, values.keyOf(node));
      this.write(state, node, depth);
    }
    output.byte(0x7d); // }
  }

  private writeKey(state: State, key: Pointer): void {
    const { values, output } = this;
    const type = values.type(key);
    if (type === TYPE_STRING) {
      this.writeString(values.stringStart(key), values.stringEnd(key));
    } else if (type === TYPE_NUMBER) {
      output.byte(QUOTE);
      this.writeNumber(values.number(key));
      output.byte(QUOTE);
    } else {
      throw this.refusal(state, type, 'table key must be a number or string');
    }
    output.byte(COLON);
  }

  private writeString(start: number, end: number): void {
    const { output } = this;
    const { bytes } = this.machine;
    output.reserve((end - start) * 6 + 2);
    const target = output.buffer;
    let at = output.length;
    target[at++] = QUOTE;
    for (let i = start; i < end; i++) {
      const escape = ESCAPES[bytes[i]];
      if (escape === undefined) target[at++] = bytes[i];
      else at += target.write(escape, at, 'latin1');
    }
    target[at++] = QUOTE;
    output.length = at;
  }

  private writeNumber(value: number): void {
    const { encodeInvalidNumbers, numberPrecision } = this.settings;
    if (!Number.isFinite(value) && encodeInvalidNumbers !== 'on') {
      if (encodeInvalidNumbers === 'off') throw new JsonError('Cannot serialise number: must not be NaN or Inf');
      this.output.text('null');
      return;
    }
    const isShort = Math.abs(value) < 10 ** numberPrecision && Number.isInteger(value) && !Object.is(value, -0);
    this.output.text(isShort ? String(value) : formatGeneral(value, numberPrecision));
  }

  private refusal(state: State, type: number, why: string): JsonError {
    const { machine } = this;
    return new JsonError(`Cannot serialise ${machine.cTextAt(machine.lua.lua_typename(state, type))}: ${why}`);
  }
}
