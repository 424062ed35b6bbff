import { expect } from 'chai';
import fc from 'fast-check';

import { quoteWord, splitWords } from '../../lib/config/words.js';

describe('splitWords', () => {
  it('reads lines as redis-server 7.0.15 does', () => {
    const cases: [line: string, words: string[] | undefined][] = [
      ['', []],
      ['  \t ', []],
      ['timeout 5', ['timeout', '5']],
      ['\ttimeout \t 5  \r', ['timeout', '5']],
      ['timeout "5"', ['timeout', '5']],
      ['"timeout" \'5\'', ['timeout', '5']],
      ['a "" \'\'', ['a', '', '']],
      ['a "b c" d', ['a', 'b c', 'd']],
      ['"\\x41\\n\\t\\r\\b\\a\\q\\"\\\\"', ['A\n\t\r\b\x07q"\\']],
      ['"\\x4" "\\xzz"', ['x4', 'xzz']],
      ["'it\\'s' 'a\\nb'", ["it's", 'a\\nb']],
      ['a\\nb', ['a\\nb']],
      ['a"b" c\'d\'', ['ab', 'cd']],
      ['a#b "#c"', ['a#b', '#c']],
      ['a "b', undefined],
      ["a 'b", undefined],
      ['a "b\\', undefined],
      ['a "b\\"', undefined],
      ['a "b"c', undefined],
      ["a 'b'c", undefined],
      ['a "b"\'c\'', undefined],
    ];
    for (const [line, words] of cases) expect(splitWords(line), line).deep.equal(words);
  });
});

describe('quoteWord', () => {
  it('is undone by splitWords, whatever the bytes', () => {
    const bytes = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) });
    fc.assert(
      fc.property(fc.array(bytes), (words) => {
        expect(splitWords(words.map(quoteWord).join(' '))).deep.equal(words);
      }),
    );
  });

  it('keeps a word on its line', () => {
    expect(quoteWord('a\nb\r\0')).equal('"a\\nb\\r\\x00"');
  });

  it('leaves alone what needs no quotes', () => {
    for (const word of ['64mb', '/var/lib/a_b-c.d', '-::1', '*', '{title}', 'caf\xc3\xa9']) {
      expect(quoteWord(word)).equal(word);
    }
  });
});
