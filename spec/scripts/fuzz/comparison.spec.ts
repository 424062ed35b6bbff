import { expect } from 'chai';
import { areAlike, isPortable, replyText } from '../../../scripts/fuzz/comparison.js';
import { drawnWrongly, listingOf } from '../../../scripts/fuzz/random-reads.js';
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
    [
      'maps in another order',
      command('HGETALL', 'a'),
      ['a', '1', 'b', '2'].map(bytes),
      ['b', '2', 'a', '1'].map(bytes),
      true,
    ],
    [
      'maps with values exchanged',
      command('HGETALL', 'a'),
      ['a', '1', 'b', '2'].map(bytes),
      ['a', '2', 'b', '1'].map(bytes),
      false,
    ],
    ['maps of RESP3', command('HGETALL', 'a'), new Map([['a', bytes('1')]]), new Map([['a', bytes('2')]]), false],
    ['sets of RESP3', command('SMEMBERS', 'a'), new Set(['a', 'b']), new Set(['b', 'a']), true],
    ['a set and an array', command('SMEMBERS', 'a'), new Set(['a']), [bytes('a')], false],
    ['a map and an array', command('HGETALL', 'a'), new Map([['a', bytes('1')]]), ['a', '1'].map(bytes), false],
    ['other sets', command('SMEMBERS', 'a'), new Set(['a', 'b']), new Set(['b', 'c']), false],
    [
      'a complete HSCAN',
      command('HSCAN', 'a', '0'),
      [bytes('0'), ['a', '1'].map(bytes)],
      [bytes('0'), ['1', 'a'].map(bytes)],
      false,
    ],
    [
      'equals that SORT BY gives',
      command('SORT', 'a', 'BY', 'x'),
      [bytes('1'), bytes('2')],
      [bytes('2'), bytes('1')],
      true,
    ],
    ['SORT without BY', command('SORT', 'a'), [bytes('1'), bytes('2')], [bytes('2'), bytes('1')], false],
    [
      'what is drawn at random',
      command('SRANDMEMBER', 'a', '2'),
      [bytes('1'), bytes('2')],
      [bytes('3'), bytes('1')],
      true,
    ],
    ['too few drawn', command('SRANDMEMBER', 'a', '2'), [bytes('1')], [bytes('3'), bytes('1')], false],
    ['one queued and one run', command('KEYS', '*'), 'QUEUED', [], false],
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
    expect(isPortable(command('SRANDMEMBER', 's', '-1000'))).to.equal(true);
    expect(isPortable(command('SRANDMEMBER', 's', '-2147483648'))).to.equal(false);
    expect(isPortable(command('GETRANGE', 'a', '-9223372036854775807', '-1'))).to.equal(true);
    expect(isPortable(command('GETRANGE', 'a', '-9223372036854775807', '-9223372036854775808'))).to.equal(false);
  });
});

describe('isPortable of searches for places', () => {
  it('leaves out what is stored of some that may be equally far', () => {
    const around = ['g', 'FROMMEMBER', 'a', 'BYRADIUS', '1', 'km'];
    expect(isPortable(command('GEOSEARCHSTORE', 'to', ...around))).to.equal(true);
    expect(isPortable(command('GEOSEARCH', ...around, 'COUNT', '1'))).to.equal(true);
    expect(isPortable(command('GEOSEARCHSTORE', 'to', ...around, 'COUNT', '1'))).to.equal(false);
    expect(isPortable(command('GEORADIUSBYMEMBER', 'g', 'a', '1', 'km', 'count', '1', 'storedist', 'to'))).to.equal(
      false,
    );
  });
});

describe('isPortable of commands that wait', () => {
  it('lets them wait for a moment only', () => {
    expect(isPortable(command('BLPOP', 'a', '0.01'))).to.equal(true);
    expect(isPortable(command('BLPOP', 'a', '0'))).to.equal(false);
    expect(isPortable(command('BLPOP', '0.01', 'a'))).to.equal(false);
    expect(isPortable(command('BLMPOP', '0.01', '1', 'a', 'LEFT'))).to.equal(true);
    expect(isPortable(command('BLMPOP'))).to.equal(false);
  });
});

describe('drawnWrongly', () => {
  const members = ['a', 'b', 'c'].map(bytes);
  const drawn = (count: string, ...names: string[]): string | undefined =>
    drawnWrongly(command('SRANDMEMBER', 'k', count), names.map(bytes), members);

  it('knows what is not there, and what is drawn twice', () => {
    expect(drawn('2', 'a', 'b')).to.equal(undefined);
    expect(drawn('-3', 'a', 'a', 'b')).to.equal(undefined);
    expect(drawn('2', 'a', 'a')).to.equal('something is drawn twice');
    expect(drawn('2', 'a', 'x')).to.equal('x is drawn, and is not there');
    expect(drawnWrongly(command('SRANDMEMBER', 'k'), bytes('b'), members)).to.equal(undefined);
    expect(drawnWrongly(command('SRANDMEMBER', 'k'), bytes('x'), members)).to.equal('x is drawn, and is not there');
  });

  it('looks at values too, in either protocol', () => {
    const hash = ['f', '1', 'g', '2'].map(bytes);
    const ask = command('HRANDFIELD', 'k', '2', 'WITHVALUES');
    expect(listingOf(ask)).to.deep.equal(command('HGETALL', 'k'));
    expect(drawnWrongly(ask, ['g', '2', 'f', '1'].map(bytes), hash)).to.equal(undefined);
    expect(drawnWrongly(ask, ['g', '1'].map(bytes), hash)).to.equal('g 1 is drawn, and is not there');
    const map = new Map([
      ['f', bytes('1')],
      ['g', bytes('2')],
    ]);
    expect(drawnWrongly(ask, [['g', '2'].map(bytes)], map)).to.equal(undefined);
    expect(drawnWrongly(ask, [['g', '1'].map(bytes)], map)).to.equal('g 1 is drawn, and is not there');
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
