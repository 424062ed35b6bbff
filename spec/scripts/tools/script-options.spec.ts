import { expect } from 'chai';
import { count, flag, option, readOptions, several, text } from '../../../scripts/tools/script-options.js';

const OPTIONS = {
  keys: count(100),
  seed: count(),
  out: text('bench-out'),
  samples: text(),
  only: several,
  'check-all': flag,
  memory: option((name, given = '512mb') => `${name} of ${given}`),
};

describe('readOptions', () => {
  it('has the defaults, and undefined where there is none', () => {
    expect(readOptions([], OPTIONS)).to.deep.equal({
      keys: 100,
      seed: undefined,
      out: 'bench-out',
      samples: undefined,
      only: [],
      'check-all': false,
      memory: 'memory of 512mb',
      help: false,
    });
  });

  it('reads what is given', () => {
    const given = '--keys 7 --seed 3 --out o --samples s --only a --only b --check-all --memory 1mb --help'.split(' ');
    expect(readOptions(given, OPTIONS)).to.deep.equal({
      keys: 7,
      seed: 3,
      out: 'o',
      samples: 's',
      only: ['a', 'b'],
      'check-all': true,
      memory: 'memory of 1mb',
      help: true,
    });
  });

  for (const [args, message] of [
    [['--keys', '0'], "--keys must be a whole number from 1 on, not '0'"],
    [['--seed', '1.5'], "--seed must be a whole number from 1 on, not '1.5'"],
    [['--key', '1'], "Unknown option '--key'"],
    [['--keys'], '--keys <value>'],
    [['more'], "Unexpected argument 'more'"],
  ] as const) {
    it(`refuses ${args.join(' ')}`, () => expect(() => readOptions(args, OPTIONS)).to.throw(message));
  }
});
