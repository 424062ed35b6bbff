import { expect } from 'chai';

import { AssertionError } from '../../../lib/base/assert.js';
import { CorruptionError } from '../../../lib/base/errors.js';
import type { VersionEdit } from '../../../lib/storage/levels/version-edit.js';
import { assertEdit, decodeEdit, encodeEdit } from '../../../lib/storage/levels/version-edit.js';
import { tableOf, withUnknownMarks } from './some-tables.js';

const full: VersionEdit = {
  added: [{ level: 6, table: tableOf({ id: 3, smallest: 1, largest: 2 ** 53 - 1, maxStamp: 2 ** 53 - 1 }) }],
  removed: [1, 2],
  quarantined: [{ id: 1, reason: 'crc of the block at "8192"\n' }],
  databases: [{ db: 15, floor: 2 ** 52, keyCount: 1, expiringCount: 0, isEstimate: true }],
  flushed: { number: 2 ** 32 - 1, nextFileId: { high: 2 ** 32 - 1, low: 0 } },
  logging: false,
  nextTableId: 4,
  databasesMap: { stamp: 5, origin: 65535, physical: [1, 0] },
};

const decode = (value: unknown): VersionEdit => decodeEdit(Buffer.from(JSON.stringify(value)), '/d/manifest-1', 56);
const table = (change: object): unknown => ({ added: [{ level: 0, table: { ...tableOf({ id: 3 }), ...change } }] });

describe('decodeEdit', () => {
  it('reads what encodeEdit has written', () => {
    for (const edit of [full, {}, { removed: [] }]) {
      assertEdit(edit);
      expect(decodeEdit(encodeEdit(edit), 'm', 0)).to.deep.equal(edit);
    }
  });

  it('reads tables of which nobody has said how much of them is marks, and leaves that open', () => {
    const edit: VersionEdit = { added: [{ level: 6, table: withUnknownMarks(tableOf({ id: 3 })) }] };
    assertEdit(edit);
    expect(encodeEdit(edit).toString()).to.not.contain('markBytes');
    expect(decodeEdit(encodeEdit(edit), 'm', 0)).to.deep.equal(edit);
  });

  const wrong: readonly (readonly [unknown, string])[] = [
    [[], 'edit: expected an object, found []'],
    [null, 'edit: expected an object, found null'],
    [{ extra: 1 }, 'edit.extra: expected no such key, found 1'],
    [{ __proto__x: 1 }, 'no such key'],
    [{ removed: [1, '2'] }, 'edit.removed[1]: expected a whole number from 1 to 9999999999, found "2"'],
    [{ removed: {} }, 'edit.removed: expected a list, found {}'],
    [{ logging: 1 }, 'edit.logging: expected true or false, found 1'],
    [{ quarantined: [{ id: 1, reason: 7 }] }, 'edit.quarantined[0].reason: expected a text, found 7'],
    [{ quarantined: [{ id: 1 }] }, 'edit.quarantined[0].reason: expected a value, found nothing'],
    [{ nextTableId: 1.5 }, 'found 1.5'],
    [{ databasesMap: { ...full.databasesMap, origin: 65536 } }, 'edit.databasesMap.origin'],
    [{ added: [{ level: 7, table: tableOf({ id: 1 }) }] }, 'edit.added[0].level: expected a whole number from 0 to 6'],
    [table({ maxStamp: 2 ** 53 }), 'edit.added[0].table.maxStamp'],
    [table({ smallest: -1 }), 'edit.added[0].table.smallest'],
    [table({ expiresByMs: 0.5 }), 'edit.added[0].table.expiresByMs'],
    [table({ foreign: 0 }), 'edit.added[0].table.foreign'],
    [table({ fileId: { high: 1 } }), 'edit.added[0].table.fileId.low: expected a value, found nothing'],
    [table({ colour: 'x'.repeat(100) }), `found "${'x'.repeat(59)}...`],
  ];
  for (const [value, message] of wrong) {
    it(`refuses ${JSON.stringify(value).slice(0, 60)}, and says why`, () => {
      expect(() => decode(value))
        .to.throw(CorruptionError, message)
        .with.property('offset', 56);
    });
  }

  it('refuses what is no JSON', () => {
    expect(() => decodeEdit(Buffer.from('{"removed":[1'), 'm', 9)).to.throw(CorruptionError, 'not a version edit');
  });
});

describe('assertEdit', () => {
  it('refuses what decodeEdit would refuse', () => {
    expect(() => assertEdit({ nextTableId: NaN })).to.throw(AssertionError, 'edit.nextTableId');
    const added = [{ level: 0, table: tableOf({ id: 3, expiresByMs: 0.5 }) }];
    expect(() => assertEdit({ added })).to.throw(AssertionError, 'edit.added[0].table.expiresByMs');
  });
});
