import { expect } from 'chai';
import fc from 'fast-check';
import { encodeMessage, type Message } from '../../../lib/cluster/gossip/message-codec.js';
import {
  DATAGRAM_BYTES_MAX,
  DROP_REASONS,
  PacketCodec,
  type OpenedPacket,
} from '../../../lib/cluster/gossip/packet.js';
import { idOf, someNews } from './samples.js';

const ack: Message = { kind: 'ack', sequence: 7 };

function codecOf(member: number, { cluster = 'cluster', secret = 'secret' } = {}): PacketCodec {
  return new PacketCodec(cluster, secret, idOf(member));
}

/** A datagram of its own, with these messages. */
function sealed(codec: PacketCodec, messages: readonly Message[] = [ack], incarnation = 1): Buffer {
  codec.begin(incarnation);
  for (const message of messages) codec.add(encodeMessage(message));
  return Buffer.from(codec.finish());
}

function opened(codec: PacketCodec, datagram: Buffer): OpenedPacket | string {
  return codec.open(datagram, datagram.length);
}

describe('PacketCodec', () => {
  it('opens what another member of the cluster has sealed', () => {
    fc.assert(
      fc.property(fc.array(someNews, { maxLength: 5 }), fc.integer({ min: 0, max: 2 ** 52 }), (news, incarnation) => {
        const datagram = sealed(codecOf(1), news, incarnation);
        expect(opened(codecOf(2), datagram)).to.deep.equal({ sender: idOf(1), incarnation, messages: news });
      }),
    );
  });

  it('takes messages up to 1400 bytes, and says when there is no room', () => {
    const codec = codecOf(1);
    codec.begin(1);
    let count = 0;
    while (codec.add(encodeMessage(ack))) count++;
    const datagram = Buffer.from(codec.finish());
    expect(datagram.length).to.be.at.most(DATAGRAM_BYTES_MAX);
    expect(datagram.length).to.be.above(DATAGRAM_BYTES_MAX - 3);
    expect(opened(codecOf(2), datagram))
      .to.have.property('messages')
      .with.length(count);
  });

  it('drops what is of another cluster, of somebody without the secret, of itself, of another version, or of no possible size', () => {
    expect(opened(codecOf(2), sealed(codecOf(1, { cluster: 'other' })))).to.equal('foreign');
    expect(opened(codecOf(2), sealed(codecOf(1, { secret: 'other' })))).to.equal('forged');
    expect(opened(codecOf(1), sealed(codecOf(1)))).to.equal('own');
    const other = sealed(codecOf(1));
    other[0] = 9;
    expect(opened(codecOf(2), other)).to.equal('version');
    expect(opened(codecOf(2), Buffer.alloc(DATAGRAM_BYTES_MAX + 1))).to.equal('oversized');
    expect(opened(codecOf(2), Buffer.alloc(0))).to.equal('truncated');
    expect(opened(codecOf(2), sealed(codecOf(1)).subarray(0, 44))).to.equal('truncated');
  });

  it('takes the datagrams of the former cluster for a while, and seals for the new one', () => {
    const receiver = codecOf(2);
    const sender = codecOf(1);
    receiver.setCluster('new');
    expect(opened(receiver, sealed(sender))).to.be.an('object');
    expect(opened(sender, sealed(receiver))).to.equal('foreign');
    receiver.endFormerCluster();
    expect(opened(receiver, sealed(sender))).to.equal('foreign');
    sender.setCluster('new');
    expect(opened(receiver, sealed(sender))).to.be.an('object');
    expect(opened(sender, sealed(receiver))).to.be.an('object');
  });

  it('drops a datagram that comes again, also when the sender has gone on to a higher incarnation', () => {
    const sender = codecOf(1);
    const receiver = codecOf(2);
    const first = sealed(sender);
    const second = sealed(sender);
    const third = sealed(sender, [ack], 2);
    expect(opened(receiver, second)).to.be.an('object');
    expect(opened(receiver, first), 'overtaken').to.be.an('object');
    expect(opened(receiver, first)).to.equal('replayed');
    expect(opened(receiver, third)).to.be.an('object');
    expect(opened(receiver, second)).to.equal('replayed');
    expect(opened(receiver, third)).to.equal('replayed');
  });

  it('takes a sender that has started again', () => {
    const receiver = codecOf(2);
    const before = codecOf(1);
    for (let i = 0; i < 200; i++) opened(receiver, sealed(before, [ack], 10));
    expect(opened(receiver, sealed(codecOf(1), [ack], 11))).to.be.an('object');
  });

  it('drops messages that are malformed, though they are sealed', () => {
    const sender = codecOf(1);
    sender.begin(1);
    sender.add(Buffer.of(99));
    expect(opened(codecOf(2), Buffer.from(sender.finish()))).to.equal('malformed');
  });

  it('drops every datagram in which a bit is different', () => {
    const receiver = codecOf(2);
    fc.assert(
      fc.property(fc.array(someNews, { maxLength: 3 }), fc.nat(), fc.nat({ max: 7 }), (news, at, bit) => {
        const datagram = sealed(codecOf(1), news);
        datagram[at % datagram.length] ^= 1 << bit;
        expect(opened(receiver, datagram)).to.be.oneOf(['version', 'foreign', 'forged']);
      }),
      { numRuns: 500 },
    );
  });

  it('drops random bytes, with a reason', () => {
    const receiver = codecOf(2);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1500 }), (bytes) => {
        expect(opened(receiver, Buffer.from(bytes))).to.be.oneOf([...DROP_REASONS]);
      }),
      { numRuns: 500 },
    );
  });
});
