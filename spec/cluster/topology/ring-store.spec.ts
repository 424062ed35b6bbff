import { expect } from 'chai';
import { CorruptionError, DiskError } from '../../../lib/base/errors.js';
import type { PaxosRequest } from '../../../lib/cluster/topology/paxos.js';
import { RingStore } from '../../../lib/cluster/topology/ring-store.js';
import { keepEverything, keepNothing, keepRandomly } from '../../sim/crash-fate.js';
import type { Fault, Step } from '../../sim/memory-disk.js';
import { MemoryDisk, PowerFailure } from '../../sim/memory-disk.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import { someMember, someMemberId, someRing } from '../ring/some-rings.js';
import { settled } from './topology-world.js';

const DIRECTORY = '/data';
const PATH = RingStore.pathIn(DIRECTORY);
const ballot = { round: 3, proposer: someMemberId(9) };
const ring = someRing([someMember(1, [5]), someMember(2, [6])]);
const nextRing = { ...ring, epoch: 2 };
const [first, second] = [1, 2].map((epoch) => ({ generation: 1, epoch }));
const prepare: PaxosRequest = { kind: 'prepare', ballot };
const accept: PaxosRequest = { kind: 'accept', ballot, value: 'a value' };

function emptyDirectory(plan?: (step: Step) => Fault | undefined, later?: (end: () => void) => void): MemoryDisk {
  const disk = new MemoryDisk({ ...(plan && { plan }), ...(later && { later }) });
  disk.makeDirectory(DIRECTORY);
  disk.syncDirectory('/');
  return disk;
}

const open = (disk: MemoryDisk, seed = 1): RingStore => RingStore.open(disk, new SeededRandom(seed), DIRECTORY);

/** All that a store says. */
const stateOf = (store: RingStore): unknown => ({ id: store.nodeId, ring: store.ring, acceptor: store.acceptor });

/** What a node does in its life; each is to be durable when it is done. */
const life: ((store: RingStore) => Promise<unknown>)[] = [
  (store) => store.takeRound(0),
  (store) => store.vote(first, prepare),
  (store) => store.vote(first, accept),
  (store) => store.saveRing(ring),
  (store) => store.vote(second, prepare),
  (store) => store.saveRing(nextRing),
];

describe('RingStore', () => {
  it('has what was kept, at every later start', async () => {
    expect(open(emptyDirectory()).nodeId).to.match(/^[0-9a-f]{40}$/);
    let last = emptyDirectory();
    for (const act of life) {
      const store = open(last, 2);
      await act(store);
      last = last.crash(keepNothing);
      expect(stateOf(open(last, 3))).to.deep.equal(stateOf(store));
    }
    expect(last.list(`${DIRECTORY}/cluster`)).to.deep.equal(['topology']);
  });

  it('is as before or as after a change, when the power fails at any step', async () => {
    const live = async (disk: MemoryDisk, onState: (state: unknown) => void): Promise<void> => {
      const store = open(disk);
      onState(stateOf(store));
      for (const act of life) {
        await act(store);
        onState(stateOf(store));
      }
    };
    const states: unknown[] = [];
    const whole = emptyDirectory();
    await live(whole, (state) => states.push(state));
    for (let at = 3; at <= whole.stepCount; at++) {
      for (let seed = 0; seed < 8; seed++) {
        const disk = emptyDirectory(({ number }) => (number === at ? { kind: 'power' } : undefined));
        let count = 0;
        const living = live(disk, () => count++).catch((error: unknown) =>
          expect(error).to.be.instanceOf(PowerFailure),
        );
        await Promise.race([living, disk.died]);
        const next = disk.crash(seed === 0 ? keepEverything : keepRandomly(new SeededRandom(seed)));
        const found = RingStore.openExisting(next, DIRECTORY);
        const allowed = [count === 0 ? undefined : states[count - 1], states[count]];
        expect(allowed).to.deep.include(found && stateOf(found));
      }
    }
  });

  it('never takes a round twice, over restarts neither, nor when two are taken at once', async () => {
    const disk = emptyDirectory();
    const rounds: number[] = [];
    for (const above of [0, 0, 7, 2]) rounds.push(await open(disk).takeRound(above));
    expect(rounds).to.deep.equal([1, 2, 8, 9]);
    const store = open(disk);
    expect(await Promise.all([store.takeRound(0), store.takeRound(0)])).to.deep.equal([10, 11]);
  });

  it('shows nothing of a change before it is durable, and makes the next one of what is', async () => {
    const ends: (() => void)[] = [];
    let isHeld = false;
    const disk = emptyDirectory(undefined, (end) => {
      if (isHeld) ends.push(end);
      else queueMicrotask(end);
    });
    const store = open(disk);
    isHeld = true;
    const told: string[] = [];
    const tell = (name: string, done: Promise<unknown>): void =>
      void done.then((result) => told.push(`${name} ${JSON.stringify(result)}`));
    const lower: PaxosRequest = { kind: 'prepare', ballot: { ...ballot, round: 2 } };
    tell('promise', store.vote(first, prepare));
    tell('lower', store.vote(first, lower));
    tell('ring', store.saveRing(nextRing));
    tell('older ring', store.saveRing(ring));
    tell('late vote', store.vote(first, accept));
    await settled();
    expect([store.acceptor.promised, store.ring, told]).to.deep.equal([undefined, undefined, []]);
    isHeld = false;
    for (const end of ends.splice(0)) end();
    await settled();
    expect(told).to.deep.equal([
      `promise ${JSON.stringify({ kind: 'promise', ballot })}`,
      `lower ${JSON.stringify({ kind: 'refused', ballot: lower.ballot, promised: ballot })}`,
      'ring true',
      'older ring false',
      'late vote undefined',
    ]);
    expect(store.ring).to.deep.equal(nextRing);
  });

  it('forgets its vote with the epoch that it was about', async () => {
    const store = open(emptyDirectory());
    await store.vote(first, accept);
    await store.saveRing(ring);
    expect(store.acceptor).to.deep.equal({ promised: undefined, accepted: undefined });
  });

  it('says what was before when a write fails at any step, and takes the next one', async () => {
    for (const name of ['create', 'append', 'sync', 'rename', 'syncdir']) {
      let failed = '';
      const disk = emptyDirectory((step) => (step.name === failed ? { kind: 'error', code: 'EIO' } : undefined));
      const store = open(disk);
      failed = name;
      const error: unknown = await store.saveRing(ring).catch((failure: unknown) => failure);
      expect(error, name).to.be.instanceOf(DiskError).with.property('message').that.contains('injected');
      expect(store.ring).to.be.undefined;
      failed = '';
      await store.vote(first, prepare);
      await store.saveRing(ring);
      await store.vote(second, prepare);
      for (const seed of [1, 2, 3, 4]) {
        const next = open(disk.crash(keepRandomly(new SeededRandom(seed))));
        expect(stateOf(next), name).to.deep.equal(stateOf(store));
      }
    }
  });

  it('never goes back to an older ring, or to another cluster', async () => {
    const store = open(emptyDirectory());
    expect(await store.saveRing(nextRing)).to.be.true;
    expect(await store.saveRing(ring)).to.be.false;
    expect(await store.saveRing({ ...nextRing, epoch: 3, clusterId: '0'.repeat(40) })).to.be.false;
    expect(store.ring).to.deep.equal(nextRing);
    expect(await store.saveRing({ ...ring, generation: 2 })).to.be.true;
    expect(store.ring?.generation).to.equal(2);
  });

  it('refuses a damaged file, names it, and says what to do', async () => {
    const disk = emptyDirectory();
    await open(disk).saveRing(ring);
    const content = disk.contentOf(PATH);
    const planted = (bytes: Buffer): MemoryDisk => {
      const damaged = emptyDirectory();
      damaged.makeDirectory(`${DIRECTORY}/cluster`);
      damaged.plant(PATH, bytes);
      return damaged;
    };
    for (let at = 0; at < content.length; at += 7) {
      const flipped = Buffer.from(content);
      flipped[at] ^= 4;
      expect(() => open(planted(flipped)), `byte ${at}`)
        .to.throw(CorruptionError, PATH)
        .with.property('message')
        .that.contains('restore the file from a copy');
      expect(() => open(planted(content.subarray(0, at)))).to.throw(CorruptionError);
    }
    expect(open(planted(content)).ring).to.deep.equal(ring);
  });
});
