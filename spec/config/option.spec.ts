import { expect } from 'chai';
import fc from 'fast-check';

import * as option from '../../lib/config/option.js';
import { parseValue } from '../../lib/config/option.js';
import type { Kind } from '../../lib/config/option.js';

/** The value and canonical text of `word`, or the error. */
function read<T>(kind: Kind<T>, word: string): { value: T; text: string } | string {
  return parseValue(kind, [word], undefined);
}

/** As `read`, and only the text. */
function textOf<T>(kind: Kind<T>, word: string): string {
  const parsed = read(kind, word);
  return typeof parsed === 'string' ? parsed : parsed.text;
}

describe('boolean', () => {
  it('takes yes and no in any case, and nothing else', () => {
    expect(read(option.boolean(), 'YES')).deep.equal({ value: true, text: 'yes' });
    expect(read(option.boolean(), 'no')).deep.equal({ value: false, text: 'no' });
    for (const word of ['', '1', 'true', 'on']) {
      expect(read(option.boolean(), word)).equal("argument must be 'yes' or 'no'");
    }
  });
});

describe('integer', () => {
  it('takes plain decimal numbers only', () => {
    const kind = option.integer(-10, 1000);
    for (const word of ['0', '7', '-10', '1000']) {
      expect(read(kind, word)).deep.equal({ value: Number(word), text: word });
    }
    for (const word of ['', '+5', ' 5', '5 ', '05', '-0', '5.0', '1e2', '0x5', 'zz', '9223372036854775808']) {
      expect(read(kind, word), word).equal("argument couldn't be parsed into an integer");
    }
  });

  it('names its bounds', () => {
    const bounds = 'argument must be between 1 and 65535 inclusive';
    expect(read(option.integer(1, 65535), '0')).equal(bounds);
    expect(read(option.integer(1, 65535), '65536')).equal(bounds);
    expect(read(option.longCount(), '-1')).equal('argument must be between 0 and 9223372036854775807 inclusive');
  });

  it('keeps 64-bit numbers exact in the text, and the value a safe integer', () => {
    const long = { value: Number.MAX_SAFE_INTEGER, text: '9223372036854775807' };
    expect(read(option.longCount(), '9223372036854775807')).deep.equal(long);
  });

  it('brings clamped numbers inside', () => {
    const hz = option.integer(0, option.INT_MAX, { from: 1, to: 500 });
    expect(read(hz, '0')).deep.equal({ value: 1, text: '1' });
    expect(read(hz, '1000')).deep.equal({ value: 500, text: '500' });
    expect(read(hz, '10')).deep.equal({ value: 10, text: '10' });
  });
});

describe('memory', () => {
  const kind = option.memory(0, option.LONG_MAX);

  it('knows the units of Redis', () => {
    const cases: [word: string, bytes: number][] = [
      ['100', 100],
      ['1b', 1],
      ['1k', 1000],
      ['1kB', 1024],
      ['2m', 2e6],
      ['2MB', 2 * 1024 ** 2],
      ['3G', 3e9],
      ['3gb', 3 * 1024 ** 3],
      ['05', 5],
      ['', 0],
    ];
    for (const [word, bytes] of cases) expect(read(kind, word), word).deep.equal({ value: bytes, text: String(bytes) });
  });

  it('refuses what is no size', () => {
    for (const word of ['-1', '+5', ' 5', '5 ', '1 kb', '1.5gb', '0x10', '1t', '1kbx', 'abc']) {
      expect(read(kind, word), word).equal('argument must be a memory value');
    }
  });

  it('ends where 64 bits end', () => {
    const unbounded = option.memory(0, option.ULONG_MAX);
    expect(textOf(unbounded, '9'.repeat(25))).equal('18446744073709551615');
    expect(textOf(kind, '9'.repeat(25))).equal('argument must be between 0 and 9223372036854775807 inclusive');
    expect(textOf(unbounded, '9'.repeat(1000))).equal('argument must be a memory value');
  });

  it('writes a size with the largest unit that keeps it whole', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 5000 }),
        fc.constantFrom('', 'k', 'kb', 'm', 'mb', 'g', 'gb'),
        (n, unit) => {
          const parsed = read(kind, `${n}${unit}`);
          if (typeof parsed === 'string') throw new Error(parsed);
          const [[word]] = kind.lines(parsed);
          expect(read(kind, word)).deep.equal(parsed);
          expect(word.length).at.most(parsed.text.length);
        },
      ),
    );
    expect(option.memoryWord(String(64 * 1024 ** 2))).equal('64mb');
    expect(option.memoryWord('1025')).equal('1025');
    expect(option.memoryWord('0')).equal('0');
  });
});

describe('memoryOrPercent', () => {
  it('takes sizes and percentages up to 100', () => {
    const kind = option.memoryOrPercent();
    const wrong = 'argument must be a memory or percent value';
    expect(textOf(kind, '1kb')).equal('1024');
    expect(textOf(kind, '5%')).equal('5%');
    expect(textOf(kind, '0%')).equal('0');
    expect(textOf(kind, '101%')).equal('percentage argument must be less or equal to 100');
    for (const word of ['%', '-1%', '5.5%', 'x']) expect(textOf(kind, word), word).equal(wrong);
  });
});

describe('permissions', () => {
  it('reads octal', () => {
    expect(read(option.permissions(), '0700')).deep.equal({ value: 0o700, text: '700' });
    expect(read(option.permissions(), '888')).equal("argument couldn't be parsed as an octal number");
    expect(read(option.permissions(), '1000')).equal('argument must be between 0 and 777 inclusive');
  });
});

describe('oneOf', () => {
  it('takes its names in any case, and lists them', () => {
    const kind = option.oneOf('everysec', 'always', 'no');
    expect(read(kind, 'ALWAYS')).deep.equal({ value: 'always', text: 'always' });
    expect(read(kind, '__proto__')).equal('argument(s) must be one of the following: everysec, always, no');
  });
});

describe('path', () => {
  it('gives the file system decoded text and keeps the bytes', () => {
    expect(read(option.path(), 'd\xc3\xa4ta')).deep.equal({ value: 'däta', text: 'd\xc3\xa4ta' });
  });
});

describe('parseValue', () => {
  it('wants exactly one word for what is one word', () => {
    expect(parseValue(option.text(), [], undefined)).equal('wrong number of arguments');
    expect(parseValue(option.text(), ['a', 'b'], undefined)).equal('wrong number of arguments');
    expect(parseValue(option.text(), ['a b'], undefined)).deep.equal({ value: 'a b', text: 'a b' });
  });
});
