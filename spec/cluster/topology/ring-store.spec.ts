import { expect } from 'chai';
import { CorruptionError, DiskError } from '../../../lib/base/errors.js';
import { AssertionError } from '../../../lib/base/assert.js';
import { RingStore } from '../../../lib/cluster/topology/ring-store.js';
import { keepEverything, keepNothing, keepRandomly } from '../../sim/crash-fate.js';
import type { Fault, Step } from '../../sim/memory-disk.js';
import { MemoryDisk, PowerFailure } from '../../sim/memory-disk.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import { someMember, someMemberId, someRing } from '../ring/some-rings.js';

const DIRECTORY = '/data';
const PATH = RingStore.pathIn(DIRECTORY);
const ballot = { round: 3, proposer: someMemberId(9) };
const ring = someRing([someMember(1, [5]), someMember(2, [6])]);
const nextRing = { ...ring, epoch: 2 };

function emptyDirectory(plan?: (step: Step) => Fault | undefined): MemoryDisk {
  const disk = new MemoryDisk(plan && { plan });
  disk.makeDirectory(DIRECTORY);
  disk.syncDirectory('/');
  return disk;
}

const open = (disk: MemoryDisk, seed = 1): RingStore => RingStore.open(disk, new SeededRandom(seed), DIRECTORY);

/** All that a store says. */
const stateOf = (store: RingStore): unknown => ({ id: store.nodeId, ring: store.ring, acceptor: store.acceptor });

/** What a node does in its life; each is to be durable when it returns. */
const life: ((store: RingStore) => void)[] = [
  (store) => store.takeRound(0),
  (store) => store.saveAcceptor({ promised: ballot, accepted: undefined }),
  (store) => store.saveAcceptor({ promised: ballot, accepted: { ballot, value: 'a value' } }),
  (store) => store.saveRing(ring),
  (store) => store.saveAcceptor({ promised: ballot, accepted: undefined }),
  (store) => store.saveRing(nextRing),
];

describe('RingStore', () => {
  it('has what was kept, at every later start', () => {
    const disk = emptyDirectory();
    expect(open(disk).nodeId).to.match(/^[0-9a-f]{40}$/);
    const last = life.reduce<MemoryDisk>((before, act) => {
      const store = open(before, 2);
      act(store);
      const next = before.crash(keepNothing);
      expect(stateOf(open(next, 3))).to.deep.equal(stateOf(store));
      return next;
    }, emptyDirectory());
    expect(last.list(`${DIRECTORY}/cluster`)).to.deep.equal(['topology']);
  });

  it('is as before or as after a change, when the power fails at any step', () => {
    const live = (disk: MemoryDisk, onState: (state: unknown) => void): void => {
      const store = open(disk);
      onState(stateOf(store));
      for (const act of life) {
        act(store);
        onState(stateOf(store));
      }
    };
    const states: unknown[] = [];
    const whole = emptyDirectory();
    live(whole, (state) => states.push(state));
    for (let at = 3; at <= whole.stepCount; at++) {
      for (let seed = 0; seed < 8; seed++) {
        const disk = emptyDirectory(({ number }) => (number === at ? { kind: 'power' } : undefined));
        let count = 0;
        expect(() => live(disk, () => count++)).to.throw(PowerFailure);
        const next = disk.crash(seed === 0 ? keepEverything : keepRandomly(new SeededRandom(seed)));
        const found = RingStore.openExisting(next, DIRECTORY);
        const allowed = [count === 0 ? undefined : states[count - 1], states[count]];
        expect(allowed).to.deep.include(found && stateOf(found));
      }
    }
  });

  it('never takes a round twice, over restarts neither', () => {
    const disk = emptyDirectory();
    const rounds = [open(disk).takeRound(0), open(disk).takeRound(0), open(disk).takeRound(7), open(disk).takeRound(2)];
    expect(rounds).to.deep.equal([1, 2, 8, 9]);
  });

  it('forgets its vote with the epoch that it was about', () => {
    const store = open(emptyDirectory());
    store.saveAcceptor({ promised: ballot, accepted: { ballot, value: 'a value' } });
    store.saveRing(ring);
    expect(store.acceptor).to.deep.equal({ promised: undefined, accepted: undefined });
  });

  it('says what was before when a write fails at any step, and takes the next one', () => {
    for (const name of ['create', 'append', 'sync', 'rename', 'syncdir']) {
      let failed = '';
      const disk = emptyDirectory((step) => (step.name === failed ? { kind: 'error', code: 'EIO' } : undefined));
      const store = open(disk);
      const accepted = { promised: { round: 3, proposer: store.nodeId }, accepted: undefined };
      failed = name;
      expect(() => store.saveRing(ring), name).to.throw(DiskError, 'injected');
      expect(store.ring).to.be.undefined;
      failed = '';
      store.saveAcceptor(accepted);
      store.saveRing(ring);
      store.saveAcceptor(accepted);
      for (const seed of [1, 2, 3, 4]) {
        const next = open(disk.crash(keepRandomly(new SeededRandom(seed))));
        expect(stateOf(next), name).to.deep.equal(stateOf(store));
      }
    }
  });

  it('never goes back to an older ring, or to another cluster', () => {
    const store = open(emptyDirectory());
    store.saveRing(nextRing);
    expect(() => store.saveRing(ring)).to.throw(AssertionError);
    expect(() => store.saveRing({ ...nextRing, epoch: 3, clusterId: '0'.repeat(40) })).to.throw(AssertionError);
    store.saveRing({ ...ring, generation: 2 });
    expect(store.ring?.generation).to.equal(2);
  });

  it('refuses a damaged file, names it, and says what to do', () => {
    const disk = emptyDirectory();
    open(disk).saveRing(ring);
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
