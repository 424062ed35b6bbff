import { formatDouble } from '../base/double.js';
import type { Pointer, State } from './lua-exports.js';
import { TYPE_NIL, TYPE_NUMBER, TYPE_STRING } from './lua-exports.js';
import type { LuaMachine } from './lua-machine.js';
import {
  NODE_BYTES,
  NODE_KEY,
  STATE_BASE,
  STATE_TOP,
  STRING_BYTES,
  STRING_LENGTH,
  TABLE_ARRAY,
  TABLE_ARRAY_LENGTH,
  TABLE_LOG_NODES,
  TABLE_NODES,
  VALUE_BYTES,
  VALUE_TYPE,
} from './lua-structures.js';

/**
 * Values of Lua, read where they lie: each by the address of its TValue. Addresses are good until Lua runs or allocates.
 *
 * A table's items are walked in the order of `next`: for each `i` in [0, slots(table)), `slot` is where its value is, and `keyOf` where its key.
 */
export class LuaValues {
  private readonly machine: LuaMachine;

  constructor(machine: LuaMachine) {
    this.machine = machine;
  }

  /** The value on the top of the stack. */
  top(state: State): Pointer {
    return this.machine.uint32[(state + STATE_TOP) >> 2] - VALUE_BYTES;
  }

  /** Argument `i` of a function, from 1 on. REQUIRES: it has so many. */
  argument(state: State, i: number): Pointer {
    return this.machine.uint32[(state + STATE_BASE) >> 2] + (i - 1) * VALUE_BYTES;
  }

  argumentCount(state: State): number {
    const { uint32 } = this.machine;
    return (uint32[(state + STATE_TOP) >> 2] - uint32[(state + STATE_BASE) >> 2]) / VALUE_BYTES;
  }

  type(value: Pointer): number {
    return this.machine.uint32[(value + VALUE_TYPE) >> 2];
  }

  number(value: Pointer): number {
    return this.machine.float64[value >> 3];
  }

  /** A number as C's %.17g spells it, which loses nothing: of what is no number, the sign too. */
  numberText(value: Pointer): string {
    const number = this.number(value);
    const isNegativeNan = Number.isNaN(number) && this.machine.int32[(value >> 2) + 1] < 0;
    return isNegativeNan ? '-nan' : formatDouble(number);
  }

  boolean(value: Pointer): boolean {
    return this.machine.uint32[value >> 2] !== 0;
  }

  /** What a string, table or userdata value points to. */
  pointer(value: Pointer): Pointer {
    return this.machine.uint32[value >> 2];
  }

  /** Where the bytes of a string value begin in the machine's `bytes`. */
  stringStart(value: Pointer): number {
    return this.machine.uint32[value >> 2] + STRING_BYTES;
  }

  stringEnd(value: Pointer): number {
    const { uint32 } = this.machine;
    const text = uint32[value >> 2];
    return text + STRING_BYTES + uint32[(text + STRING_LENGTH) >> 2];
  }

  /** A string value as text in Latin-1. */
  text(value: Pointer): string {
    return this.machine.bytes.toString('latin1', this.stringStart(value), this.stringEnd(value));
  }

  /** The same, up to its first zero byte. */
  cText(value: Pointer): string {
    return this.machine.cTextAt(this.stringStart(value));
  }

  /** How many items the array part of a table has room for: item i + 1 is `arraySlot(table, i)`. */
  arraySlots(table: Pointer): number {
    return this.machine.uint32[(table + TABLE_ARRAY_LENGTH) >> 2];
  }

  arraySlot(table: Pointer, i: number): Pointer {
    return this.machine.uint32[(table + TABLE_ARRAY) >> 2] + i * VALUE_BYTES;
  }

  /** How many items the hash part has room for. */
  nodeSlots(table: Pointer): number {
    return 1 << this.machine.bytes[table + TABLE_LOG_NODES];
  }

  /** The value of a node: nil if the node is free. */
  node(table: Pointer, i: number): Pointer {
    return this.machine.uint32[(table + TABLE_NODES) >> 2] + i * NODE_BYTES;
  }

  /** The key of a node: of a string or a number, as any value. */
  keyOf(node: Pointer): Pointer {
    return node + NODE_KEY;
  }

  /** The item under a string, which is known by its pointer: Lua has each string once. 0 if there is none. */
  field(table: Pointer, name: Pointer): Pointer {
    const count = this.nodeSlots(table);
    for (let i = 0; i < count; i++) {
      const node = this.node(table, i);
      const key = node + NODE_KEY;
      if (this.type(key) === TYPE_STRING && this.pointer(key) === name && this.type(node) !== TYPE_NIL) return node;
    }
    return 0;
  }

  /** The item under a whole number that the array part has no room for. 0 if there is none. */
  item(table: Pointer, index: number): Pointer {
    const count = this.nodeSlots(table);
    for (let i = 0; i < count; i++) {
      const node = this.node(table, i);
      const key = node + NODE_KEY;
      if (this.type(key) === TYPE_NUMBER && this.number(key) === index && this.type(node) !== TYPE_NIL) return node;
    }
    return 0;
  }
}
