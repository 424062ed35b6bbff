import { expect } from 'chai';
import fc from 'fast-check';
import { ListElement } from '../../../lib/storage/memory/list-element.js';
import { LIST_PACK_BYTES_MAX, LIST_PACK_COUNT_MAX, ListPack } from '../../../lib/storage/memory/list-pack.js';
import { Slab } from '../../../lib/storage/memory/slab.js';
import type { ModelElement } from './list-model.js';
import { elements, fill, modelOf } from './list-model.js';

const slab = new Slab(1);

/** A record's value that is written anew with every change. */
class Value {
  readonly pack = new ListPack();
  readonly element = new ListElement(slab, 0);
  bytes: Buffer = Buffer.alloc(0);

  constructor() {
    this.put(0);
  }

  put(length: number): void {
    // It lies somewhere in a larger buffer, as records do.
    this.bytes = Buffer.concat([Buffer.from('before'), this.pack.draft.subarray(0, length), Buffer.from('behind')]);
    this.pack.open(this.bytes, 6, 6 + length);
  }

  get contents(): ModelElement[] {
    return Array.from({ length: this.pack.count }, (_, i) => {
      this.pack.read(i, this.element);
      return modelOf(this.element);
    });
  }
}

describe('ListPack', () => {
  it('holds what a plain array holds, as long as that fits', () => {
    const steps = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 3 }), fc.option(elements(200))), { maxLength: 150 });
    fc.assert(
      fc.property(steps, (list) => {
        const value = new Value();
        const model: ModelElement[] = [];
        for (const [place, some, made] of list) {
          const at = place % (model.length + 1);
          const removed = Math.min(some, model.length - at);
          const element = made === null ? undefined : fill(value.element, made);
          if (!value.pack.fits(removed, Number(made !== null), element?.encodedBytes(false) ?? 0)) continue;
          value.put(value.pack.splice(at, removed, element));
          model.splice(at, removed, ...(made === null ? [] : [made]));
          expect(value.contents).to.deep.equal(model);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('keeps what is known to be gone in front of its elements', () => {
    const value = new Value();
    const made = fc.sample(elements(10), 3);
    value.put(value.pack.spliceRemovals(Buffer.from('gone')));
    for (const one of made) value.put(value.pack.splice(value.pack.count, 0, fill(value.element, one)));
    expect(value.pack.removals.toString()).to.equal('gone');
    expect(value.contents).to.deep.equal(made);
    value.put(value.pack.spliceRemovals(Buffer.from('more is gone')));
    expect(value.pack.removals.toString()).to.equal('more is gone');
    expect(value.contents).to.deep.equal(made);
    value.put(value.pack.splice(0, 3, undefined));
    expect(value.pack.removals.toString()).to.equal('more is gone');
    expect(value.pack.count).to.equal(0);
  });

  it('says when there is no room', () => {
    const value = new Value();
    const [made] = fc.sample(elements(10), 1);
    while (value.pack.fits(0, 1, fill(value.element, made).encodedBytes(false))) {
      value.put(value.pack.splice(0, 0, fill(value.element, made)));
    }
    const isFull = value.pack.count === LIST_PACK_COUNT_MAX;
    expect(isFull || value.bytes.length + 100 > LIST_PACK_BYTES_MAX).to.equal(true);
    expect(value.pack.fits(1, 1, 0)).to.equal(true);
  });
});
