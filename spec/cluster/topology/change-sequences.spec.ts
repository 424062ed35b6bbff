import { expect } from 'chai';
import fc from 'fast-check';
import { SLOT_COUNT } from '../../../lib/base/position.js';
import type { RingDocument } from '../../../lib/cluster/ring/ring-document.js';
import { Counts } from '../../sim/counts.js';
import { someMember, someRing } from '../ring/some-rings.js';
import { ChangeWorld } from './change-world.js';

interface Step {
  readonly kind: (typeof KINDS)[number];
  readonly at: number;
  readonly more: number;
  /** Of each node, whether it hears. */
  readonly hears: number;
  readonly also: number;
  readonly tokens: readonly number[];
}

/** As often as they are to come. */
const KINDS = [
  ...(['join', 'leave', 'remove', 'replace', 'mend', 'mend', 'mend', 'abort', 'lose', 'lose'] as const),
  ...(['down', 'up', 'write', 'write', 'write', 'write', 'write', 'write', 'deliver'] as const),
  ...([
    'learn',
    'pull',
    'pull',
    'tell',
    'end',
    'propose',
    'propose',
    'propose',
    'propose',
    'settle',
    'settle',
    'settle',
    'settle',
  ] as const),
] as const;

const tokens = fc.array(fc.nat(SLOT_COUNT - 1), { minLength: 3, maxLength: 3 });

const anyStep: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(...KINDS),
  at: fc.nat(100),
  more: fc.nat(100),
  hears: fc.nat(0xff),
  also: fc.nat(0xff),
  tokens,
});

const anyStart: fc.Arbitrary<RingDocument> = fc
  .record({
    slots: fc.uniqueArray(fc.nat(SLOT_COUNT - 1), { minLength: 18, maxLength: 18 }),
    memberCount: fc.integer({ min: 1, max: 6 }),
    replicaCount: fc.constantFrom(1, 2, 2, 3, 3, 3, 4, 5),
  })
  .map(({ slots, memberCount, replicaCount }) => {
    const members = Array.from({ length: memberCount }, (_, i) =>
      someMember(
        i + 1,
        slots.slice(3 * i, 3 * i + 3).sort((a, b) => a - b),
        `zone${i % 3}`,
      ),
    );
    return someRing(members, replicaCount);
  });

function hearsBy(bits: number): (index: number) => boolean {
  return (index) => ((bits >> (index % 8)) & 1) === 1;
}

function act(world: ChangeWorld, { kind, at, more, hears, also, tokens: own }: Step): void {
  switch (kind) {
    case 'join':
      world.join(more % 3, own);
      return;
    case 'leave':
    case 'remove':
      world.takeOut(at);
      return;
    case 'replace':
      world.join(more % 3, own, at);
      return;
    case 'mend':
      if (world.lost === undefined) return;
      if (more % 2 === 0) world.takeOut(world.lost);
      else world.join(more % 3, own, world.lost);
      return;
    case 'abort':
      world.abort();
      return;
    case 'lose':
      world.lose(at);
      return;
    case 'down':
    case 'up':
      world.setUp(at, kind === 'up');
      return;
    case 'write':
      world.write(more, also, at, hearsBy(hears));
      return;
    case 'deliver':
      world.deliverMore(hearsBy(hears));
      return;
    case 'learn':
      world.learn(at);
      return;
    case 'pull':
      world.pull(at);
      return;
    case 'tell':
      world.tell(at, hearsBy(hears));
      return;
    case 'end':
      world.end(at);
      return;
    case 'propose':
      world.propose(at, more, hearsBy(hears | also), hearsBy(hears));
      return;
    case 'settle':
      world.settle(at % 3 === 0 ? () => true : hearsBy(hears | also), more % 2 === 0);
  }
}

describe('Changes of the ring, one after the other', () => {
  it('keep every acknowledged write with a majority of the replicas, and what was decided with one of any majority', function () {
    this.timeout(30_000);
    const counts = new Counts();
    fc.assert(
      fc.property(anyStart, fc.array(anyStep, { minLength: 20, maxLength: 50 }), (start, steps) => {
        const world = new ChangeWorld(start);
        for (const step of steps) {
          act(world, step);
          world.check();
        }
        counts.addAll(world.counts);
      }),
      { numRuns: 300 },
    );
    for (const end of [
      'joined',
      'left',
      'replaced',
      'removed',
      'aborted',
      'given to who stays',
      'one of two replicas lost',
    ]) {
      expect(counts.of(end), `${end}, of ${counts.toString()}`).to.be.above(0);
    }
  });
});
