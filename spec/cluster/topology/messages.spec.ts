import { expect } from 'chai';
import fc from 'fast-check';
import type { TopologyAnswer, TopologyRequest } from '../../../lib/cluster/topology/messages.js';
import { decodeAnswer, decodeRequest, encodeMessage } from '../../../lib/cluster/topology/messages.js';
import { someMember, someMemberId, someRing } from '../ring/some-rings.js';

const ring = someRing([someMember(1, [5])]);
const ballot = { round: 1, proposer: someMemberId(1) };
const version = { generation: 1, epoch: 2 };
const candidate = { id: someMemberId(2), zone: 'a', tokenCount: 64, address: ring.members[0].address };
const paxos = { kind: 'paxos', version, seedDigest: 'd', voter: someMemberId(1) } as const;

const requests: TopologyRequest[] = [
  { kind: 'hello' },
  { ...paxos, request: { kind: 'prepare', ballot } },
  { ...paxos, request: { kind: 'accept', ballot, value: 'v' } },
  { kind: 'ring', ring },
  { kind: 'fetch' },
  { kind: 'join', candidate },
  { kind: 'holds-data', pauseWrites: true },
];
const answers: TopologyAnswer[] = [
  { kind: 'hello', candidate, seedDigest: 'd' },
  { kind: 'hello', candidate, seedDigest: 'd', ring },
  { kind: 'paxos', answer: { kind: 'promise', ballot, accepted: { ballot, value: 'v' } } },
  { kind: 'paxos', answer: { kind: 'accepted', ballot } },
  { kind: 'paxos', answer: { kind: 'refused', ballot, promised: ballot } },
  { kind: 'ring', ring },
  { kind: 'ring' },
  { kind: 'behind' },
  { kind: 'refused', reason: 'why' },
  { kind: 'data', holdsData: false },
];

describe('decodeRequest and decodeAnswer', () => {
  it('read what encodeMessage writes', () => {
    for (const request of requests) expect(decodeRequest(encodeMessage(request))).to.deep.equal(request);
    for (const answer of answers) expect(decodeAnswer(encodeMessage(answer))).to.deep.equal(answer);
  });

  it('take no other bytes for a message, and throw at none', () => {
    const messages = [...requests, ...answers].map((message) => encodeMessage(message).toString());
    const damaged = fc
      .tuple(fc.constantFrom(...messages), fc.nat(), fc.string({ maxLength: 3 }))
      .map(([text, at, put]) => text.slice(0, at % text.length) + put + text.slice((at % text.length) + 1));
    fc.assert(
      fc.property(fc.oneof(damaged, fc.json(), fc.string()), (text) => {
        for (const decode of [decodeRequest, decodeAnswer]) {
          const found = decode(Buffer.from(text));
          if (found !== undefined) expect(JSON.parse(text)).to.have.property('kind', found.kind);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
