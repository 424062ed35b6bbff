import { expect } from 'chai';
import fc from 'fast-check';

import { Handshake, NONCE_BYTES } from '../../../lib/cluster/bus/handshake.js';
import type { HandshakeOptions } from '../../../lib/cluster/bus/handshake.js';
import { identityOf, idOf } from './bus-world.js';

const SECRET = Buffer.from('a secret');

function side(role: 'opener' | 'acceptor', options: Partial<HandshakeOptions> = {}): Handshake {
  return new Handshake({
    role,
    purpose: 'messages',
    identity: identityOf(role),
    secret: SECRET,
    nonce: Buffer.alloc(NONCE_BYTES, role),
    ...options,
  });
}

/** Carries what both say to the other until nobody says anything. Returns what was carried. */
function talk(opener: Handshake, acceptor: Handshake): Buffer[] {
  const said: Buffer[] = [];
  for (;;) {
    const fromOpener = opener.takeOutput();
    if (fromOpener !== undefined) {
      said.push(fromOpener);
      acceptor.receive(fromOpener, 0, fromOpener.length);
    }
    const fromAcceptor = acceptor.takeOutput();
    if (fromAcceptor !== undefined) {
      said.push(fromAcceptor);
      opener.receive(fromAcceptor, 0, fromAcceptor.length);
    }
    if (fromOpener === undefined && fromAcceptor === undefined) return said;
  }
}

/** What comes of it: the reason on the side that refused, and that the other one was told. */
function refusalOf(opener: Handshake, acceptor: Handshake): string | undefined {
  talk(opener, acceptor);
  const [refusing, refused] = opener.wasRefused ? [acceptor, opener] : [opener, acceptor];
  expect(refusing.state).to.equal('failed');
  expect(refused.state).to.equal('failed');
  expect(refused.wasRefused).to.equal(true);
  expect(refused.refusal).to.equal(refusing.refusal);
  return refusing.refusal;
}

describe('Handshake', () => {
  it('tells both sides who the other one is, and the acceptor what for', () => {
    const opener = side('opener', { purpose: 'channels', expectedId: idOf('acceptor') });
    const acceptor = side('acceptor');
    const said = talk(opener, acceptor);
    expect(opener.state).to.equal('done');
    expect(acceptor.state).to.equal('done');
    expect(opener.peer).to.deep.equal({ memberId: idOf('acceptor'), isMember: true });
    expect(acceptor.peer).to.deep.equal({ memberId: idOf('opener'), isMember: true });
    expect(acceptor.purpose).to.equal('channels');
    expect(Buffer.concat(said).length).to.be.below(1024);
  });

  it('works whatever pieces its bytes come in, and leaves what comes behind it', () => {
    const opener = side('opener');
    const acceptor = side('acceptor');
    const pass = (from: Handshake, to: Handshake): void => {
      for (const byte of from.takeOutput() ?? []) expect(to.receive(Uint8Array.of(byte), 0, 1)).to.equal(1);
    };
    pass(opener, acceptor);
    pass(acceptor, opener);
    pass(opener, acceptor);
    const last = Buffer.concat([acceptor.takeOutput() ?? Buffer.alloc(0), Buffer.from('frames')]);
    expect(opener.receive(last, 0, last.length)).to.equal(last.length - 'frames'.length);
    expect(opener.state).to.equal('done');
  });

  it('refuses another secret', () => {
    expect(refusalOf(side('opener', { secret: Buffer.from('wrong') }), side('acceptor'))).to.equal('secret');
  });

  it('refuses another version, whichever side is newer', () => {
    expect(refusalOf(side('opener', { version: 9 }), side('acceptor'))).to.equal('version');
    expect(refusalOf(side('opener'), side('acceptor', { version: 9 }))).to.equal('version');
  });

  it('refuses a member of another cluster, formed or not', () => {
    for (const isFormed of [true, false]) {
      const identity = identityOf('opener', 'another', isFormed);
      const acceptor = side('acceptor', { identity: identityOf('acceptor', 'cluster', isFormed) });
      expect(refusalOf(side('opener', { identity }), acceptor)).to.equal('cluster');
    }
  });

  it('takes one that is in no ring for a guest of one that is, whatever its seeds, and of its like with the same seeds', () => {
    const meet = (openerFormed: boolean, openerCluster: string, acceptorFormed: boolean): unknown => {
      const opener = side('opener', { identity: identityOf('opener', openerCluster, openerFormed) });
      const acceptor = side('acceptor', { identity: identityOf('acceptor', 'cluster', acceptorFormed) });
      talk(opener, acceptor);
      return [opener.peer?.isMember, acceptor.peer?.isMember];
    };
    expect(meet(false, 'seeds', true)).to.deep.equal([false, false]);
    expect(meet(true, 'another', false)).to.deep.equal([false, false]);
    expect(meet(false, 'cluster', false)).to.deep.equal([false, false]);
  });

  it('refuses itself, and somebody else than is expected', () => {
    expect(refusalOf(side('opener', { identity: identityOf('acceptor') }), side('acceptor'))).to.equal('self');
    expect(refusalOf(side('opener', { expectedId: idOf('third') }), side('acceptor'))).to.equal('identity');
  });

  it('refuses its own bytes sent back to it', () => {
    for (const role of ['opener', 'acceptor'] as const) {
      const handshake = side(role);
      if (role === 'acceptor') {
        const hello = side('opener').takeOutput() ?? Buffer.alloc(0);
        handshake.receive(hello, 0, hello.length);
      }
      const own = handshake.takeOutput() ?? Buffer.alloc(0);
      handshake.receive(own, 0, own.length);
      expect(handshake.state).to.equal('failed');
    }
  });

  it('refuses what was recorded, because the nonce of the one who listens is new', () => {
    const recorded: Buffer[] = [];
    const opener = side('opener');
    for (const bytes of talk(opener, side('acceptor'))) recorded.push(bytes);
    const acceptor = side('acceptor', { nonce: Buffer.alloc(NONCE_BYTES, 'new') });
    acceptor.receive(recorded[0], 0, recorded[0].length);
    expect(acceptor.state).to.equal('open');
    acceptor.receive(recorded[2], 0, recorded[2].length);
    expect(acceptor.refusal).to.equal('secret');
  });

  it('refuses an opener that answers with the proof of the acceptor', () => {
    const victim = side('acceptor');
    const hello = side('opener').takeOutput() ?? Buffer.alloc(0);
    victim.receive(hello, 0, hello.length);
    const challenge = victim.takeOutput() ?? Buffer.alloc(0);
    // What an acceptor would say who had sent and got the same: only the role differs.
    const other = side('opener');
    other.takeOutput();
    other.receive(challenge, 0, challenge.length);
    const proof = other.takeOutput() ?? Buffer.alloc(0);
    const good = side('acceptor');
    good.receive(hello, 0, hello.length);
    good.takeOutput();
    good.receive(proof, 0, proof.length);
    const acceptorProof = good.takeOutput() ?? Buffer.alloc(0);
    victim.receive(acceptorProof, 0, acceptorProof.length);
    expect(victim.refusal).to.equal('secret');
  });

  it('says nothing to whom it has not heard a proof from, but who it is', () => {
    const acceptor = side('acceptor');
    const hello = side('opener').takeOutput() ?? Buffer.alloc(0);
    acceptor.receive(hello, 0, hello.length);
    const answer = acceptor.takeOutput() ?? Buffer.alloc(0);
    expect(answer.length).to.equal(hello.length);
    expect(acceptor.takeOutput()).to.equal(undefined);
  });

  it('refuses anything else at its first wrong byte, without an answer', () => {
    const acceptor = side('acceptor');
    const request = Buffer.from('*1\r\n$4\r\nPING\r\n');
    expect(acceptor.receive(request, 0, request.length)).to.equal(1);
    expect(acceptor.refusal).to.equal('malformed');
    expect(acceptor.takeOutput()).to.equal(undefined);
  });

  it('neither throws nor is done, whatever bit of what is said is turned', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(3), (bit, message) => {
        const opener = side('opener');
        const acceptor = side('acceptor');
        for (let i = 0; ; i++) {
          const [from, to] = i % 2 === 0 ? [opener, acceptor] : [acceptor, opener];
          const bytes = from.takeOutput();
          if (bytes === undefined) break;
          const copy = Buffer.from(bytes);
          const at = bit % (copy.length * 8);
          if (i === message) copy[at >>> 3] ^= 1 << (at & 7);
          to.receive(copy, 0, copy.length);
        }
        // The last message is the acceptor's proof: it is sure by then.
        expect(opener.state === 'done').to.equal(false);
        if (message < 3) expect(acceptor.state === 'done').to.equal(false);
      }),
      { numRuns: 2000 },
    );
  });

  it('takes any bytes without throwing', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('opener', 'acceptor'),
        fc.array(fc.uint8Array({ maxLength: 200 })),
        (role, pieces) => {
          const handshake = side(role);
          for (const piece of pieces) handshake.receive(piece, 0, piece.length);
          expect(handshake.state === 'done').to.equal(false);
        },
      ),
    );
  });
});
