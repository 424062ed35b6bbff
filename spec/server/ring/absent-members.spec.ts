import { expect } from 'chai';

import { MessageKind } from '../../../lib/cluster/message-kind.js';
import { Ring } from '../../../lib/cluster/ring/ring.js';
import { withAway, withReturning } from '../../../lib/cluster/topology/absence.js';
import { isTakenDespiteAbsence } from '../../../lib/server/ring/absent-members.js';
import { someMember, someRing } from '../../cluster/ring/some-rings.js';

const members = [1, 2, 3].map((number) => someMember(number, [number * 4000]));
const [away, one, other] = members.map(({ id }) => id);
const all = Object.values(MessageKind).filter((kind) => typeof kind === 'number');

describe('isTakenDespiteAbsence', () => {
  const ring = someRing(members);
  const left = withAway(ring, away);

  it('lets everything pass while nobody is absent, and between those who are not', () => {
    for (const kind of all) {
      expect(isTakenDespiteAbsence(new Ring(ring), one, away, kind)).to.equal(true);
      expect(isTakenDespiteAbsence(new Ring(left), one, other, kind)).to.equal(true);
    }
  });

  for (const document of [left, withReturning(left, away)]) {
    const absence = document.members[0].absence ?? '';

    it(`takes of a member that is ${absence} what rebuilds it, and nothing that changes data unseen`, () => {
      const taken = all.filter((kind) => isTakenDespiteAbsence(new Ring(document), one, away, kind));
      expect(taken).to.include.members([MessageKind.PULL, MessageKind.TAKEN, MessageKind.TAKE_ENTRIES]);
      const { REPLICATE, REPLICATED, HINT, REPAIR, TELL, PREPARE, PROMISED, ACCEPT, ACCEPTED, DECIDED } = MessageKind;
      for (const kind of [REPLICATE, REPLICATED, HINT, REPAIR, TELL, PREPARE, PROMISED, ACCEPT, ACCEPTED, DECIDED]) {
        expect(taken, `${kind}`).not.to.include(kind);
      }
    });

    it(`has a member that is ${absence} take answers to that alone`, () => {
      const taken = all.filter((kind) => isTakenDespiteAbsence(new Ring(document), away, one, kind));
      expect(taken).to.include.members([MessageKind.CHUNK, MessageKind.COMPARED, MessageKind.FILLED]);
      const { REPLICATE, HINT, ASK, REPAIR, PREPARE, ACCEPT, SETTLE, COMPARE_ROOTS, FORGET } = MessageKind;
      for (const kind of [REPLICATE, HINT, ASK, REPAIR, PREPARE, ACCEPT, SETTLE, COMPARE_ROOTS, FORGET]) {
        expect(taken, `${kind}`).not.to.include(kind);
      }
    });
  }
});
