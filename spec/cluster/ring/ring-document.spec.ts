import { expect } from 'chai';
import fc from 'fast-check';
import { ShapeError } from '../../../lib/base/json-shape.js';
import { checkRing, decodeRing, encodeRing } from '../../../lib/cluster/ring/ring-document.js';
import { anyRing, someMember, someMemberId, someRing } from './some-rings.js';

const ring = someRing([someMember(1, [5, 900]), someMember(2, [6])]);

/** A copy of the document after a change. */
function changed(change: (draft: Record<string, unknown> & { members: Record<string, unknown>[] }) => void): unknown {
  const draft = JSON.parse(encodeRing(ring).toString()) as Parameters<typeof change>[0];
  change(draft);
  return draft;
}

describe('encodeRing and decodeRing', () => {
  it('are each other’s inverse', () => {
    fc.assert(
      fc.property(anyRing, (document) => {
        expect(decodeRing(encodeRing(document))).to.deep.equal(document);
      }),
    );
  });

  it('have one form for a document, whatever the order of its keys', () => {
    const shuffled = Object.fromEntries(Object.entries(ring).reverse()) as unknown as typeof ring;
    expect(encodeRing(shuffled)).to.deep.equal(encodeRing(ring));
    expect(() => decodeRing(Buffer.from(JSON.stringify(shuffled)))).to.throw(ShapeError, 'its one form');
  });

  it('refuse bytes that are cut or changed, or say something else', () => {
    const bytes = encodeRing(ring);
    expect(() => decodeRing(bytes.subarray(0, 50))).to.throw(ShapeError, 'expected JSON');
    expect(() => decodeRing(Buffer.from('[]'))).to.throw(ShapeError, 'an object');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (junk) => {
        expect(() => decodeRing(junk)).to.throw(ShapeError);
      }),
    );
  });
});

describe('checkRing', () => {
  it('takes what is valid', () => {
    fc.assert(
      fc.property(anyRing, (document) => {
        expect(checkRing(document)).to.deep.equal(document);
      }),
    );
  });

  const faults: [string, unknown][] = [
    ['ring.epoch', changed((draft) => (draft['epoch'] = 0))],
    ['ring.generation', changed((draft) => (draft['generation'] = 1.5))],
    ['ring.clusterId', changed((draft) => (draft['clusterId'] = 'C'.repeat(40)))],
    ['ring.surprise', changed((draft) => (draft['surprise'] = 1))],
    ['ring.nextOrdinal', changed((draft) => delete draft['nextOrdinal'])],
    ['ring.members[1].ordinal', changed((draft) => (draft.members[1]['ordinal'] = 1))],
    ['ring.members[1].ordinal', changed((draft) => (draft.members[1]['ordinal'] = 3))],
    ['ring.members[1].id', changed((draft) => (draft.members[1]['id'] = someMemberId(1)))],
    ['ring.members[0].tokens[1]', changed((draft) => (draft.members[0]['tokens'] = [900, 5]))],
    ['ring.members[1].tokens[0]', changed((draft) => (draft.members[1]['tokens'] = [5]))],
    ['ring.members[1].tokens', changed((draft) => (draft.members[1]['tokens'] = []))],
    ['ring.members[1].tokens[0]', changed((draft) => (draft.members[1]['tokens'] = [16384]))],
    ['ring.members[0].zone', changed((draft) => (draft.members[0]['zone'] = 'a b'))],
    ['ring.members[0].state', changed((draft) => (draft.members[0]['state'] = 'down'))],
    ['ring.members', changed((draft) => draft.members.forEach((member) => (member['state'] = 'joining')))],
    ['ring.members', changed((draft) => (draft.members = []))],
    ['ring.voters', changed((draft) => (draft['voters'] = []))],
    ['ring.voters[0]', changed((draft) => (draft['voters'] = [someMemberId(3)]))],
    ['ring.voters[1]', changed((draft) => (draft['voters'] = [someMemberId(1), someMemberId(1)]))],
    ['ring.voters[1]', changed((draft) => (draft['voters'] = [someMemberId(2), someMemberId(1)]))],
  ];
  faults.forEach(([place, value], index) => {
    it(`says what is wrong: ${place} (${index})`, () => {
      expect(() => checkRing(value)).to.throw(ShapeError, `${place}: expected`);
    });
  });
});
