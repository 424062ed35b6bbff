import { expect } from 'chai';
import fc from 'fast-check';
import { ListSide } from '../../../lib/record/list-id.js';
import { ListElement } from '../../../lib/storage/memory/list-element.js';
import { ListNodes } from '../../../lib/storage/memory/list-nodes.js';
import { Slab } from '../../../lib/storage/memory/slab.js';
import type { ModelElement } from './list-model.js';
import { elements, fill, modelOf, payloadOf } from './list-model.js';

interface Rig {
  readonly slab: Slab;
  readonly list: ListNodes;
  readonly element: ListElement;
}

function rig(): Rig {
  const slab = new Slab(1);
  return { slab, list: new ListNodes(slab), element: new ListElement(slab, 0) };
}

function contents({ list, element }: Rig): ModelElement[] {
  const found: ModelElement[] = [];
  if (list.count === 0) return found;
  list.seek(0);
  do {
    list.read(element);
    found.push(modelOf(element));
  } while (list.next());
  return found;
}

function contentsBackwards({ list, element }: Rig): string[] {
  const found: string[] = [];
  if (list.count === 0) return found;
  list.seek(list.count - 1);
  do {
    list.readPayload(element);
    found.push(payloadOf(element));
  } while (list.previous());
  return found.reverse();
}

type Step = readonly [
  what: 'left' | 'right' | 'insert' | 'replace' | 'remove' | 'many',
  place: number,
  model: ModelElement,
  count: number,
];

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.tuple(
    fc.constantFrom('left', 'right', 'insert', 'insert', 'replace', 'remove', 'many'),
    fc.nat(),
    elements(3000),
    fc.nat({ max: 200 }),
  ),
  { maxLength: 60 },
);

/** Does a step to the list and to a plain array. */
function step({ list, element }: Rig, model: ModelElement[], [what, place, made, count]: Step): void {
  const at = model.length === 0 ? 0 : place % model.length;
  fill(element, made);
  if (what === 'right') {
    list.pushRight(element);
    model.push(made);
  } else if (what === 'left') {
    list.pushLeft(element);
    model.unshift(made);
  } else if (what === 'insert') {
    list.insertAt(at, element);
    model.splice(at, 0, made);
  } else if (what === 'many') {
    for (let i = 0; i < count; i++) {
      list.insertAt(at + Math.min(i, 1), fill(element, made));
      model.splice(at + Math.min(i, 1), 0, made);
    }
  } else if (what === 'replace' && model.length > 0) {
    list.replaceAt(at, element);
    model[at] = made;
  } else if (what === 'remove') {
    const removed = Math.min(count, model.length - at);
    list.removeRange(at, removed);
    model.splice(at, removed);
  }
}

describe('ListNodes', function () {
  this.timeout(20_000);

  it('holds what a plain array holds, whatever is done to both', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const all = rig();
        const model: ModelElement[] = [];
        for (const one of list) {
          step(all, model, one);
          expect(all.list.count).to.equal(model.length);
        }
        expect(contents(all)).to.deep.equal(model);
        expect(contentsBackwards(all)).to.deep.equal(model.map(({ payload }) => payload));
        expect(all.list.betweenCount).to.equal(model.filter(({ side }) => side === ListSide.BETWEEN).length);
        for (let i = 0; i < model.length; i += 17) {
          all.list.seek(i);
          expect(all.list.index).to.equal(i);
          all.list.readPayload(all.element);
          expect(payloadOf(all.element)).to.equal(model[i].payload);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('gives all of its memory back, when its elements are removed and when it is drained', () => {
    fc.assert(
      fc.property(steps, fc.boolean(), fc.integer({ min: 1, max: 3 }), (list, isDrained, max) => {
        const all = rig();
        const model: ModelElement[] = [];
        for (const one of list) step(all, model, one);
        if (!isDrained) all.list.removeRange(0, all.list.count);
        let freed = max;
        while (freed === max) freed = all.list.drain(max);
        expect(all.slab.usedBytes).to.equal(0);
      }),
      { numRuns: 100 },
    );
  });

  it('is a queue of a million elements either way, in little memory', () => {
    for (const side of [ListSide.RIGHT, ListSide.LEFT]) {
      const { list, element, slab } = rig();
      element.payload = Buffer.alloc(16, 'x');
      element.payloadEnd = 16;
      let popped = 0;
      for (let stamp = 1; stamp <= 1_000_000; stamp++) {
        element.create(side, stamp, 0, stamp - 1);
        if (side === ListSide.RIGHT) list.pushRight(element);
        else list.pushLeft(element);
        if (list.count <= 1000) continue;
        const at = side === ListSide.RIGHT ? 0 : list.count - 1;
        list.seek(at);
        list.read(element);
        if (element.stamp !== ++popped) expect.fail(`popped ${element.stamp} instead of ${popped}`);
        list.removeRange(at, 1);
      }
      expect(list.count).to.equal(1000);
      expect(slab.usedBytes).to.be.below(64 * 1024);
    }
  });

  it('takes at most 15 bytes an element besides its payload, pushed at either end', () => {
    const { list, element, slab } = rig();
    element.payload = Buffer.alloc(20, 'x');
    element.payloadEnd = 20;
    for (let stamp = 1; stamp <= 100_000; stamp++) {
      element.create(stamp % 2 === 0 ? ListSide.LEFT : ListSide.RIGHT, 4096 * stamp, 0, 4096 * (stamp - 2));
      if (stamp % 2 === 0) list.pushLeft(element);
      else list.pushRight(element);
    }
    expect(slab.usedBytes / 100_000).to.be.below(20 + 15);
    expect(list.usedBytes).to.equal(slab.usedBytes);
  });

  it('finds any of a million elements without a look at every node', () => {
    const { list, element } = rig();
    element.payload = Buffer.alloc(4);
    element.payloadEnd = 4;
    for (let stamp = 1; stamp <= 1_000_000; stamp++) {
      element.create(ListSide.RIGHT, stamp, 0, stamp - 1);
      list.pushRight(element);
    }
    for (let i = 0; i < 100_000; i++) {
      const index = (i * 7919) % 1_000_000;
      list.seek(index);
      list.read(element);
      if (element.stamp !== index + 1 || list.index !== index) expect.fail(`index ${index}`);
    }
  });

  it('keeps nodes full enough when elements go from its middle', () => {
    const { list, element, slab } = rig();
    element.payload = Buffer.alloc(20);
    element.payloadEnd = 20;
    for (let stamp = 1; stamp <= 20_000; stamp++) {
      element.create(ListSide.RIGHT, stamp, 0, stamp - 1);
      list.pushRight(element);
    }
    for (let i = 19_990; i > 10; i--) if (i % 10 !== 0) list.removeRange(i, 1);
    expect(slab.usedBytes / list.count).to.be.below(100);
  });
});
