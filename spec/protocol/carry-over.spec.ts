import { expect } from 'chai';
import fc from 'fast-check';
import { CarryOver } from '../../lib/protocol/carry-over.js';

describe('CarryOver append', () => {
  it('keeps the bytes from `from` on, and says by how much they moved', () => {
    const piece = fc.uint8Array({ maxLength: 700 });
    const steps = fc.array(fc.record({ piece, drop: fc.nat({ max: 100 }) }), { maxLength: 40 });
    fc.assert(
      fc.property(steps, (list) => {
        const carryOver = new CarryOver();
        let expected = Buffer.alloc(0);
        let from = 0;
        for (const { piece, drop } of list) {
          const dropped = Math.floor((expected.length * drop) / 100);
          from += dropped;
          const source = Buffer.concat([Buffer.from('ab'), piece, Buffer.from('cd')]);
          const moved = carryOver.append(source, 2, 2 + piece.length, from, Infinity);
          expect(moved === 0 || moved === from).to.equal(true);
          from -= moved;
          expected = Buffer.concat([expected.subarray(dropped), piece]);
          expect(carryOver.buffer.subarray(from, carryOver.end).equals(expected)).to.equal(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('needs no more room than twice what is held, however much passes through', () => {
    const carryOver = new CarryOver();
    const piece = Buffer.alloc(100);
    for (let i = 0; i < 1000; i++) carryOver.append(piece, 0, 100, Math.max(carryOver.end - 200, 0), Infinity);
    expect(carryOver.buffer.length).to.be.at.most(1024);
  });

  it('moves the bytes seldom, when as little is dropped as is added', () => {
    const carryOver = new CarryOver();
    carryOver.append(Buffer.alloc(1000), 0, 1000, 0, Infinity);
    let from = 0;
    let moves = 0;
    for (let i = 0; i < 10_000; i++) {
      const moved = carryOver.append(Buffer.alloc(1), 0, 1, ++from, Infinity);
      from -= moved;
      if (moved > 0) moves++;
    }
    expect(moves).to.be.at.most(20);
    expect(carryOver.buffer.length).to.be.at.most(4096);
  });

  it('allocates nothing beyond what is announced', () => {
    const carryOver = new CarryOver();
    carryOver.append(Buffer.alloc(60_000), 0, 60_000, 0, 10_000);
    carryOver.append(Buffer.alloc(5000), 0, 5000, 0, 10_000);
    expect(carryOver.buffer.length).to.equal(70_000);
  });
});

describe('CarryOver clear', () => {
  it('keeps a small buffer', () => {
    const carryOver = new CarryOver();
    carryOver.append(Buffer.alloc(1000), 0, 1000, 0, Infinity);
    const buffer = carryOver.buffer;
    carryOver.clear();
    expect(carryOver.end).to.equal(0);
    expect(carryOver.buffer).to.equal(buffer);
  });

  it('lets go of a large one without touching it', () => {
    const carryOver = new CarryOver();
    carryOver.append(Buffer.alloc(10_000, 'x'), 0, 10_000, 0, Infinity);
    const buffer = carryOver.buffer;
    carryOver.clear();
    expect(carryOver.buffer.length).to.equal(0);
    expect(buffer.toString('latin1', 0, 10_000)).to.equal('x'.repeat(10_000));
  });
});
