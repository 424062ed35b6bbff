import { expect } from 'chai';

import { DEFAULT_LEVELS_CONFIG } from '../../../lib/storage/levels/level-targets.js';
import { Version } from '../../../lib/storage/levels/version.js';
import { writePressure } from '../../../lib/storage/levels/write-pressure.js';
import { tableOf } from './some-tables.js';

const GIB = 2 ** 30;
let lastId = 0;

function versionOf(level0: number, level5Bytes: number, db = 0): Version {
  const table = (fileBytes: number) => tableOf({ id: ++lastId, db, largest: 9, fileBytes });
  const added = Array.from({ length: level0 }, () => ({ level: 0, table: table(1) }));
  if (level5Bytes > 0) added.push({ level: 5, table: table(level5Bytes) });
  return Version.empty.apply({ added: [...added, { level: 6, table: table(20 * GIB) }] });
}

const pressure = (version: Version, dirty = 0): number =>
  Math.round(writePressure(version, DEFAULT_LEVELS_CONFIG, dirty, 1000) * 10_000) / 10_000;

describe('writePressure', () => {
  // Level 5 may have 2 GiB over a bottom of 20.
  const rows: readonly (readonly [string, number, number, number, number])[] = [
    ['nothing', 0, 0, 0, 0],
    ['8 tables in level 0', 8, 0, 0, 0],
    ['12 tables in level 0', 12, 0, 0, 0.0625],
    ['16 tables in level 0', 16, 0, 0, 0.25],
    ['24 tables in level 0', 24, 0, 0, 1],
    ['100 tables in level 0', 100, 0, 0, 1],
    ['1 GiB too much in a level', 0, 3 * GIB, 0, 0],
    ['4.5 GiB too much in a level', 0, 6.5 * GIB, 0, 0.25],
    ['8 GiB too much in a level', 0, 10 * GIB, 0, 1],
    ['half of the memory dirty', 0, 0, 500, 0],
    ['three quarters of it dirty', 0, 0, 750, 0.25],
    ['all of it dirty', 0, 0, 1000, 1],
    ['more than all of it dirty', 0, 0, 2000, 1],
    ['the worst of all three', 12, 3 * GIB, 750, 0.25],
  ];
  for (const [what, level0, level5Bytes, dirty, expected] of rows) {
    it(`is ${expected} with ${what}`, () => {
      expect(pressure(versionOf(level0, level5Bytes), dirty)).to.equal(expected);
    });
  }

  it('looks at the fullest level 0 of all databases', () => {
    const table = (id: number) => ({ level: 0, table: tableOf({ id: 10_000 + id, db: 3 }) });
    expect(pressure(versionOf(12, 0).apply({ added: Array.from({ length: 16 }, (_, id) => table(id)) }))).to.equal(
      0.25,
    );
  });

  it('does not count what a damaged table keeps from being compacted', () => {
    const below = tableOf({ id: ++lastId, largest: 9 });
    const version = versionOf(24, 0).apply({ added: [{ level: 4, table: below }] });
    const [newest] = version.tablesIn(0);
    expect(pressure(version)).to.equal(1);
    expect(pressure(version.apply({ quarantined: [{ id: below.id, reason: '' }] }))).to.equal(0);
    // The 12 tables that are older than it still count.
    expect(pressure(version.apply({ quarantined: [{ id: newest.id - 11, reason: '' }] }))).to.equal(0.0625);
  });
});
