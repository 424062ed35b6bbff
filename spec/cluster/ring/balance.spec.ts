import { expect } from 'chai';
import fc from 'fast-check';
import { SLOT_COUNT } from '../../../lib/base/position.js';
import { Balance } from '../../../lib/cluster/ring/balance.js';
import { fairReplicas } from '../../../lib/cluster/ring/fair-share.js';
import { Ring } from '../../../lib/cluster/ring/ring.js';
import type { RingDocument } from '../../../lib/cluster/ring/ring-document.js';
import { NO_OWNER, TokenCircle } from '../../../lib/cluster/ring/token-circle.js';
import { anyRing } from './some-rings.js';

/** The dumb twin: counted over every slot. */
function heldBySlot(document: RingDocument): { firsts: number[]; replicas: number[] } {
  const ring = new Ring(document);
  const firsts = document.members.map(() => 0);
  const replicas = document.members.map(() => 0);
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    const list = ring.replicas(slot);
    firsts[list[0]]++;
    list.forEach((index) => replicas[index]++);
  }
  return { firsts, replicas };
}

function costByFormula(held: { firsts: number[]; replicas: number[] }, document: RingDocument): number {
  const zones = document.members.map(({ zone }) => zone);
  const fair = fairReplicas(zones, document.replicaCount);
  const square = (value: number): number => value * value;
  const costs = zones.map(
    (_zone, index) =>
      square((held.firsts[index] * zones.length) / SLOT_COUNT - 1) + square(held.replicas[index] / fair[index] - 1),
  );
  return costs.reduce((sum, cost) => sum + cost, 0);
}

const allUp = anyRing.map((document) => ({
  ...document,
  members: document.members.map((member) => ({ ...member, state: 'up' as const })),
}));
const changes = fc.array(fc.tuple(fc.nat(SLOT_COUNT - 1), fc.nat(), fc.boolean()), { minLength: 1, maxLength: 12 });

describe('Balance', () => {
  it('has counted what every slot would say, after any tokens came and went', () => {
    fc.assert(
      fc.property(allUp, changes, (document, steps) => {
        const circle = new TokenCircle();
        const tokens = document.members.map((member) => new Set(member.tokens));
        tokens.forEach((slots, index) => slots.forEach((slot) => circle.add(slot, index)));
        const zones = document.members.map(({ zone }) => zone);
        const balance = new Balance(circle, zones, document.replicaCount);
        for (const [slot, number, isRemoval] of steps) {
          const member = number % zones.length;
          if (!isRemoval && circle.ownerAt(slot) === NO_OWNER) {
            balance.add(slot, member);
            tokens[member].add(slot);
          } else if (isRemoval && tokens[member].size > 1) {
            const [token] = tokens[member];
            balance.remove(token);
            tokens[member].delete(token);
          }
        }
        const members = document.members.map((member, index) => ({
          ...member,
          tokens: [...tokens[index]].sort((a, b) => a - b),
        }));
        const held = heldBySlot({ ...document, members });
        expect([...balance.firsts]).to.deep.equal(held.firsts);
        expect([...balance.replicas]).to.deep.equal(held.replicas);
        expect(balance.cost).to.be.closeTo(costByFormula(held, document), 1e-6);
      }),
      { numRuns: 60 },
    );
  });
});

describe('fairReplicas', () => {
  const cases: [string, string, number, number[]][] = [
    ['as many for all', 'aaaa', 3, [0.75, 0.75, 0.75, 0.75]],
    ['all slots for all, if they are fewer than the replicas', 'ab', 3, [1, 1]],
    ['each zone has each slot once, if there are as many zones as replicas', 'aabc', 3, [0.5, 0.5, 1, 1]],
    ['a zone that is alone has at least every slot', 'aaaab', 3, [0.5, 0.5, 0.5, 0.5, 1]],
    [
      'a large zone has no slot twice, if there are zones enough',
      'aaaabcd',
      2,
      [0.25, 0.25, 0.25, 0.25, 1 / 3, 1 / 3, 1 / 3],
    ],
  ];
  for (const [title, zones, replicaCount, expected] of cases) {
    it(`says: ${title}`, () => {
      const shares = fairReplicas(Array.from(zones), replicaCount).map((slots) => slots / SLOT_COUNT);
      shares.forEach((share, index) => expect(share).to.be.closeTo(expected[index], 1e-6));
    });
  }
});
