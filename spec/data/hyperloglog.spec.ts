import { expect } from 'chai';
import fc from 'fast-check';
import { HyperLogLog, Raised, raiseAll } from '../../lib/data/hyperloglog.js';
import { countAt, countRegisters } from '../../lib/data/hyperloglog-count.js';
import { REGISTER_COUNT, isHyperLogLog, isStale } from '../../lib/data/hyperloglog-format.js';

const SPARSE_MAX = 3000;

function empty(sparseBytesMax = SPARSE_MAX): HyperLogLog {
  const sketch = new HyperLogLog();
  sketch.sparseBytesMax = sparseBytesMax;
  sketch.clear();
  return sketch;
}

function registersOf(sketch: HyperLogLog): Uint8Array {
  const registers = new Uint8Array(REGISTER_COUNT);
  expect(raiseAll(registers, sketch.bytes, 0, sketch.length)).to.equal(true);
  return registers;
}

describe('HyperLogLog', () => {
  const near = fc.integer({ min: 0, max: 40 });
  const register = fc.oneof(near, near, fc.constantFrom(16383, 16382, 8192), fc.integer({ min: 0, max: 16383 }));
  const value = fc.oneof({ weight: 20, arbitrary: fc.integer({ min: 1, max: 4 }) }, fc.integer({ min: 1, max: 51 }));

  it('raise agrees with an array of registers, sparse and dense', () => {
    const raises = fc.array(fc.tuple(register, value), { maxLength: 150 });
    fc.assert(
      fc.property(raises, fc.constantFrom(20, 40, 200, SPARSE_MAX), (raises, sparseBytesMax) => {
        const expected = new Uint8Array(REGISTER_COUNT);
        const sketch = empty(sparseBytesMax);
        for (const [register, value] of raises) {
          const raised = value > expected[register] ? Raised.YES : Raised.NO;
          expect(sketch.raise(register, value)).to.equal(raised);
          expected[register] = Math.max(expected[register], value);
          if (!sketch.isDense) expect(sketch.length).to.be.at.most(Math.max(sparseBytesMax, 18));
        }
        expect(isHyperLogLog(sketch.bytes, 0, sketch.length)).to.equal(true);
        expect(registersOf(sketch)).to.deep.equal(expected);
        expect(countAt(sketch.bytes, 0, sketch.length)).to.equal(countRegisters(expected));
        expect(sketch.toDense()).to.equal(true);
        expect(registersOf(sketch)).to.deep.equal(expected);
        expect(countAt(sketch.bytes, 0, sketch.length)).to.equal(countRegisters(expected));
      }),
      { numRuns: 60 },
    );
  });

  it('add is stale after a change in the sparse form, and counts within three standard errors', () => {
    const sketch = empty();
    const element = Buffer.alloc(8);
    for (let i = 1; i <= 20000; i++) {
      element.writeDoubleLE(i);
      sketch.add(element, 0, 8);
      if (i === 1) expect(isStale(sketch.bytes, 0)).to.equal(true);
      if (i % 1000 !== 0) continue;
      expect(Number(countAt(sketch.bytes, 0, sketch.length)) / i).to.be.within(0.975, 1.025);
    }
    expect(sketch.isDense).to.equal(true);
  });

  it('stands any bytes in place of opcodes', () => {
    const opcodes = fc.uint8Array({ maxLength: 40 });
    const head = Buffer.from('HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80', 'latin1');
    fc.assert(
      fc.property(opcodes, fc.array(fc.tuple(register, value), { maxLength: 5 }), (opcodes, raises) => {
        const bytes = Buffer.concat([head, opcodes]);
        const sketch = empty();
        sketch.load(bytes, 0, bytes.length);
        for (const [register, value] of raises) sketch.raise(register, value);
        const registers = new Uint8Array(REGISTER_COUNT);
        const isWhole = raiseAll(registers, sketch.bytes, 0, sketch.length);
        expect(countAt(sketch.bytes, 0, sketch.length) !== undefined).to.equal(isWhole);
        expect(sketch.toDense()).to.equal(isWhole);
      }),
      { numRuns: 2000 },
    );
  });
});
