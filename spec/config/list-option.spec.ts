import { expect } from 'chai';

import * as lists from '../../lib/config/list-option.js';
import { parseValue } from '../../lib/config/option.js';
import type { Kind } from '../../lib/config/option.js';

/** The canonical text of a value given as one text, or the error. */
function textOf<T>(kind: Kind<T>, text: string): string {
  const parsed = parseValue(kind, [text], undefined);
  return typeof parsed === 'string' ? parsed : parsed.text;
}

/** Checks canonical texts, or errors, of values. */
function expectTexts<T>(kind: Kind<T>, cases: readonly (readonly [value: string, text: string])[]): void {
  for (const [value, text] of cases) expect(textOf(kind, value), `'${value}'`).equal(text);
}

describe('addresses', () => {
  it('takes up to 16, as words or as one text', () => {
    const kind = lists.addresses();
    expect(parseValue(kind, ['127.0.0.1', '-::1'], undefined)).deep.equal({
      value: ['127.0.0.1', '-::1'],
      text: '127.0.0.1 -::1',
    });
    expectTexts(kind, [
      ['127.0.0.1 -::1', '127.0.0.1 -::1'],
      ['', ''],
      ['a  b', 'a b'],
      [Array(16).fill('a').join(' '), Array(16).fill('a').join(' ')],
      [Array(17).fill('a').join(' '), 'Too many bind addresses specified.'],
    ]);
  });
});

describe('percentiles', () => {
  it('takes numbers from 0 to 100, six digits deep', () => {
    const invalid = 'Invalid latency-tracking-info-percentiles parameters';
    const outside = 'latency-tracking-info-percentiles parameters should sit between [0.0,100.0]';
    expectTexts(lists.percentiles(), [
      ['50 99 99.9', '50 99 99.9'],
      ['100.0', '100'],
      ['0.1 5.500 3', '0.1 5.5 3'],
      ['50.123456789', '50.123457'],
      ['1e1', '10'],
      ['', ''],
      ['101', outside],
      ['-5', outside],
      ['nan', invalid],
      [' ', invalid],
      ['.', invalid],
    ]);
  });
});

describe('outputBufferLimits', () => {
  const kind = lists.outputBufferLimits();

  it('changes the classes that are named', () => {
    const current = parseValue(kind, ['normal 1 2 3 replica 4 5 6 pubsub 7 8 9'], undefined);
    if (typeof current === 'string') throw new Error(current);
    const changed = parseValue(kind, ['SLAVE 1mb 2k 60'], current);
    if (typeof changed === 'string') throw new Error(changed);
    expect(changed.text).equal('normal 1 2 3 slave 1048576 2000 60 pubsub 7 8 9');
    expect(changed.value.replica).deep.equal({ hardBytes: 1048576, softBytes: 2000, softSeconds: 60 });
    expect(current.value.replica.hardBytes).equal(4);
    expect(kind.lines(changed)).deep.equal([
      ['normal', '1', '2', '3'],
      ['replica', '1mb', '2000', '60'],
      ['pubsub', '7', '8', '9'],
    ]);
  });

  it('says what is wrong, as Redis does', () => {
    const count = 'Wrong number of arguments in buffer limit configuration.';
    const name = 'Invalid client class specified in buffer limit configuration.';
    const number = 'Error in hard, soft or soft_seconds setting in buffer limit configuration.';
    expectTexts(kind, [
      ['normal 1 2', count],
      ['normal 1 2 3 ', count],
      ['master 0 0 0', name],
      ['constructor 0 0 0', name],
      ['normal -1 0 0', number],
      ['normal 0 0 -1', number],
      ['normal 0 0 abc', number],
      ['normal 0 1x 0', number],
    ]);
  });
});

describe('savePoints', () => {
  it('takes pairs', () => {
    expectTexts(lists.savePoints(), [
      ['900 1 300 10', '900 1 300 10'],
      ['900 0', '900 0'],
      ['', ''],
      ['0 1', 'Invalid save parameters'],
      ['900 -1', 'Invalid save parameters'],
      ['900 1 300', 'Invalid save parameters'],
      ['900  1', 'Invalid save parameters'],
      ['a b', 'Invalid save parameters'],
    ]);
  });

  it('writes a line for each', () => {
    const kind = lists.savePoints();
    expect(kind.lines({ value: '', text: '900 1 300 10' })).deep.equal([
      ['900', '1'],
      ['300', '10'],
    ]);
    expect(kind.lines({ value: '', text: '' })).deep.equal([['']]);
  });
});

describe('oomScores', () => {
  it('takes three scores', () => {
    const outside = 'Invalid oom-score-adj-values, elements must be between -2000 and 2000.';
    expectTexts(lists.oomScores(), [
      ['0 200 800', '0 200 800'],
      ['-2000 0 2000', '-2000 0 2000'],
      ['1 2', 'wrong number of arguments'],
      ['', 'wrong number of arguments'],
      ['1 2 2001', outside],
      ['a b c', outside],
    ]);
  });
});

describe('shutdownFlags', () => {
  it('takes a set of flags, and default for none', () => {
    const names = 'argument(s) must be one of the following: default, save, nosave, now, force';
    expectTexts(lists.shutdownFlags(), [
      ['default', 'default'],
      ['NOSAVE force', 'nosave force'],
      ['force save', 'save force'],
      ['default save', 'save'],
      ['save save', 'save'],
      ['', names],
      ['later', names],
      ['save nosave', "shutdown options SAVE and NOSAVE can't be used simultaneously"],
    ]);
  });
});

describe('hostAndPort', () => {
  it('takes a host and a port, or no one', () => {
    expectTexts(lists.hostAndPort(), [
      ['localhost 6380', 'localhost 6380'],
      ['NO one', ''],
      ['', ''],
      ['a b c', 'wrong number of arguments'],
      ['localhost 65536', 'Invalid master port'],
      ['localhost x', 'Invalid master port'],
    ]);
  });
});
