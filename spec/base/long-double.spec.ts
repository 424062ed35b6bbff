import { expect } from 'chai';
import fc from 'fast-check';
import { addLongDouble, formatLongDouble, isFiniteSum, parseLongDouble } from '../../lib/base/long-double.js';

// What redis-server 7.0.15 answers to SET key <first>, INCRBYFLOAT key <second>.
const redisSums: [string, string, string][] = [
  ['10.50', '0.1', '10.6'],
  ['0.1', '0.2', '0.3'],
  ['5.0e3', '2.0e2', '5200'],
  ['3', '-3', '0'],
  ['0', '-0', '0'],
  ['0', '-1e-30', '0'],
  ['1', '1e-17', '1.00000000000000001'],
  ['1', '1e-18', '1'],
  ['0', '1e-17', '0.00000000000000001'],
  ['0', '5e-18', '0'],
  ['0', '4.9e-18', '0'],
  ['1e22', '0', '10000000000000000000000'],
  ['1e30', '1', '1000000000000000000024696061952'],
  ['9223372036854775807', '1', '9223372036854775808'],
  ['-9223372036854775808', '-1', '-9223372036854775809'],
  ['18446744073709551615', '0', '18446744073709551615'],
  ['18446744073709551617', '0', '18446744073709551616'],
  ['18446744073709551619', '0', '18446744073709551620'],
  ['18446744073709551616', '1', '18446744073709551616'],
  ['18446744073709551616', '3', '18446744073709551620'],
  ['0x10', '0x1.8p3', '28'],
  ['-0X.8p-2', '0', '-0.125'],
  ['1.', '.5', '1.5'],
  ['+1', '0e9999999999', '1'],
  ['0', '1e-4950', '0'],
  ['3.0e-4951', '0', '0'],
  ['0', '123456789.123456789123456789', '123456789.12345678912242875'],
  ['0.30000000000000004', '0', '0.30000000000000004'],
  ['1e-5', '0', '0.00001'],
  ['99999999999999999999.99', '0.01', '100000000000000000000'],
  ['0', '0x1p-16445', '0'],
  ['17179869184.123', '-0.123', '17179869184'],
  ['-1.1', '-2.2', '-3.3'],
  ['100', '33.33333333333333333333', '133.33333333333333333'],
];

const redisRefuses = [
  ...['', 'nan', 'nan(1)', ' 1', '1 ', '1\0', '.', '-', '1e', '1e+', '0x', '0x1p', '.e5', 'infi', '1_0', '1,5', '1L'],
  ...['1.2e4932', '-1e99999999999999999999', '1e-4960', '1e-99999999999999999999', '0x1p16384', '0x1p-16446'],
];

/** Decimals that 64 bits hold exactly, with few enough digits after the point to be printed in full. */
const exactDecimals = fc
  .tuple(fc.bigInt({ min: -(2n ** 60n), max: 2n ** 60n }), fc.integer({ min: 0, max: 17 }))
  .map(([mantissa, shift]) => ({
    mantissa,
    shift,
    text: `${mantissa < 0n ? '-' : ''}0x${abs(mantissa).toString(16)}p-${shift}`,
  }));

function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}

describe('base/long-double', () => {
  it('addLongDouble gives the digits that Redis gives', () => {
    for (const [a, b, sum] of redisSums) expect(addLongDouble(a, b), `${a} + ${b}`).to.equal(sum);
  });

  it('addLongDouble refuses what Redis refuses, overflow and underflow to zero included', () => {
    for (const text of redisRefuses) {
      expect(addLongDouble(text, '0'), JSON.stringify(text)).to.equal(undefined);
      expect(addLongDouble('0', text), JSON.stringify(text)).to.equal(undefined);
    }
    expect(addLongDouble('1'.repeat(4932), '0')).to.be.a('string');
    expect(addLongDouble(`${'0'.repeat(5119)}1`, '0')).to.equal(undefined);
  });

  it('addLongDouble tells sums that are not finite', () => {
    expect(addLongDouble('inf', '1')).to.equal('inf');
    expect(addLongDouble('1', '-Infinity')).to.equal('-inf');
    expect(addLongDouble('inf', '-inf')).to.equal('nan');
    expect(addLongDouble('1.1e4932', '1.1e4932')).to.equal('inf');
    for (const sum of ['inf', '-inf', 'nan']) expect(isFiniteSum(sum)).to.equal(false);
    for (const sum of ['0', '-1.5', '10000']) expect(isFiniteSum(sum)).to.equal(true);
  });

  it('addLongDouble is exact where 64 bits and 17 digits hold the sum', () => {
    fc.assert(
      fc.property(exactDecimals, exactDecimals, (a, b) => {
        const places = 17;
        const scaled = (x: { mantissa: bigint; shift: number }) => x.mantissa * 2n ** BigInt(places - x.shift);
        const exact = scaled(a) + scaled(b);
        fc.pre(abs(exact) < 2n ** 64n * 2n ** BigInt(places - Math.max(a.shift, b.shift)));
        const digits = (abs(exact) * 5n ** BigInt(places)).toString().padStart(places + 1, '0');
        const text = `${digits.slice(0, -places)}.${digits.slice(-places)}`.replace(/\.?0+$/, '');
        expect(addLongDouble(a.text, b.text)).to.equal((exact < 0n ? '-' : '') + text);
      }),
    );
  });

  it('addLongDouble does not care for the order', () => {
    const texts = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }).map(String), fc.integer().map(String));
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        expect(addLongDouble(a, b)).to.equal(addLongDouble(b, a));
      }),
    );
  });

  it('parseLongDouble keeps 64 bits of mantissa', () => {
    expect(parseLongDouble('18446744073709551615')).to.deep.equal({
      infinite: false,
      mantissa: 2n ** 64n - 1n,
      exponent: 0,
    });
    expect(formatLongDouble({ infinite: false, mantissa: -3n, exponent: -1 })).to.equal('-1.5');
  });
});
