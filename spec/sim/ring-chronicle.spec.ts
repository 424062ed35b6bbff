import { expect } from 'chai';

import type { RingDocument } from '../../lib/cluster/ring/ring-document.js';
import { withAway, withReturning } from '../../lib/cluster/topology/absence.js';
import { aborted, finished, withJoining, withLeaving } from '../../lib/cluster/topology/ring-change.js';
import { someMember, someRing } from '../cluster/ring/some-rings.js';
import { RingChronicle } from './ring-chronicle.js';

describe('RingChronicle', () => {
  it('counts changes that have ended, by kind', () => {
    const ring = someRing([1, 2, 3, 4, 5].map((number) => someMember(number, [number])));
    const [first, second, third] = ring.members.map(({ id }) => id);
    const { id, address } = someMember(77, [1]);
    const joiner = { id, zone: '', tokenCount: 4, address };
    const chronicle = new RingChronicle();
    let now = ring;
    const follow = (begin: (before: RingDocument) => RingDocument, end: typeof finished): void => {
      const during = begin(now);
      now = end(during);
      for (const document of [during, now]) chronicle.note(document);
    };
    chronicle.noteRemoval(second);
    follow((before) => withLeaving(before, first), finished);
    follow((before) => withLeaving(before, second), finished);
    follow((before) => withJoining(before, joiner, third), aborted);
    follow((before) => withJoining(before, joiner, third), finished);
    follow((before) => withLeaving(before, id), finished);
    follow((before) => withJoining(before, joiner, undefined), finished);
    chronicle.note(withLeaving(now, id));
    expect(chronicle.changes().toString()).to.equal('2 leaves, 1 removals, 1 aborts, 1 replacements, 1 joins');
    expect(chronicle.newest.epoch).to.equal(ring.epoch + 13);
  });

  it('counts members that are left out and rebuilt', () => {
    const ring = someRing([1, 2, 3, 4, 5].map((number) => someMember(number, [number])));
    const { id } = ring.members[3];
    const chronicle = new RingChronicle();
    const away = withAway(ring, id);
    const given = aborted(withReturning(away, id));
    const back = withReturning(given, id);
    for (const document of [ring, away, withReturning(away, id), given, back, finished(back)]) chronicle.note(document);
    expect(chronicle.changes().toString()).to.equal('1 members left out, 1 aborts, 1 members rebuilt');
  });
});
