import { expect } from 'chai';

import { surveyTableFiles } from '../../../lib/storage/levels/table-files.js';
import { Version } from '../../../lib/storage/levels/version.js';
import { tableOf } from './some-tables.js';

describe('surveyTableFiles', () => {
  const tables = [1, 2, 3].map((id) => tableOf({ id, smallest: id, largest: id, fileBytes: 100 * id }));
  const version = Version.empty.apply({ added: tables.map((table) => ({ level: 2, table })), nextTableId: 9 });

  it('tells the files that nobody needs from those that are missing or have another size', () => {
    const files = [
      { name: '0000000001.sst', bytes: 100 },
      { name: '0000000002.sst', bytes: 199 },
      { name: '0000000007.sst', bytes: 5 },
      { name: '0000000012.sst', bytes: 0 },
      { name: 'notes.txt', bytes: 1 },
      { name: '1.sst', bytes: 1 },
    ];
    expect(surveyTableFiles(version, files)).to.deep.equal({
      orphans: ['0000000007.sst', '0000000012.sst'],
      foreign: ['notes.txt', '1.sst'],
      missing: [tables[2]],
      misfits: [{ table: tables[1], bytes: 199 }],
      nextTableId: 13,
    });
  });

  it('finds nothing wrong where nothing is', () => {
    const files = tables.map(({ id, fileBytes }) => ({ name: `000000000${id}.sst`, bytes: fileBytes }));
    const found = { orphans: [], foreign: [], missing: [], misfits: [], nextTableId: 9 };
    expect(surveyTableFiles(version, files)).to.deep.equal(found);
  });
});
