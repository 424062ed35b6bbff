import { expect } from 'chai';
import { DataSet, KEY_BYTES, VALUE_BYTES } from '../../../../scripts/bench/level/data-set.js';
import { SeededRandom } from '../../../sim/seeded-random.js';

describe('DataSet', () => {
  const data = new DataSet(1000, new SeededRandom(1));

  it('has keys and values of one length each, no two alike, and another value for a key that was changed', () => {
    const changed = new DataSet(1000, new SeededRandom(1));
    for (let number = 0; number < 1000; number++) changed.change(number);
    const all = [data, changed].flatMap((set) => set.puts(set.inRandomOrder(0, 1000)));
    expect(new Set(all.map(({ key }) => key.toString())).size).to.equal(1000);
    expect(new Set(all.map(({ value }) => value.toString('latin1'))).size).to.equal(2000);
    for (const { key, value } of all) expect([key.length, value.length]).to.deep.equal([KEY_BYTES, VALUE_BYTES]);
    expect(data.byteLength).to.equal(1000 * (KEY_BYTES + VALUE_BYTES));
  });

  it('meets each key once in its random order', () => {
    const order = [...data.inRandomOrder(0, 1000)];
    expect(order).to.not.deep.equal(order.toSorted((a, b) => a - b));
    expect(order.toSorted((a, b) => a - b)).to.deep.equal(order.map((_, number) => number));
  });

  it("refuses a value that is lost, old, or another key's", () => {
    const set = new DataSet(10, new SeededRandom(1));
    const old = Buffer.from(set.value(3));
    set.check(3, old);
    set.change(3);
    expect(() => set.check(3, old)).to.throw('another value');
    expect(() => set.check(3, set.value(4))).to.throw('another value');
    expect(() => set.check(3, undefined)).to.throw('lost');
  });
});
