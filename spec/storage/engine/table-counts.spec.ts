import { expect } from 'chai';
import { countTables } from '../../../lib/storage/engine/table-counts.js';
import { Version } from '../../../lib/storage/levels/version.js';
import type { TableMeta } from '../../../lib/storage/sstable/table-meta.js';
import { NOTHING_GIVEN_UP, tableOf } from '../levels/some-tables.js';

const FIRST = tableOf({ id: 1, smallest: 0, largest: 10, recordCount: 10, emptyCount: 3, expiringCount: 2 });
const SECOND = tableOf({ id: 2, smallest: 20, largest: 30, recordCount: 5, emptyCount: 0, expiringCount: 1 });

function versionOf(level: number, ...tables: TableMeta[]): Version {
  return Version.empty.apply({ added: tables.map((table) => ({ level, table })) });
}

describe('countTables', () => {
  it('counts the keys in tables of one level that is not the youngest', () => {
    const counts = countTables(versionOf(6, FIRST, SECOND), NOTHING_GIVEN_UP, 0);
    expect(counts).to.deep.equal({ db: 0, keyCount: 12, expiringCount: 3 });
    expect(countTables(Version.empty, NOTHING_GIVEN_UP, 0)).to.deep.equal({ db: 0, keyCount: 0, expiringCount: 0 });
  });

  it('says nothing where a key may be in two tables', () => {
    expect(countTables(versionOf(0, FIRST), NOTHING_GIVEN_UP, 0)).to.equal(undefined);
    const two = versionOf(5, FIRST).apply({ added: [{ level: 6, table: SECOND }] });
    expect(countTables(two, NOTHING_GIVEN_UP, 0)).to.equal(undefined);
  });

  it('says nothing of tables that are damaged, or of slots that were given up', () => {
    const version = versionOf(6, FIRST, SECOND);
    const damaged = version.apply({ quarantined: [{ id: 2, reason: 'it is damaged' }] });
    expect(countTables(damaged, NOTHING_GIVEN_UP, 0)).to.equal(undefined);
    const deadPart = ({ id }: TableMeta): number => (id === 1 ? 0.1 : 0);
    expect(countTables(version, { deadPart }, 0)).to.equal(undefined);
  });
});
