import { expect } from 'chai';
import { PositionHasher } from '../../lib/base/position.js';
import { NO_COLD_DATA } from '../../lib/data/cold-data.js';
import { FieldReader } from '../../lib/data/field-reader.js';
import { findField, textAt } from './field-access.js';
import { KeyspaceBench } from './keyspace-bench.js';

describe('FieldReader', () => {
  it("walks by Redis's promise: what is there all the time is met, whatever comes and goes", () => {
    const bench = new KeyspaceBench(1, new PositionHasher(Buffer.from('position')), NO_COLD_DATA);
    const { hashes } = bench.keyspace;
    const turn = (): void => {
      bench.find(0, 'h');
      hashes.use();
    };
    const put = (text: string): void => {
      const bytes = Buffer.from(text);
      hashes.find(bytes, 0, bytes.length);
      hashes.put(bytes, 0, bytes.length);
    };
    turn();
    for (let i = 0; i < 20_000; i++) put(`stays${i}`);
    const met = new Set<string>();
    let comes = 0;
    let cursor = 0;
    do {
      cursor = hashes.walk(cursor, 10, () => {
        const [text] = textAt(hashes);
        if (text.startsWith('stays')) met.add(text);
      });
      for (let i = 0; i < 5; i++) put(`comes${comes++}`);
      if (comes % 2 === 0 && findField(hashes, `comes${comes - 3}`)) hashes.remove();
    } while (cursor !== 0);
    expect(met.size).to.equal(20_000);
    const reader = new FieldReader(bench.keyspace);
    reader.open(bench.keyspace.find(bench.database(0), Buffer.from('h'), 0, 1));
    let count = 0;
    while (reader.next()) count++;
    expect(count).to.equal(hashes.count);
  });

  it('picks each cell about as often as the others', () => {
    for (const size of [7, 100, 3000]) {
      const bench = new KeyspaceBench(1);
      const { sets } = bench.keyspace;
      bench.find(0, 's');
      sets.use();
      for (let i = 0; i < size; i++) {
        const bytes = Buffer.from(String(i));
        sets.find(bytes, 0, bytes.length);
        sets.put(bytes, 0, 0);
      }
      const counts = new Map<string, number>();
      const draws = size * 30;
      for (let i = 0; i < draws && sets.pick(); i++) {
        const [text] = textAt(sets);
        counts.set(text, (counts.get(text) ?? 0) + 1);
      }
      let chi = 0;
      for (let i = 0; i < size; i++) chi += ((counts.get(String(i)) ?? 0) - 30) ** 2 / 30;
      expect(chi, `of ${size}`).to.be.below(size + 6 * Math.sqrt(2 * size));
    }
  });
});
