import { expect } from 'chai';
import fc from 'fast-check';
import { divideHalfEven, isDecimalText, roundFloat, roundRatio, scanFloat } from '../../lib/base/float-text.js';

const DOUBLE = { mantissaBits: 53, exponentMin: -1074, overflowExponent: 1024 };

describe('base/float-text', () => {
  it('scanFloat takes a number apart into digits, base and exponent', () => {
    const finite = { negative: false, infinite: false };
    expect(scanFloat('12.50e3')).to.deep.equal({ ...finite, digits: 1250n, base: 10, exponent: 1 });
    expect(scanFloat('-.5')).to.deep.equal({ ...finite, negative: true, digits: 5n, base: 10, exponent: -1 });
    expect(scanFloat('+7.')).to.deep.equal({ ...finite, digits: 7n, base: 10, exponent: 0 });
    expect(scanFloat('0xA.8P-1')).to.deep.equal({ ...finite, digits: 0xa8n, base: 2, exponent: -5 });
    expect(scanFloat('0x.8')).to.deep.equal({ ...finite, digits: 8n, base: 2, exponent: -4 });
    expect(scanFloat('-Inf')).to.include({ negative: true, infinite: true });
  });

  it('isDecimalText says yes only to what scanFloat reads in base 10', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[-+0-9.exp af]{0,8}$/), (text) => {
        const scanned = scanFloat(text);
        expect(isDecimalText(text)).to.equal(scanned !== undefined && !scanned.infinite && scanned.base === 10);
      }),
      { numRuns: 2000 },
    );
  });

  it('isDecimalText needs linear time for a long text that is no number', () => {
    for (const text of [`${'1'.repeat(200_000)}x`, `${'1'.repeat(100_000)}.${'1'.repeat(100_000)}x`]) {
      expect(isDecimalText(text)).to.equal(false);
    }
  });

  it('roundFloat rounds a decimal to the double that JS reads', () => {
    const decimals = fc
      .tuple(fc.bigInt({ min: 0n, max: 10n ** 25n }), fc.integer({ min: -360, max: 320 }))
      .map(([digits, exponent]) => `${digits}e${exponent}`);
    fc.assert(
      fc.property(
        fc.oneof(decimals, fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }).map(String)),
        (text) => {
          const scanned = scanFloat(text);
          if (scanned === undefined) throw new Error(`${text} is a number`);
          const rounded = roundFloat(scanned, DOUBLE);
          if (rounded === 'overflow') expect(Number(text)).to.equal(Infinity);
          else if (rounded === 'underflow') expect(Number(text)).to.equal(0);
          else expect(Number(rounded.mantissa) * 2 ** rounded.exponent).to.equal(Number(text));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('roundFloat decides exponents beyond reason at once', () => {
    const scan = (text: string) => roundFloat(scanFloat(text) ?? expect.fail(), DOUBLE);
    expect(scan('1e999999999999999999999')).to.equal('overflow');
    expect(scan('1e-99999999999')).to.equal('underflow');
    expect(scan('0x1p99999999999')).to.equal('overflow');
    expect(scan('0e99999999999')).to.deep.equal({ mantissa: 0n, exponent: 0 });
  });

  it('roundRatio is the division of doubles', () => {
    const whole = fc.maxSafeInteger().map(Math.abs);
    fc.assert(
      fc.property(whole, whole, (numerator, divisor) => {
        const denominator = divisor + 1 > Number.MAX_SAFE_INTEGER ? 1 : divisor + 1;
        const { mantissa, exponent } = roundRatio(BigInt(numerator), BigInt(denominator), 0, DOUBLE);
        expect(Number(mantissa) * 2 ** exponent).to.equal(numerator / denominator);
      }),
      { numRuns: 2000 },
    );
  });

  it('divideHalfEven rounds halves to the even neighbour', () => {
    expect([5n, 7n, 9n, 11n].map((n) => divideHalfEven(n, 2n, 0))).to.deep.equal([2n, 4n, 4n, 6n]);
    expect(divideHalfEven(5n, 1n, 1)).to.equal(2n);
    expect(divideHalfEven(5n, 4n, -1)).to.equal(2n);
    expect(divideHalfEven(7n, 4n, -1)).to.equal(4n);
  });
});
