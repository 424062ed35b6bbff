import { expect } from 'chai';
import { HybridClock, firstStampOf } from '../../../lib/base/stamp.js';
import { BytesPayload } from '../../../lib/cluster/bus/payload.js';
import type { Payload } from '../../../lib/cluster/bus/payload.js';
import { VersionedLinks } from '../../../lib/cluster/coordination/versioned-links.js';

const WALL_MS = 1_700_000_000_000;

function member(epoch: number, wallMs = WALL_MS): { links: VersionedLinks; clock: HybridClock; sent: Buffer[] } {
  const sent: Buffer[] = [];
  const clock = new HybridClock(() => wallMs);
  const links = new VersionedLinks({
    links: {
      send: (_member: string, _kind: number, payload: Payload) => {
        const bytes = Buffer.alloc(payload.byteLength);
        payload.writeTo(bytes, 0);
        sent.push(bytes);
        return true;
      },
    },
    version: () => ({ generation: 1, epoch }),
    clock,
    stampMax: () => firstStampOf(wallMs + 500),
  });
  return { links, clock, sent };
}

function message(buffer: Buffer): { from: string; buffer: Buffer; start: number; end: number } {
  return { from: 'm', buffer, start: 0, end: buffer.length };
}

describe('VersionedLinks', () => {
  it('says for which ring a message was sent, in front of it', () => {
    const [old, young] = [member(4), member(5)];
    young.links.send('m', 1, new BytesPayload(Buffer.from('payload')));
    const received = message(young.sent[0]);
    expect(old.links.receive(received)).to.be.above(0);
    expect(old.links.versionOf(received)).to.deep.equal({ generation: 1, epoch: 5 });
    expect(received.buffer.toString('latin1', old.links.payloadStart(received))).to.equal('payload');
    old.links.send('m', 1, new BytesPayload(Buffer.alloc(0)));
    expect(young.links.receive(message(old.sent[0]))).to.be.below(0);
    expect([young.links.staleCount, old.links.staleCount]).to.deep.equal([1, 0]);
  });

  it('has the clock follow that of the sender', () => {
    const [a, b] = [member(1, WALL_MS + 400), member(1)];
    const stamp = a.clock.next();
    a.links.send('m', 1, new BytesPayload(Buffer.alloc(0)));
    expect(b.links.receive(message(a.sent[0]))).to.equal(0);
    expect(b.clock.next()).to.be.above(stamp);
  });

  it('takes nothing from a clock that is too far ahead, and nothing that is too short', () => {
    const [a, b] = [member(1, WALL_MS + 2000), member(1)];
    a.clock.next();
    a.links.send('m', 1, new BytesPayload(Buffer.alloc(0)));
    expect(b.links.receive(message(a.sent[0]))).to.equal('ahead');
    expect(b.links.receive(message(Buffer.alloc(3)))).to.equal(undefined);
    expect(b.links.aheadCount).to.equal(1);
    expect(b.clock.next()).to.be.below(firstStampOf(WALL_MS + 500));
  });
});
