import { expect } from 'chai';

import { majorityOf } from '../../../lib/cluster/coordination/consistency.js';
import { RestoreSources } from '../../../lib/cluster/repair/restore-sources.js';
import type { Member } from '../../../lib/cluster/ring/member.js';
import { Ring } from '../../../lib/cluster/ring/ring.js';
import { MemoryDisk } from '../../sim/memory-disk.js';
import { someMember, someRing } from '../ring/some-rings.js';

const DIRECTORY = '/data';
const SELF = someMember(1, [1]).id;

/** A ring of n replicas of everything, of which those are away whose bits are set. */
function ringOf(count: number, away = 0, change: (member: Member) => Member = (member) => member, epoch = 1): Ring {
  const members = Array.from({ length: count }, (_, i) => {
    const member = someMember(i + 1, [i + 1]);
    return change((away >> i) & 1 ? { ...member, absence: 'away' as const } : member);
  });
  return new Ring(someRing(members, count, epoch));
}

function diskOf(): MemoryDisk {
  const disk = new MemoryDisk();
  disk.makeDirectory(`${DIRECTORY}/cluster`);
  return disk;
}

function idsOf(count: number, bits: number): Set<string> {
  return new Set(ringOf(count).members.flatMap(({ id }, i) => ((bits >> i) & 1 ? [id] : [])));
}

function isEnough(sources: RestoreSources, ring: Ring, tells: ReadonlySet<string>): boolean {
  return sources.missing(ring, [7], (id) => tells.has(id)) === undefined;
}

describe('RestoreSources', () => {
  it('are enough if one that tells has whatever a majority may have acknowledged, and only then', () => {
    for (let count = 1; count <= 5; count++) {
      const bitsOf = (bits: number): number => bits.toString(2).replaceAll('0', '').length;
      const all = 2 ** count;
      for (let away = 0; away < all; away += 2) {
        if ((count - bitsOf(away)) * 2 <= count) continue;
        const present = all - 1 - away;
        // Bit 0 is this node.
        for (let tells = 0; tells < all; tells += 2) {
          for (let compared = 0; compared < all; compared += 2) {
            if ((tells | compared) & away) continue;
            const ring = ringOf(count, away);
            const sources = new RestoreSources(diskOf(), DIRECTORY, SELF, ring);
            for (const id of idsOf(count, compared)) sources.note(ring, id);
            let isWithOne = true;
            for (let acknowledged = 1; acknowledged < all; acknowledged += 2) {
              if (bitsOf(acknowledged) !== majorityOf(count)) continue;
              const wasBefore = (acknowledged & tells) !== 0 || (away !== 0 && (compared & tells) !== 0);
              const wasAfter = (acknowledged & tells) !== 0 || (acknowledged & present) !== acknowledged;
              if (!wasBefore || !wasAfter) isWithOne = false;
            }
            if (count === 1) isWithOne = false;
            const title = JSON.stringify({ count, away, tells, compared });
            expect(isEnough(sources, ring, idsOf(count, tells)), title).to.equal(isWithOne);
          }
        }
      }
    }
  });

  it('are those who are there, once who is away is being taken out of the ring', () => {
    const leaving = ringOf(3, 0b100, (member) =>
      member.absence === 'away' ? { ...member, state: 'leaving' } : member,
    );
    const sources = new RestoreSources(diskOf(), DIRECTORY, SELF, leaving);
    expect(isEnough(sources, leaving, idsOf(3, 0b010))).to.equal(true);
    expect(isEnough(sources, leaving, idsOf(3, 0))).to.equal(false);
  });

  it('count who returns as one that has told', () => {
    const returning = ringOf(3, 0b100, (member) =>
      member.absence === 'away' ? { ...member, absence: 'returning' } : member,
    );
    const sources = new RestoreSources(diskOf(), DIRECTORY, SELF, returning);
    expect(isEnough(sources, returning, idsOf(3, 0b010))).to.equal(true);
  });

  it('are known after a start by the same ring, and not by another one that nothing was noted for', () => {
    const disk = diskOf();
    const [away, tells] = [ringOf(3, 0b100), idsOf(3, 0b010)];
    const sources = new RestoreSources(disk, DIRECTORY, SELF, away);
    for (const id of tells) {
      expect(sources.isNews(away, id)).to.equal(true);
      sources.note(away, id);
      expect(sources.isNews(away, id)).to.equal(false);
    }
    expect(isEnough(new RestoreSources(disk, DIRECTORY, SELF, away), away, tells)).to.equal(true);
    const later = ringOf(3, 0b100, undefined, 2);
    expect(isEnough(new RestoreSources(disk, DIRECTORY, SELF, later), later, tells)).to.equal(false);
    sources.useRing(later);
    expect(isEnough(new RestoreSources(disk, DIRECTORY, SELF, later), later, tells)).to.equal(true);
  });

  it('are forgotten when who was away is back', () => {
    const disk = diskOf();
    const [away, tells] = [ringOf(3, 0b100), idsOf(3, 0b010)];
    const sources = new RestoreSources(disk, DIRECTORY, SELF, away);
    for (const id of tells) sources.note(away, id);
    sources.useRing(ringOf(3, 0, undefined, 2));
    const again = ringOf(3, 0b100, undefined, 3);
    sources.useRing(again);
    expect(isEnough(sources, again, tells)).to.equal(false);
    expect(isEnough(new RestoreSources(disk, DIRECTORY, SELF, again), again, tells)).to.equal(false);
  });
});
