import { expect } from 'chai';
import { areAlike, isPortable, replyText } from '../../../scripts/fuzz/comparison.js';
import { RespError, type RespValue } from '../../protocol/resp-decoder.js';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const command = (...words: string[]): Buffer[] => words.map(bytes);

describe('areAlike', () => {
  const cases: [string, Buffer[], RespValue, RespValue, boolean][] = [
    ['equal bytes', command('GET', 'a'), bytes('x'), bytes('x'), true],
    ['other bytes', command('GET', 'a'), bytes('x'), bytes('y'), false],
    ['nothing and an empty string', command('GET', 'a'), null, bytes(''), false],
    ['a number and its digits', command('STRLEN', 'a'), 1, bytes('1'), false],
    ['an error and none', command('GET', 'a'), new RespError('ERR'), bytes('x'), false],
    ['errors of other words', command('GET', 'a'), new RespError('ERR a'), new RespError('ERR b'), false],
    ['an error that ends at a zero byte', command('GET', '\0'), new RespError('ERR a b'), new RespError('ERR a'), true],
    ['an error that ends too early', command('GET', 'b'), new RespError('ERR a b'), new RespError('ERR a'), false],
    ['keys in another order', command('KEYS', '*'), [bytes('a'), bytes('b')], [bytes('b'), bytes('a')], true],
    ['other keys', command('KEYS', '*'), [bytes('a')], [bytes('b')], false],
    ['values in another order', command('MGET', 'a', 'b'), [bytes('a'), bytes('b')], [bytes('b'), bytes('a')], false],
    ['times that are close', command('PTTL', 'a'), 10_000, 9_500, true],
    ['times beyond 2^53', command('PEXPIRETIME', 'a'), 9007201050109848576n, 9007201050109848782n, true],
    ['times that are not', command('PTTL', 'a'), 10_000, 5_000, false],
    ['no time and little of it', command('TTL', 'a'), -1, 0, false],
    ['complete scans', command('SCAN', '0'), [bytes('0'), [bytes('a')]], [bytes('0'), [bytes('b')]], false],
    ['scans that go on', command('SCAN', '0'), [bytes('0'), [bytes('a')]], [bytes('5'), []], true],
    ["another server's cursor", command('SCAN', '7'), [bytes('0'), [bytes('a')]], [bytes('0'), []], true],
  ];
  for (const [what, words, ours, theirs, alike] of cases) {
    it(`${what}: ${alike ? 'alike' : 'different'}`, () => {
      expect(areAlike(words, ours, theirs)).to.equal(alike);
    });
  }
});

describe('isPortable', () => {
  it('leaves out what Redis 7.0 does not know, what depends on its compiler, and what is rounded', () => {
    expect(isPortable(command('SET', 'a', '\xff', 'NX'))).to.equal(true);
    expect(isPortable(command('SET', 'a', 'b', 'ifeq', 'c'))).to.equal(false);
    expect(isPortable(command('KEYS', '[a-\xff]'))).to.equal(false);
    expect(isPortable(command('GETRANGE', 'a', '-9223372036854775807', '-1'))).to.equal(true);
    expect(isPortable(command('GETRANGE', 'a', '-9223372036854775807', '-9223372036854775808'))).to.equal(false);
  });
});

describe('replyText', () => {
  it('tells apart what looks alike', () => {
    expect([null, 1, bytes('1'), new RespError('ERR x'), [1, null]].map(replyText)).to.deep.equal([
      '(nil)',
      '(integer) 1',
      '1',
      '(error) ERR x',
      '[(integer) 1, (nil)]',
    ]);
  });
});
