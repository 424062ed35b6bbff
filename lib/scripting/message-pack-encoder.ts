import { ByteWriter } from './byte-writer.js';
import type { Pointer } from './lua-exports.js';
import { TYPE_BOOLEAN, TYPE_NIL, TYPE_NUMBER, TYPE_STRING, TYPE_TABLE } from './lua-exports.js';
import type { LuaMachine } from './lua-machine.js';
import { LuaValues } from './lua-values.js';

/** Tables deeper than this are written as nil. */
const DEPTH_MAX = 16;
const INT64_LIMIT = 2 ** 63;
const NIL = 0xc0;

/**
 * Values of Lua as MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md), as lua-cmsgpack 0.4 writes them: the shortest form of
 * each number, tables with the keys 1, 2 ... n as arrays, others as maps, and what has no form as nil. The values are read where they lie.
 */
export class MessagePackEncoder {
  readonly output = new ByteWriter();

  private readonly machine: LuaMachine;
  private readonly values: LuaValues;

  constructor(machine: LuaMachine) {
    this.machine = machine;
    this.values = new LuaValues(machine);
  }

  /** Adds `value` to `output`. */
  encode(value: Pointer): void {
    this.write(value, 0);
  }

  private write(value: Pointer, depth: number): void {
    const { values, output } = this;
    switch (values.type(value)) {
      case TYPE_STRING:
        return this.writeString(values.stringStart(value), values.stringEnd(value));
      case TYPE_NUMBER:
        return this.writeNumber(values.number(value));
      case TYPE_BOOLEAN:
        return output.byte(values.boolean(value) ? 0xc3 : 0xc2);
      case TYPE_TABLE:
        if (depth < DEPTH_MAX) return this.writeTable(values.pointer(value), depth);
    }
    output.byte(NIL);
  }

  private writeString(start: number, end: number): void {
    const { output } = this;
    const length = end - start;
    if (length < 32) output.byte(0xa0 | length);
    else this.writeSize(length, 0xd9, 0xda, 0xdb);
    output.bytes(this.machine.bytes, start, end);
  }

  /** A size behind the mark for one of 8, 16 or 32 bits. */
  private writeSize(size: number, mark8: number, mark16: number, mark32: number): void {
    const { output } = this;
    if (size <= 0xff && mark8 !== 0) {
      output.byte(mark8);
      output.byte(size);
    } else if (size <= 0xffff) {
      output.byte(mark16);
      output.bigEndian(size, 2);
    } else {
      output.byte(mark32);
      output.bigEndian(size, 4);
    }
  }

  private writeNumber(value: number): void {
    if (Math.trunc(value) === value && value >= -INT64_LIMIT && value < INT64_LIMIT) this.writeInteger(value);
    else this.writeDouble(value);
  }

  private writeInteger(value: number): void {
    const { output } = this;
    if (value >= 0) {
      if (value <= 0x7f) output.byte(value);
      else if (value <= 0xffff_ffff) this.writeSize(value, 0xcc, 0xcd, 0xce);
      else this.write64(0xcf, value);
    } else if (value >= -32) {
      output.byte(value & 0xff);
    } else if (value >= -0x80) {
      output.byte(0xd0);
      output.byte(value & 0xff);
    } else if (value >= -0x8000) {
      output.byte(0xd1);
      output.bigEndian(value & 0xffff, 2);
    } else if (value >= -0x8000_0000) {
      output.byte(0xd2);
      output.bigEndian(value >>> 0, 4);
    } else {
      this.write64(0xd3, value);
    }
  }

  private write64(mark: number, value: number): void {
    const { output } = this;
    output.byte(mark);
    output.reserve(8);
    output.length = output.buffer.writeBigInt64BE(BigInt(value), output.length);
  }

  /** A double, or a float if that is the same. */
  private writeDouble(value: number): void {
    const { output } = this;
    const isFloat = Math.fround(value) === value;
    output.byte(isFloat ? 0xca : 0xcb);
    output.reserve(8);
    const { buffer, length } = output;
    output.length = isFloat ? buffer.writeFloatBE(value, length) : buffer.writeDoubleBE(value, length);
  }

  private writeTable(table: Pointer, depth: number): void {
    const { values } = this;
    let count = 0;
    let highest = 0;
    let isList = true;
    for (let i = 0; i < values.arraySlots(table); i++) {
      if (values.type(values.arraySlot(table, i)) === TYPE_NIL) continue;
      count++;
      highest = i + 1;
    }
    for (let i = 0; i < values.nodeSlots(table); i++) {
      const node = values.node(table, i);
      if (values.type(node) === TYPE_NIL) continue;
      count++;
      const key = values.keyOf(node);
      const index = values.type(key) === TYPE_NUMBER ? values.number(key) : 0;
      if (index >= 1 && Math.trunc(index) === index) highest = Math.max(highest, index);
      else isList = false;
    }
    if (isList && highest === count) this.writeList(table, count, depth);
    else this.writeMap(table, count, depth);
  }

  private writeList(table: Pointer, count: number, depth: number): void {
    const { values, output } = this;
    if (count <= 15) output.byte(0x90 | count);
    else this.writeSize(count, 0, 0xdc, 0xdd);
    const slots = values.arraySlots(table);
    for (let i = 0; i < Math.min(count, slots); i++) this.write(values.arraySlot(table, i), depth + 1);
    if (count <= slots) return;
    const others = new Map<number, Pointer>();
    for (let i = 0; i < values.nodeSlots(table); i++) {
      const node = values.node(table, i);
      if (values.type(node) !== TYPE_NIL) others.set(values.number(values.keyOf(node)), node);
    }
    for (let i = slots + 1; i <= count; i++) this.write(others.get(i) ?? 0, depth + 1);
  }

  private writeMap(table: Pointer, count: number, depth: number): void {
    const { values, output } = this;
    if (count <= 15) output.byte(0x80 | count);
    else this.writeSize(count, 0, 0xde, 0xdf);
    for (let i = 0; i < values.arraySlots(table); i++) {
      const value = values.arraySlot(table, i);
      if (values.type(value) === TYPE_NIL) continue;
      this.writeInteger(i + 1);
      this.write(value, depth + 1);
    }
    for (let i = 0; i < values.nodeSlots(table); i++) {
      const node = values.node(table, i);
      if (values.type(node) === TYPE_NIL) continue;
      this.write(values.keyOf(node), depth + 1);
      this.write(node, depth + 1);
    }
  }
}
