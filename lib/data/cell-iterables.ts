/**
 * What is in the collection that a cursor was turned to, as iterables: each begins anew when it is gone through again. The buffers are views that are
 * valid until the next change of any data.
 */

import type { FieldReader } from './field-reader.js';
import type { ListReader } from './list-reader.js';
import type { SortedCells } from './sorted-cells.js';

/** The members of a set, or the fields of a hash. */
export function namesIn(cells: FieldReader): Iterable<Buffer> {
  return {
    *[Symbol.iterator]() {
      cells.rewind();
      while (cells.next()) yield cells.bytes.subarray(cells.fieldStart, cells.fieldEnd);
    },
  };
}

/** The fields of a hash, and their values. */
export function fieldsIn(cells: FieldReader): Iterable<readonly [field: Buffer, value: Buffer]> {
  return {
    *[Symbol.iterator]() {
      cells.rewind();
      while (cells.next()) {
        const { bytes } = cells;
        yield [
          bytes.subarray(cells.fieldStart, cells.fieldEnd),
          bytes.subarray(cells.valueStart, cells.valueEnd),
        ] as const;
      }
    },
  };
}

/** The members of a sorted set with their scores, the lowest first. */
export function membersIn(cells: SortedCells): Iterable<readonly [member: Buffer, score: number]> {
  return {
    *[Symbol.iterator]() {
      for (let more = cells.seek(0); more; more = cells.up()) {
        yield [cells.bytes.subarray(cells.fieldStart, cells.fieldEnd), cells.score] as const;
      }
    },
  };
}

/** The elements of a list, from the left. */
export function elementsIn(cells: ListReader): Iterable<Buffer> {
  return {
    *[Symbol.iterator]() {
      for (let more = cells.seek(0); more; more = cells.next()) {
        const { bytes } = cells;
        yield Buffer.from(bytes.buffer, bytes.byteOffset + cells.start, cells.end - cells.start);
      }
    },
  };
}
