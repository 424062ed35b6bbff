import { expect } from 'chai';

import { DiskError } from '../../../lib/base/errors.js';
import { Ring } from '../../../lib/cluster/ring/ring.js';
import { RingSlots } from '../../../lib/server/ring/ring-slots.js';
import { someMember, someRing } from '../../cluster/ring/some-rings.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import { ReplicaBench } from './replica-bench.js';

const ORDINALS = [1, 2, 3, 4];

/** A ring under change, by which the last member is joining. */
function changing(epoch: number): Ring {
  const members = ORDINALS.map((ordinal) => someMember(ordinal, [ordinal * 4000], '', ordinal > 3 ? 'joining' : 'up'));
  return new Ring(someRing(members, 2, epoch));
}

interface Settling {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Who is joining, with what its acceptor and its disk do in the hands of the spec. */
class Joiner {
  readonly slots: RingSlots;
  /** For which rings it was to be noted that it is clean. */
  readonly noted: string[] = [];
  readonly warnings: string[] = [];
  /** What its acceptor forgets, ring by ring, and is not durable yet. */
  readonly forgetting: Settling[] = [];
  private readonly bench: ReplicaBench;

  private constructor(bench: ReplicaBench) {
    const { store, keyspace, clock } = bench;
    this.bench = bench;
    this.slots = new RingSlots({
      self: changing(1).members[3].id,
      store: {
        slots: store.slots,
        givenUpBytes: 0,
        giveUp: (slots, cleanFor) => store.giveUp(slots, cleanFor),
        noteSlots: (cleanFor) => {
          this.noted.push(cleanFor);
          return Promise.resolve();
        },
        flush: () => Promise.resolve(),
      },
      acceptors: {
        giveUp: () => new Promise((resolve, reject) => this.forgetting.push({ resolve, reject })),
      },
      keyspace,
      clock,
      random: new SeededRandom(1),
      warn: (line) => this.warnings.push(line),
      onWork: () => undefined,
      onReady: () => undefined,
    });
  }

  static async create(): Promise<Joiner> {
    return new Joiner(await ReplicaBench.create(4));
  }

  async settle(): Promise<void> {
    await new Promise(setImmediate);
  }

  async look(): Promise<void> {
    this.bench.advance(6000);
    this.slots.tick();
    await this.settle();
  }
}

describe('RingSlots', () => {
  it('notes no ring that this node is clean for before its acceptor has forgotten what that wants, though it was noting an earlier one', async () => {
    const joiner = await Joiner.create();
    joiner.slots.useRing(changing(2));
    joiner.forgetting[0].resolve();
    await joiner.settle();
    joiner.slots.useRing(changing(3));
    await joiner.settle();
    expect(joiner.noted).to.deep.equal(['epoch 2']);
    joiner.forgetting[1].resolve();
    await joiner.settle();
    expect(joiner.noted).to.deep.equal(['epoch 2', 'epoch 3']);
    expect(joiner.slots.isReady).to.equal(true);
  });

  it('says once, and not again and again, that what its acceptor has cannot be forgotten', async () => {
    const joiner = await Joiner.create();
    joiner.slots.useRing(changing(2));
    joiner.forgetting[0].reject(new DiskError('EIO', 'consensus', 'sync failed'));
    await joiner.settle();
    for (let i = 0; i < 3; i++) await joiner.look();
    expect(joiner.warnings).to.have.length(1);
    expect(joiner.warnings[0]).to.match(/has to be started anew: .*sync failed/);
    expect(joiner.slots.isReady).to.equal(false);
  });
});
