import { expect } from 'chai';
import fc from 'fast-check';

import { globMatches } from '../../lib/base/glob.js';

function matches(pattern: string, text: string, ignoreCase = false): boolean {
  const patternBytes = Buffer.from(pattern, 'latin1');
  const bytes = Buffer.from(text, 'latin1');
  return globMatches(patternBytes, 0, patternBytes.length, bytes, 0, bytes.length, ignoreCase);
}

/** The dumb twin: tries every way to share the bytes among the stars. */
function twin(pattern: string, text: string, ignoreCase: boolean): boolean {
  if (text === '') return /^\**$/.test(pattern);
  if (pattern === '') return false;
  if (pattern.startsWith('*')) {
    for (let taken = 0; taken <= text.length; taken++) {
      if (twin(pattern.slice(1), text.slice(taken), ignoreCase)) return true;
    }
    return false;
  }
  const { length, accepts } = firstItem(pattern, ignoreCase);
  return accepts(text[0]) && twin(pattern.slice(length), text.slice(1), ignoreCase);
}

interface Item {
  length: number;
  accepts: (char: string) => boolean;
}

function firstItem(pattern: string, ignoreCase: boolean): Item {
  const fold = (char: string): string => (ignoreCase ? char.toLowerCase() : char);
  if (pattern.startsWith('?')) return { length: 1, accepts: () => true };
  if (pattern.startsWith('[')) return firstClass(pattern, fold);
  const escaped = pattern.startsWith('\\') && pattern.length > 1;
  const literal = escaped ? pattern[1] : pattern[0];
  return { length: escaped ? 2 : 1, accepts: (char) => fold(char) === fold(literal) };
}

function firstClass(pattern: string, fold: (char: string) => string): Item {
  const members: ((char: string) => boolean)[] = [];
  const negated = pattern[1] === '^';
  let rest = pattern.slice(negated ? 2 : 1);
  while (rest !== '' && !rest.startsWith(']')) {
    const [first, second, third] = rest;
    if (first === '\\' && second !== undefined) {
      members.push((char) => char === second);
      rest = rest.slice(2);
    } else if (second === '-' && third !== undefined) {
      const [low, high] = [first, third].sort().map(fold);
      members.push((char) => fold(char) >= low && fold(char) <= high);
      rest = rest.slice(3);
    } else {
      members.push((char) => fold(char) === fold(first));
      rest = rest.slice(1);
    }
  }
  const length = pattern.length - rest.length + (rest === '' ? 0 : 1);
  return { length, accepts: (char) => members.some((member) => member(char)) !== negated };
}

describe('globMatches', () => {
  const letters = (alphabet: string, maxLength: number) =>
    fc.string({ unit: fc.constantFrom(...Array.from(alphabet)), minLength: 0, maxLength });

  it('agrees with the dumb twin', () => {
    const pattern = letters('aabBc**??[]^-\\', 10);
    fc.assert(
      fc.property(pattern, letters('aabBc-]\\', 8), fc.boolean(), (glob, text, ignoreCase) => {
        // Zero bytes are the one case in which Redis leaves the rule.
        const expected = text === '' ? glob === '' : twin(glob, text, ignoreCase);
        expect(matches(glob, text, ignoreCase)).equal(expected);
      }),
      { numRuns: 5000 },
    );
  });

  it('answers as redis-server 7.0.15 did to KEYS', () => {
    const cases: [pattern: string, text: string, matches: boolean][] = [
      ['*', 'a', true],
      ['a*c', 'abcbc', true],
      ['a*c', 'abcb', false],
      ['h?llo', 'hello', true],
      ['h?llo', 'hllo', false],
      ['h[ae]llo', 'hallo', true],
      ['h[^e]llo', 'hello', false],
      ['[c-a]', 'b', true], // ranges go either way
      ['[a-]', 'a', true], // from ] to a, and never closed
      ['[a-]', '-', false],
      ['[abc', 'b', true], // a class that is never closed ends with the pattern
      ['[', '[', false],
      ['[^', 'x', true],
      ['[]', ']', false], // an empty class
      ['[^]', ']', true],
      ['[\\]]', ']', true],
      ['[\\^a]', '^', true],
      ['[\\', '\\', true],
      ['\\*', '*', true],
      ['\\*', 'a', false],
      ['a\\', 'a\\', true],
      ['a**', 'a', true],
      ['', '', true],
      ['**', '', false], // only the empty pattern matches the empty key
      ['?', '', false],
    ];
    for (const [pattern, text, expected] of cases) {
      expect(matches(pattern, text), `${pattern} on ${text}`).equal(expected);
    }
  });

  it('ignores case where asked to, but not for an escaped member of a class', () => {
    expect(matches('MAX*', 'maxmemory', true)).equal(true);
    expect(matches('MAX*', 'maxmemory')).equal(false);
    expect(matches('[A-C]', 'b', true)).equal(true);
    expect(matches('[\\A]', 'a', true)).equal(false);
    expect(matches('[\\a]', 'a', true)).equal(true);
    expect(matches('\\A', 'a', true)).equal(true);
  });

  it('takes every byte value', () => {
    for (let byte = 0; byte < 256; byte++) {
      const text = String.fromCharCode(byte);
      expect(matches('?', text)).equal(true);
      expect(matches('[\x00-\xff]', text)).equal(true);
      expect(matches(`\\${text}`, text)).equal(true);
    }
  });

  it('looks only at its ranges', () => {
    const buffer = Buffer.from('**a*b**xaxxbxx');
    expect(globMatches(buffer, 2, 5, buffer, 8, 12)).equal(true);
    expect(globMatches(buffer, 2, 5, buffer, 7, 12)).equal(false);
    expect(globMatches(buffer, 2, 5, buffer, 8, 13)).equal(false);
    // A class that is not closed inside the pattern does not go on behind it, nor does a range or an escape.
    const open = Buffer.from('[a-z]m');
    expect(globMatches(open, 0, 2, open, 1, 2)).equal(true);
    expect(globMatches(open, 0, 3, open, 5, 6)).equal(false);
    const escape = Buffer.from('\\a');
    expect(globMatches(escape, 0, 1, escape, 0, 1)).equal(true);
  });

  it('takes time in proportion to pattern and key, not more', () => {
    const key = 'a'.repeat(20_000);
    const began = performance.now();
    expect(matches('*a*a*a*a*a*a*a*b', key)).equal(false);
    expect(matches(`${'*a'.repeat(1000)}*b`, key)).equal(false);
    expect(matches(`${'*[^b-z]'.repeat(200)}*b`, key)).equal(false);
    // A matcher that backtracks to every star would need longer than the universe has.
    expect(performance.now() - began).below(2000);
  });
});
