import { expect } from 'chai';
import fc from 'fast-check';

import {
  FRAME_BYTES_MAX,
  FRAME_HEADER_BYTES,
  FrameDecoder,
  encodeMessage,
  encodedBytes,
} from '../../../lib/cluster/bus/frame.js';
import { BytesPayload } from '../../../lib/cluster/bus/payload.js';
import { BufferPool } from '../../../lib/protocol/buffer-pool.js';

interface Message {
  readonly kind: number;
  readonly id: number;
  readonly payload: Buffer;
}

function encode(messages: readonly Message[]): Buffer {
  const bytes = messages.reduce((sum, { payload }) => sum + encodedBytes(payload.length), 0);
  const target = Buffer.alloc(bytes, 0xee);
  let at = 0;
  for (const { kind, id, payload } of messages) at = encodeMessage(target, at, kind, id, new BytesPayload(payload));
  expect(at).to.equal(bytes);
  return target;
}

/** What a decoder makes of the pieces, each of which is overwritten behind it. */
function decode(pieces: readonly Buffer[]): { messages: Message[]; isGood: boolean; decoder: FrameDecoder } {
  const messages: Message[] = [];
  const decoder = new FrameDecoder(new BufferPool(), (kind, id, buffer, start, end) => {
    messages.push({ kind, id, payload: Buffer.from(buffer.subarray(start, end)) });
  });
  for (const piece of pieces) {
    const readBuffer = Buffer.concat([Buffer.alloc(3), piece]);
    const isGood = decoder.feed(readBuffer, 3, readBuffer.length);
    readBuffer.fill(0xdb);
    if (!isGood) return { messages, isGood, decoder };
  }
  return { messages, isGood: true, decoder };
}

/** Cuts bytes at the given places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1))), bytes.length].sort((a, b) => a - b);
  return ends.map((end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end));
}

const arbitraryMessage = fc.record({
  kind: fc.integer({ min: 0, max: 127 }),
  id: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  payload: fc
    .oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 70_000 }))
    .map((length) => Buffer.alloc(length, length % 251)),
});

describe('FrameDecoder', () => {
  it('finds the messages that were encoded, wherever the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(arbitraryMessage, { maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 30 }),
        (messages, places) => {
          const { messages: found, isGood, decoder } = decode(cut(encode(messages), places));
          expect(isGood).to.equal(true);
          expect(found).to.deep.equal(messages);
          expect(decoder.heldBytes).to.equal(0);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('finds messages fed byte by byte', () => {
    const messages = [0, 1, 30].map((length) => ({ kind: 127, id: 2 ** 32 - 1, payload: Buffer.alloc(length, 7) }));
    const bytes = encode(messages);
    expect(decode([...bytes].map((byte) => Buffer.from([byte]))).messages).to.deep.equal(messages);
  });

  it('hands on a message that lies whole in what is fed without copying it', () => {
    const bytes = encode([{ kind: 1, id: 2, payload: Buffer.from('abc') }]);
    const seen: Buffer[] = [];
    new FrameDecoder(new BufferPool(), (_kind, _id, buffer) => seen.push(buffer)).feed(bytes, 0, bytes.length);
    expect(seen).to.have.lengthOf(1);
    expect(seen[0]).to.equal(bytes);
  });

  it('puts a message of several frames together, and messages behind it', () => {
    const payload = Buffer.alloc(2 * FRAME_BYTES_MAX + 5);
    for (let at = 0; at < payload.length; at += 4099) payload[at] = at;
    const messages = [
      { kind: 20, id: 9, payload },
      { kind: 21, id: 10, payload: Buffer.from('x') },
    ];
    const bytes = encode(messages);
    expect(bytes.length).to.equal(payload.length + 1 + 4 * FRAME_HEADER_BYTES);
    const found = decode(cut(bytes, [1_000_000, 5, 20_000_000])).messages;
    expect(found.map(({ kind, id }) => [kind, id])).to.deep.equal([
      [20, 9],
      [21, 10],
    ]);
    expect(found[0].payload.equals(payload)).to.equal(true);
  });

  it('refuses a frame that is too long as soon as its header is there, and holds no more than has come', () => {
    const header = Buffer.alloc(FRAME_HEADER_BYTES);
    header.writeUInt32LE(FRAME_BYTES_MAX + 1);
    expect(decode([header]).isGood).to.equal(false);
    expect(decode(cut(header, [4])).isGood).to.equal(false);
    header.writeUInt32LE(FRAME_BYTES_MAX);
    expect(decode([header]).decoder.heldBytes).to.equal(FRAME_HEADER_BYTES);
  });

  it('refuses another message, or an empty part, in the middle of one that goes on', () => {
    const part = encode([{ kind: 20, id: 9, payload: Buffer.from('ab') }]);
    part[4] |= 0x80;
    expect(decode([part, encode([{ kind: 20, id: 8, payload: Buffer.from('c') }])]).isGood).to.equal(false);
    expect(decode([part, encode([{ kind: 21, id: 9, payload: Buffer.from('c') }])]).isGood).to.equal(false);
    expect(decode([part, encode([{ kind: 20, id: 9, payload: Buffer.alloc(0) }])]).isGood).to.equal(false);
    expect(decode([part, encode([{ kind: 20, id: 9, payload: Buffer.from('c') }])]).messages).to.deep.equal([
      { kind: 20, id: 9, payload: Buffer.from('abc') },
    ]);
  });

  it('takes any bytes without throwing, and hands on nothing after it has refused or was stopped', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 10 }), fc.nat(5), (pieces, stopAfter) => {
        let count = 0;
        const decoder = new FrameDecoder(new BufferPool(), () => {
          count++;
          if (count === stopAfter) decoder.stop();
        });
        // Short frames are more likely than at random.
        for (const piece of pieces) if (piece.length > 3) piece[1] = piece[2] = piece[3] = 0;
        for (const piece of pieces) if (!decoder.feed(Buffer.from(piece), 0, piece.length)) break;
        if (stopAfter > 0) expect(count).to.be.at.most(stopAfter);
      }),
      { numRuns: 500 },
    );
  });
});
