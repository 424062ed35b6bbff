import { expect } from 'chai';
import fc from 'fast-check';

import { AssertionError } from '../../../lib/base/assert.js';
import { DiskError } from '../../../lib/base/errors.js';
import type { HeldVersion } from '../../../lib/storage/levels/version-set.js';
import { readManifest } from '../../../lib/storage/levels/manifest-reader.js';
import { VersionSet } from '../../../lib/storage/levels/version-set.js';
import type { VersionEdit } from '../../../lib/storage/levels/version-edit.js';
import type { Fault, Step } from '../../sim/memory-disk.js';
import { MemoryDisk } from '../../sim/memory-disk.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import { DIRECTORY, expectTidy } from './manifest-harness.js';
import { tableOf } from './some-tables.js';

async function openSet(
  gone: number[] = [],
  plan: (step: Step) => Fault | undefined = () => undefined,
): Promise<{ set: VersionSet; disk: MemoryDisk }> {
  const disk = new MemoryDisk({ plan });
  disk.makeDirectory(DIRECTORY);
  const set = await VersionSet.open({
    disk,
    random: new SeededRandom(1),
    directory: DIRECTORY,
    bytesMax: 10_000,
    report: () => undefined,
    onGone: ({ id }) => gone.push(id),
  });
  return { set, disk };
}

const flush = (id: number): VersionEdit => ({ added: [{ level: 0, table: tableOf({ id, largest: 9 }) }] });

async function reasonOf(promise: Promise<boolean>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('VersionSet', function () {
  this.timeout(30_000);

  it('lets go of a table when neither the current version nor a held one has it', async () => {
    const choice = fc.constantFrom('add', 'remove', 'move', 'acquire', 'release');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(choice, fc.nat(1000)), { minLength: 20, maxLength: 60, size: 'max' }),
        async (steps) => {
          const gone: number[] = [];
          const { set } = await openSet(gone);
          const held: HeldVersion[] = [];
          const removed = new Set<number>();
          let lastId = 0;
          for (const [what, number] of steps) {
            const tables = set.current.tablesIn(0);
            const table = tables[number % Math.max(1, tables.length)];
            if (what === 'acquire') held.push(set.acquire());
            else if (what === 'release' && held.length > 0) set.release(held.splice(number % held.length, 1)[0]);
            else if (what === 'add') await set.log(flush(++lastId));
            else if (what === 'remove' && table !== undefined) {
              removed.add(table.id);
              await set.log({ removed: [table.id], ...flush(++lastId) });
            } else if (what === 'move' && table !== undefined && set.current.level(0, 1).count === 0) {
              await set.log({ removed: [table.id], added: [{ level: 1, table }] });
            }
            const inUse = (id: number): boolean => held.some(({ version }) => version.placeOf(id) !== undefined);
            expect(gone.toSorted()).to.deep.equal([...removed].filter((id) => !inUse(id)).sort());
          }
          for (const each of held) set.release(each);
          expect(gone).to.have.members([...removed]);
          expect(set.olderCount).to.equal(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('asserts that a version is not let go more often than it was held', async () => {
    const { set } = await openSet();
    const held = set.acquire();
    set.release(held);
    expect(() => set.release(held)).to.throw(AssertionError, 'more often');
  });

  it('makes edits current one after the other, in the order in which they were asked for', async () => {
    const { set, disk } = await openSet();
    const order: number[] = [];
    const edits = [flush(1), { removed: [1] }, flush(2), flush(3), { removed: [2], ...flush(4) }];
    const done = edits.map((edit, index) => set.log(edit).then(() => order.push(index)));
    expect(set.current.tableCount).to.equal(0);
    await done[0];
    expect(set.current.tablesIn(0).map(({ id }) => id)).to.deep.equal([1]);
    await Promise.all(done);
    expect(order).to.deep.equal([0, 1, 2, 3, 4]);
    expect(set.current.tablesIn(0).map(({ id }) => id)).to.deep.equal([4, 3]);
    await set.close();
    expectTidy(disk);
  });

  it('refuses a wrong edit as a bug, writes nothing of it, and goes on with the next', async () => {
    const { set, disk } = await openSet();
    const { stepCount } = disk;
    const first = reasonOf(set.log({ removed: [9] }));
    const second = reasonOf(set.log({ nextTableId: 0.5 }));
    expect(await first).to.be.instanceOf(AssertionError);
    expect(await second).to.be.instanceOf(AssertionError);
    expect(disk.stepCount).to.equal(stepCount);
    await set.log(flush(1));
    expect(set.current.tableCount).to.equal(1);
  });

  it('makes an edit of the version that is current when its turn has come', async () => {
    const { set } = await openSet();
    const first = set.log(flush(1));
    const second = set.log((current) => ({ removed: current.tablesIn(0).map(({ id }) => id), ...flush(2) }));
    const third = set.log((current) => (current.tableCount > 0 ? undefined : flush(3)));
    expect(await Promise.all([first, second, third])).to.deep.equal([true, true, false]);
    expect(set.current.tablesIn(0).map(({ id }) => id)).to.deep.equal([2]);
  });

  it('refuses edits as long as the disk is full, and takes them again when there is room', async () => {
    let isFull = false;
    const { set, disk } = await openSet([], ({ name }) =>
      isFull && name === 'append' ? { kind: 'error', code: 'ENOSPC', takenBytes: 5 } : undefined,
    );
    await set.log(flush(1));
    for (let again = 0; again < 3; again++) {
      isFull = true;
      expect(await reasonOf(set.log(flush(2)))).to.be.instanceOf(DiskError);
      expect(set.current.tableCount).to.equal(1);
      isFull = false;
    }
    await set.log(flush(2));
    await set.close();
    expect(
      readManifest(disk, DIRECTORY)
        ?.version.tablesIn(0)
        .map(({ id }) => id),
    ).to.deep.equal([2, 1]);
  });

  it('goes on with a long manifest while there is no room for a new one', async () => {
    let isFull = false;
    const { set, disk } = await openSet([], ({ name }) =>
      isFull && name === 'create' ? { kind: 'error', code: 'ENOSPC' } : undefined,
    );
    isFull = true;
    for (let id = 1; id <= 60; id++) await set.log({ ...flush(id), ...(id > 1 && { removed: [id - 1] }) });
    expect(set.manifestNumber).to.equal(1);
    isFull = false;
    await set.log(flush(61));
    await set.log(flush(62));
    expect(set.manifestNumber).to.be.greaterThan(1);
    await set.close();
    expectTidy(disk);
  });
});
