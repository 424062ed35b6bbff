import { expect } from 'chai';

import { DiskError } from '../../../lib/base/errors.js';
import { SLOT_COUNT } from '../../../lib/base/position.js';
import type { MemberState } from '../../../lib/cluster/ring/member.js';
import { Ring } from '../../../lib/cluster/ring/ring.js';
import { RingSlots } from '../../../lib/server/ring/ring-slots.js';
import { someMember, someRing } from '../../cluster/ring/some-rings.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import { ReplicaBench } from './replica-bench.js';

const ORDINALS = [1, 2, 3, 4];

/** A ring of members of which the last one is in this state. */
function ringOf(state: MemberState, epoch: number): Ring {
  const members = ORDINALS.map((ordinal) => someMember(ordinal, [ordinal * 4000], '', ordinal > 3 ? state : 'up'));
  return new Ring(someRing(members, 2, epoch));
}

/** A ring under change, by which the last member is joining. */
function changing(epoch: number): Ring {
  return ringOf('joining', epoch);
}

/** A slot that the last member of this ring holds, or does not. */
function slotThat(ring: Ring, isHeld: boolean): number {
  const slot = Array.from({ length: SLOT_COUNT }, (_, i) => i).find((one) => ring.holds(3, one) === isHeld);
  if (slot === undefined) throw new Error('there is no such slot');
  return slot;
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
  isDiskFull = false;
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
        giveUp: (slots, cleanFor) => {
          if (this.isDiskFull) throw new DiskError('ENOSPC', 'manifest', 'no room');
          return store.giveUp(slots, cleanFor);
        },
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

  pass(ms: number): void {
    this.bench.advance(ms);
  }

  async look(): Promise<void> {
    this.pass(6000);
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

  it('takes part in the next ring, by which it gains nothing, though its disk was full when it was to begin clean for the one before', async () => {
    const joiner = await Joiner.create();
    joiner.isDiskFull = true;
    joiner.slots.useRing(changing(2));
    expect(joiner.slots.isReady).to.equal(false);
    joiner.isDiskFull = false;
    joiner.slots.useRing(ringOf('up', 3));
    for (const { resolve } of joiner.forgetting) resolve();
    await joiner.settle();
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

  it('gives up within two seconds what a ring takes away, and at once what lies where it takes slots over', async () => {
    const joiner = await Joiner.create();
    const { slots } = joiner;
    const settled = ringOf('up', 1);
    slots.useRing(settled);
    slots.enter(slotThat(settled, false));
    slots.useRing(settled);
    slots.tick();
    expect(slots.leftCount, 'all members have slots to give up just now').to.equal(0);
    joiner.pass(2000);
    slots.tick();
    expect(slots.leftCount).to.equal(1);
    while (slots.run(1000));
    expect(slots.leftCount).to.equal(0);
    slots.enter(slotThat(settled, false));
    slots.useRing(changing(2));
    expect(slots.leftCount).to.be.above(0);
    while (slots.run(1000));
    expect(slots.leftCount).to.equal(0);
  });
});
