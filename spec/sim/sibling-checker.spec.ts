import { expect } from 'chai';

import type { VersionWrite } from './sibling-checker.js';
import { checkSiblings } from './sibling-checker.js';

function write(value: string | undefined, seen: string[] = [], outcome: VersionWrite['outcome'] = 'ok'): VersionWrite {
  return { value, seen, outcome };
}

describe('checkSiblings', () => {
  const good: Record<string, [VersionWrite[], string[]]> = {
    'nothing at all': [[], []],
    'siblings that nobody has seen': [
      [write('a'), write('b')],
      ['b', 'a'],
    ],
    'what a later write has seen, gone': [
      [write('a'), write('b'), write('c', ['a'])],
      ['c', 'b'],
    ],
    'what a delete has seen, gone': [[write('a'), write(undefined, ['a'])], []],
    'a write of which nobody knows whether it was done, with what it has seen': [
      [write('a'), write('b', ['a'], 'unknown')],
      ['b'],
    ],
    'the same, not done': [[write('a'), write('b', ['a'], 'unknown')], ['a']],
    'the same, done late, so that both are there': [
      [write('a'), write('b', [], 'unknown')],
      ['a', 'b'],
    ],
    'what was superseded by what is superseded itself': [[write('a'), write('b', ['a']), write('c', ['b'])], ['c']],
  };
  for (const [name, [writes, left]] of Object.entries(good)) {
    it(`accepts ${name}`, () => {
      expect(checkSiblings('k', writes, left)).to.deep.equal([]);
    });
  }

  const bad: Record<string, [VersionWrite[], string[], RegExp]> = {
    'a write that is gone, and nobody has seen it': [[write('a'), write('b')], ['b'], /has lost a/],
    'one that was seen by a write that has failed': [[write('a'), write('b', ['a'], 'failed')], [], /has lost a/],
    'what was superseded and is back': [[write('a'), write('b', ['a'])], ['b', 'a'], /has a, which was superseded/],
    'what nobody has written': [[write('a')], ['a', 'x'], /has x, which nobody/],
    'what has failed': [[write('a', [], 'failed')], ['a'], /has a, which nobody/],
    'a sibling that is there twice': [[write('a')], ['a', 'a'], /twice/],
  };
  for (const [name, [writes, left, problem]] of Object.entries(bad)) {
    it(`finds ${name}`, () => {
      expect(checkSiblings('k', writes, left).join('\n')).to.match(problem);
    });
  }
});
