import { expect } from 'chai';
import fc from 'fast-check';
import { LIVENESSES } from '../../../lib/cluster/gossip/member.js';
import {
  MESSAGE_BYTES_MAX,
  decodeMessages,
  decodeState,
  encodeMessage,
  encodeState,
  type Message,
} from '../../../lib/cluster/gossip/message-codec.js';
import { DATAGRAM_BYTES_MAX, HEADER_BYTES_MAX } from '../../../lib/cluster/gossip/packet.js';
import { idOf, profileOf, recordOf, someMessage, someRecord } from './samples.js';

function decoded(buffer: Buffer): Message[] | undefined {
  return decodeMessages(buffer, 0, buffer.length);
}

describe('decodeMessages', () => {
  it('reads back what encodeMessage wrote, however many there are', () => {
    fc.assert(
      fc.property(fc.array(someMessage, { maxLength: 8 }), (messages) => {
        expect(decoded(Buffer.concat(messages.map(encodeMessage)))).to.deep.equal(messages);
      }),
    );
  });

  it('reads what lies between start and end alone', () => {
    const ack = encodeMessage({ kind: 'ack', sequence: 300 });
    const buffer = Buffer.concat([Buffer.of(255, 255), ack, Buffer.of(255)]);
    expect(decodeMessages(buffer, 2, 2 + ack.length)).to.deep.equal([{ kind: 'ack', sequence: 300 }]);
  });

  it('refuses messages that are cut short', () => {
    fc.assert(
      fc.property(someMessage, fc.nat(), (message, cut) => {
        const bytes = encodeMessage(message);
        expect(decoded(bytes.subarray(0, 1 + (cut % (bytes.length - 1))))).to.equal(undefined);
      }),
    );
  });

  it('does not throw, whatever the bytes are', () => {
    const mutated = fc
      .tuple(fc.array(someMessage, { minLength: 1, maxLength: 4 }), fc.nat(), fc.nat({ max: 255 }))
      .map(([messages, at, byte]) => {
        const bytes = Buffer.concat(messages.map(encodeMessage));
        bytes[at % bytes.length] = byte;
        return bytes;
      });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
          mutated,
        ),
        (bytes) => {
          const messages = decoded(Buffer.from(bytes));
          // What is accepted can be told on.
          for (const message of messages ?? []) expect(decoded(encodeMessage(message))).to.deep.equal([message]);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('refuses unknown kinds, incarnations that cannot be refuted, hosts that are none, and text that is not UTF-8', () => {
    const alive = (change: (bytes: Buffer) => void) => {
      const bytes = encodeMessage({ kind: 'alive', id: idOf(1), incarnation: 1, profile: profileOf(1) });
      change(bytes);
      return decoded(bytes);
    };
    const hostAt = 1 + 20 + 1 + 1;
    expect(alive(() => undefined)).to.have.length(1);
    expect(alive((bytes) => (bytes[hostAt] = 0x20))).to.equal(undefined);
    expect(alive((bytes) => (bytes[hostAt] = 0xff))).to.equal(undefined);
    expect(decoded(Buffer.of(0))).to.equal(undefined);
    expect(decoded(Buffer.of(9, 0))).to.equal(undefined);
    const high = encodeMessage({ kind: 'left', id: idOf(1), incarnation: 2 ** 52 + 1 });
    expect(decoded(high)).to.equal(undefined);
  });
});

describe('encodeMessage', () => {
  it('makes nothing that does not fit a datagram', () => {
    const longest = 'x'.repeat(255);
    const max = Number.MAX_SAFE_INTEGER;
    const profile = {
      address: { host: longest, port: 65535, tlsPort: 65535, busPort: 65535 },
      zone: longest,
      load: { keyCount: max, memoryBytes: max, commandsPerSecond: max },
      ring: { generation: max, epoch: max },
    };
    const bytes = encodeMessage({ kind: 'alive', id: idOf(1), incarnation: 2 ** 52, profile });
    expect(bytes.length).to.be.at.most(MESSAGE_BYTES_MAX);
    // Two of them: a ping with what is held against its target fits in any case.
    expect(2 * MESSAGE_BYTES_MAX).to.be.at.most(DATAGRAM_BYTES_MAX - HEADER_BYTES_MAX);
  });
});

describe('decodeState', () => {
  it('reads back what encodeState wrote', () => {
    fc.assert(
      fc.property(fc.array(someRecord, { minLength: 1, maxLength: 6 }), (records) => {
        expect(decodeState(encodeState(records))).to.deep.equal(records);
      }),
    );
  });

  it('refuses a state that is empty, of another version, or cut short', () => {
    const state = encodeState([recordOf(1, 'alive', 5), recordOf(2, 'dead', 5)]);
    expect(decodeState(Buffer.alloc(0))).to.equal(undefined);
    expect(decodeState(Buffer.of(1))).to.equal(undefined);
    expect(decodeState(Buffer.concat([Buffer.of(2), state.subarray(1)]))).to.equal(undefined);
    expect(decodeState(state.subarray(0, state.length - 1))).to.equal(undefined);
  });

  it('does not throw, whatever the bytes are', () => {
    fc.assert(
      fc.property(
        fc.array(someRecord, { minLength: 1, maxLength: 3 }),
        fc.nat(),
        fc.nat({ max: 255 }),
        (records, at, byte) => {
          const state = encodeState(records);
          state[at % state.length] = byte;
          for (const record of decodeState(state) ?? []) {
            expect(LIVENESSES).to.include(record.state);
            expect(record.profileIncarnation).to.be.at.most(record.incarnation);
            expect(decodeState(encodeState([record]))).to.deep.equal([record]);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
