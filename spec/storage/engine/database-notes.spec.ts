import { expect } from 'chai';
import fc from 'fast-check';
import type { CountedDatabases } from '../../../lib/storage/engine/database-notes.js';
import { DatabaseNotes, deadTables } from '../../../lib/storage/engine/database-notes.js';
import { Version } from '../../../lib/storage/levels/version.js';
import { tableOf } from '../levels/some-tables.js';

type Counts = ReturnType<CountedDatabases['physicalDatabase']>;

/** Databases with these numbers of keys. */
function memoryOf(keyCounts: readonly number[]): CountedDatabases & { readonly databases: Counts[] } {
  const databases = keyCounts.map((keyCount) => ({ keyCount, expiringCount: 0, isEstimate: false, flushedUpTo: 0 }));
  return { databases, databaseCount: databases.length, physicalDatabase: (id) => databases[id] };
}

describe('DatabaseNotes', () => {
  it('tells of a database when there is something new of it, and with every edit from then on', () => {
    const notes = new DatabaseNotes();
    const memory = memoryOf([0, 0, 0]);
    expect(notes.factsOf(memory, Version.empty)).to.deep.equal([]);
    memory.databases[1].keyCount = 5;
    const facts = notes.factsOf(memory, Version.empty);
    expect(facts).to.deep.equal([{ db: 1, floor: 0, keyCount: 5, expiringCount: 0, isEstimate: false }]);
    // As the version has it, and yet: an edit that is under way may say otherwise.
    expect(notes.factsOf(memory, Version.empty.apply({ databases: facts }))).to.deep.equal(facts);
  });

  it('tells of counts that an edit under way has changed, once that they are what they were', () => {
    const notes = new DatabaseNotes();
    const memory = memoryOf([7]);
    notes.factsOf(memory, Version.empty);
    memory.databases[0].keyCount = 0;
    expect(notes.factsOf(memory, Version.empty)[0].keyCount).to.equal(0);
  });

  it('tells no count below 0', () => {
    const [facts] = new DatabaseNotes().factsOf(memoryOf([-3]), Version.empty);
    expect(facts.keyCount).to.equal(0);
  });

  it('has floors that never fall, and tells those that a version does not know', () => {
    const floors = fc.array(fc.record({ db: fc.nat(3), stamp: fc.integer({ min: 1, max: 20 }) }), { maxLength: 20 });
    fc.assert(
      fc.property(floors, floors, (known, raised) => {
        const version = Version.empty.applyAll(
          known
            .sort((a, b) => a.stamp - b.stamp)
            .map(({ db, stamp }) => ({
              databases: [{ db, floor: stamp, keyCount: 0, expiringCount: 0, isEstimate: false }],
            })),
        );
        const notes = new DatabaseNotes();
        notes.adopt(version);
        const highest = new Map(version.floors().map(({ db, stamp }) => [db, stamp]));
        for (const { db, stamp } of raised) {
          const isNews = stamp > (highest.get(db) ?? 0);
          expect(notes.raise(db, stamp)).to.equal(isNews);
          if (isNews) highest.set(db, stamp);
        }
        for (let db = 0; db < 4; db++) expect(notes.floorOf(db)).to.equal(highest.get(db) ?? 0);
        const news = [...highest].filter(([db, stamp]) => stamp > version.facts(db).floor);
        expect(notes.floorsAbove(version)).to.have.deep.members(news.map(([db, stamp]) => ({ db, stamp })));
      }),
    );
  });
});

describe('deadTables', () => {
  it('is of emptied databases the tables in which everything is stamped up to the floor', () => {
    const tables = [
      { id: 1, db: 0, maxStamp: 10 },
      { id: 2, db: 0, maxStamp: 11 },
      { id: 3, db: 1, maxStamp: 10 },
    ];
    const version = Version.empty.apply({ added: tables.map((each) => ({ level: 0, table: tableOf(each) })) });
    const facts = { keyCount: 0, expiringCount: 0, isEstimate: false };
    expect(deadTables(version, [{ db: 0, floor: 10, ...facts }])).to.deep.equal([1]);
    expect(deadTables(version, [{ db: 1, floor: 0, ...facts }])).to.deep.equal([]);
  });
});
