import { assert } from '../base/assert.js';
import { ChangeKind } from '../record/batch-format.js';
import type { Cell } from '../record/entry.js';
import { CellType } from '../record/entry.js';
import { ListSide, isElementField } from '../record/list-id.js';
import { Removals } from '../record/removals.js';
import { ListElement } from '../storage/memory/list-element.js';
import { ID_BYTES_MAX, ListNodes } from '../storage/memory/list-nodes.js';
import { LARGE } from '../storage/memory/record-head.js';
import { LARGE_VALUE_BYTES } from '../storage/memory/record-heap.js';
import type { BuiltValue, LargeAdder } from './collection.js';
import type { Keyspace } from './keyspace.js';
import { ListReader } from './list-reader.js';

const NOTHING = Buffer.alloc(0);
/** A large list that has become so small is packed again. It is looked at when its length is a power of two. */
export const REPACKED_COUNT_MAX = 32;

const keptField = Buffer.allocUnsafeSlow(ID_BYTES_MAX);
const largeValue = Buffer.allocUnsafeSlow(LARGE_VALUE_BYTES);

/** Changes the list under the keyspace's cursor in memory, and gives it the form that fits it: what it is about, and the batch, are for whoever extends it. */
export class ListEditor extends ListReader {
  readonly type = CellType.LIST;
  protected readonly keyspace: Keyspace;
  /** For what must leave `element` as it is. */
  protected readonly other: ListElement;

  constructor(keyspace: Keyspace) {
    super(keyspace);
    this.keyspace = keyspace;
    this.other = new ListElement(keyspace.heap.slab, keyspace.origin);
  }

  /** Turns to the key under the cursor: its record is a list, or there is none. */
  use(): void {
    this.open(this.keyspace.cellsAt(this.type));
  }

  build(cells: Iterable<Cell>): BuiltValue {
    const list = [...cells].filter((cell) => cell.value !== undefined);
    const removals = new Removals();
    for (const { field, value, pair } of list) if (!isElementField(field)) removals.add(field, value, pair);
    const elements = list.filter(({ field }) => isElementField(field));
    elements.sort((a, b) => Buffer.compare(a.field, b.field));
    return this.buildPacked(elements, removals.encodeAll()) ?? this.buildLarge(elements, removals);
  }

  beginLarge(): LargeAdder {
    const { large } = this.keyspace.heap;
    const nodes = this.newNodes();
    const removals = new Removals();
    return {
      value: nodes,
      add: (reader) => {
        if (reader.kind !== ChangeKind.VALUE) return;
        const { other } = this;
        const { bytes, fieldStart, fieldEnd } = reader;
        if (!isElementField(bytes.subarray(fieldStart, fieldEnd))) {
          removals.addCell(reader);
          return;
        }
        other.setField(bytes, fieldStart, fieldEnd);
        other.setValue(bytes, reader.valueStart, reader.valueEnd);
        other.pairStamp = reader.stamp;
        other.pairOrigin = reader.origin;
        nodes.pushRight(other);
      },
      finish: () => {
        if (!removals.isEmpty) nodes.removals = removals;
        const value = Buffer.allocUnsafe(LARGE_VALUE_BYTES);
        value.writeInt32LE(large.add(nodes), 0);
        return { form: this.type + LARGE, value };
      },
    };
  }

  /** Puts `element` at `index`. */
  protected insertElement(index: number): void {
    const { element, pack, keyspace } = this;
    if (this.nodes === undefined && pack.fits(0, 1, element.encodedBytes(false))) {
      const length = pack.splice(index, 0, element);
      this.open(keyspace.rewriteValue(this.type, pack.draft, 0, length));
      return;
    }
    const nodes = this.nodes ?? this.enlarge();
    nodes.insertAt(index, element);
    this.count = nodes.count;
  }

  /** Puts `element` in the place of the one at `index`, of which it may have the field in a scratch. */
  protected replaceElement(index: number): void {
    const { element, pack, keyspace } = this;
    if (this.nodes === undefined && pack.fits(0, 1, element.encodedBytes(false))) {
      const length = pack.splice(index, 1, element);
      this.open(keyspace.rewriteValue(this.type, pack.draft, 0, length));
      return;
    }
    (this.nodes ?? this.enlarge()).replaceAt(index, element);
  }

  protected removeElements(index: number, count: number): void {
    const { nodes, pack, keyspace } = this;
    if (nodes === undefined) {
      const length = pack.splice(index, count, undefined);
      this.open(keyspace.rewriteValue(this.type, pack.draft, 0, length));
      return;
    }
    nodes.removeRange(index, count);
    this.count = nodes.count;
    if (this.count <= REPACKED_COUNT_MAX && (this.count & (this.count - 1)) === 0) this.repack(nodes);
  }

  /** Takes out the elements at ascending places: from the right, so that the places of the others stay, and neighbours at once. */
  protected removeAt(indexes: readonly number[]): void {
    for (let i = indexes.length - 1; i >= 0;) {
      let first = i;
      while (first > 0 && indexes[first - 1] === indexes[first] - 1) first--;
      this.removeElements(indexes[first], i - first + 1);
      i = first - 1;
    }
  }

  /** Keeps the field of the element that was read where changes of the list do not touch it. */
  protected keepField(): void {
    const { element } = this;
    if (element.side !== ListSide.BETWEEN) return;
    const length = element.copyField(keptField);
    element.field = keptField;
    element.fieldStart = 0;
    element.fieldEnd = length;
  }

  private newNodes(): ListNodes {
    const { heap, origin } = this.keyspace;
    const cells = this.keyspace.newDigestOfCells();
    return new ListNodes(heap.slab, cells && { cells, element: new ListElement(heap.slab, origin) });
  }

  /** Gives the list the large form. */
  private enlarge(): ListNodes {
    const { keyspace, pack, other } = this;
    const nodes = this.newNodes();
    nodes.removals = this.removals;
    for (let i = 0; i < pack.count; i++) {
      pack.read(i, other);
      nodes.pushRight(other);
    }
    largeValue.writeInt32LE(keyspace.heap.large.add(nodes), 0);
    this.open(keyspace.rewriteValue(this.type + LARGE, largeValue, 0, LARGE_VALUE_BYTES));
    return nodes;
  }

  /** Gives a list that has become small the packed form, if it fits well. */
  private repack(nodes: ListNodes): void {
    const { keyspace, pack, other } = this;
    if (nodes.removals !== undefined) return;
    pack.begin(NOTHING);
    for (let i = 0; i < nodes.count; i++) {
      nodes.seek(i);
      nodes.read(other);
      if (!pack.append(other)) return;
    }
    const ref = keyspace.cellsAt(this.type);
    const index = keyspace.heap.largeIndex(ref);
    this.open(keyspace.rewriteValue(this.type, pack.draft, 0, pack.finish()));
    keyspace.heap.large.release(index);
  }

  private buildPacked(elements: readonly Cell[], removals: Buffer): BuiltValue | undefined {
    const { pack } = this;
    if (!pack.begin(removals)) return undefined;
    for (const cell of elements) if (!pack.append(this.elementOf(cell))) return undefined;
    return { form: this.type, value: Buffer.from(pack.draft.subarray(0, pack.finish())) };
  }

  private buildLarge(elements: readonly Cell[], removals: Removals): BuiltValue {
    const { large } = this.keyspace.heap;
    const nodes = this.newNodes();
    if (!removals.isEmpty) nodes.removals = removals;
    for (const cell of elements) nodes.pushRight(this.elementOf(cell));
    const value = Buffer.allocUnsafe(LARGE_VALUE_BYTES);
    value.writeInt32LE(large.add(nodes), 0);
    return { form: this.type + LARGE, value };
  }

  /** The element of a cell. */
  private elementOf({ field, value = NOTHING, pair }: Cell): ListElement {
    const { other } = this;
    other.setField(field, 0, field.length);
    other.setValue(value, 0, value.length);
    other.pairStamp = pair.stamp;
    other.pairOrigin = pair.origin;
    return other;
  }

  /** Remembers that elements are gone: what is on the disk, or with other nodes, may still have them. */
  protected remember(field: Buffer, value: Buffer, pair: { stamp: number; origin: number }): void {
    const removals = this.removals ?? new Removals();
    removals.add(field, value, pair);
    if (this.nodes === undefined) {
      const encoded = removals.encodeAll();
      if (this.pack.fitsRemovals(encoded)) {
        const length = this.pack.spliceRemovals(encoded);
        this.open(this.keyspace.rewriteValue(this.type, this.pack.draft, 0, length));
        return;
      }
      this.enlarge();
    }
    assert(this.nodes !== undefined, 'what is not packed is large');
    this.nodes.removals = removals;
  }
}
