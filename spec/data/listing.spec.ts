import { expect } from 'chai';
import { POSITION_LIMIT } from '../../lib/base/position.js';
import { NEVER } from '../../lib/data/keyspace.js';
import type { ColdKey } from '../../lib/data/cold-data.js';
import { Listing } from '../../lib/data/listing.js';
import { ColdBench } from './cold-bench.js';

const KEYS = 2000;

interface World {
  readonly bench: ColdBench;
  /** Names in the order of their positions. */
  readonly order: readonly string[];
}

function world(): World {
  const bench = new ColdBench(2);
  for (let i = 0; i < KEYS; i++) bench.put(0, `k${i}`, 'v', NEVER);
  const order: string[] = [];
  const { heap } = bench.keyspace;
  bench.database(0).table.walk(0, Infinity, (ref) => order.push(heap.key(ref).toString()));
  bench.flushAll();
  bench.dropClean();
  return { bench, order };
}

/** How often it let others go on, and a listing that is ready. */
async function listed(
  { bench }: World,
  position: number,
  count: number,
  wanted: (key: ColdKey) => boolean = () => true,
): Promise<{ listing: Listing; rests: number }> {
  let rests = 0;
  const rest = (): Promise<void> => {
    rests++;
    return Promise.resolve();
  };
  const listing = Listing.ofNext(count, { cold: bench.disk, db: bench.database(0), position, wanted, rest });
  await listing.ready;
  return { listing, rests };
}

const names = (listing: Listing): string[] => listing.keys.map(({ key }) => key.toString());

describe('Listing', () => {
  const one = world();

  it('lists as many keys as it was asked for, and says how far it has come', async () => {
    for (const count of [1, 10, 511, 512, 513, 1999]) {
      const { listing } = await listed(one, 0, count);
      expect(names(listing), String(count)).to.deep.equal(one.order.slice(0, count));
      expect(listing.end).to.equal(listing.keys[count - 1].position + 1);
      const { listing: next } = await listed(one, listing.end, 1);
      expect(names(next)).to.deep.equal(one.order.slice(count, count + 1));
      listing.close();
      next.close();
    }
  });

  it('lists all that there are, and is at the end then', async () => {
    for (const count of [KEYS, KEYS + 1, Infinity]) {
      const { listing } = await listed(one, 0, count);
      expect(names(listing)).to.deep.equal(one.order);
      if (count > KEYS) expect(listing.end).to.equal(POSITION_LIMIT);
      listing.close();
    }
  });

  it('counts keys that are not wanted, and leaves them out', async () => {
    const isEven = ({ key }: ColdKey): boolean => Number(key.toString().slice(1)) % 2 === 0;
    const { listing } = await listed(one, 0, 100, isEven);
    expect(names(listing)).to.deep.equal(one.order.slice(0, 100).filter((name) => Number(name.slice(1)) % 2 === 0));
    listing.close();
  });

  it('lets others go on after some hundred keys', async () => {
    const { listing, rests } = await listed(one, 0, Infinity);
    expect(rests).to.be.within(3, 10);
    listing.close();
    const short = await listed(one, 0, 100);
    expect(short.rests).to.equal(0);
    short.listing.close();
  });

  it('keeps in memory what it cannot see until it is closed', async () => {
    const { bench } = one;
    const { listing } = await listed(one, 0, 10);
    bench.put(1, 'new', 'v', NEVER);
    bench.flushAll();
    bench.dropClean();
    expect(bench.database(1).table.count).to.equal(1);
    listing.close();
    bench.dropClean();
    expect(bench.database(1).table.count).to.equal(0);
  });

  it('is of its database until that is emptied', async () => {
    const other = world();
    const { listing } = await listed(other, 0, 10);
    const [db, swapped] = [other.bench.database(0), other.bench.database(1)];
    expect([listing.isOf(db), listing.isOf(swapped)]).to.deep.equal([true, false]);
    other.bench.keyspace.flush(db);
    expect(listing.isOf(db)).to.equal(false);
  });

  it('ofAny lists a wanted key behind its position, or from the beginning if none comes', async () => {
    const found = async (position: number, wanted: (key: ColdKey) => boolean): Promise<string | undefined> => {
      const { bench } = one;
      const rest = (): Promise<void> => Promise.resolve();
      const listing = Listing.ofAny({ cold: bench.disk, db: bench.database(0), position, wanted, rest });
      await listing.ready;
      listing.close();
      expect(bench.disk.openWalks).to.equal(0);
      return names(listing)[0];
    };
    const { listing } = await listed(one, 0, Infinity);
    listing.close();
    const { position } = listing.keys[1000];
    expect(await found(0, () => true)).to.equal(one.order[0]);
    expect(await found(position, () => true)).to.equal(one.order[1000]);
    expect(await found(position + 1, () => true)).to.equal(one.order[1001]);
    expect(await found(listing.keys[1999].position + 1, () => true)).to.equal(one.order[0]);
    expect(await found(position, ({ key }) => key.toString() === one.order[999])).to.equal(one.order[999]);
    expect(await found(position, () => false)).to.equal(undefined);
  });
});
