import { expect } from 'chai';
import { parseOptions } from '../../../scripts/bench/options.js';

describe('parseOptions', () => {
  it('has a default for everything', () => {
    expect(parseOptions([])).to.deep.equal({
      rounds: 6,
      quick: false,
      only: undefined,
      requests: undefined,
      outDir: 'bench-out',
      gate: false,
      publish: false,
      candidate: undefined,
      help: false,
    });
  });

  it('reads every option', () => {
    const args = '--rounds 2 --quick --only p16/get --requests 5000 --out o --gate --publish --help'.split(' ');
    const options = parseOptions([...args, '--candidate', ' redis-server  --io-threads 2 ']);
    expect(options.only?.test('everysec/64B/P16/GET')).to.equal(true);
    expect({ ...options, only: undefined }).to.deep.equal({
      rounds: 2,
      quick: true,
      only: undefined,
      requests: 5000,
      outDir: 'o',
      gate: true,
      publish: true,
      candidate: ['redis-server', '--io-threads', '2'],
      help: true,
    });
  });

  for (const [args, message] of [
    [['--rounds', '0'], "--rounds must be a whole number from 1 on, not '0'"],
    [['--requests', 'many'], "--requests must be a whole number from 1 on, not 'many'"],
    [['--candidate', ' '], '--candidate must name a program'],
    [['--only', '('], 'Invalid regular expression'],
    [['--round', '1'], "Unknown option '--round'"],
    [['everysec'], "Unexpected argument 'everysec'"],
  ] as const) {
    it(`refuses ${args.join(' ')}`, () => expect(() => parseOptions(args)).to.throw(message));
  }
});
