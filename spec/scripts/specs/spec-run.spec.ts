import { expect } from 'chai';
import { runSpecs } from '../../../scripts/specs/spec-run.js';
import { SmallSpecs } from './small-specs.js';

describe('runSpecs', function () {
  this.timeout(60_000);

  let specs: SmallSpecs;

  beforeEach(() => {
    specs = new SmallSpecs();
  });

  afterEach(() => {
    specs.remove();
  });

  it('gives specs their seed, and tells what failed', async () => {
    const file = specs.write(
      'base/odd.spec.js',
      `import fc from 'fast-check';
      const { seed } = fc.readConfigureGlobal();
      describe('a seed', () => {
        it('is a number', () => {});
        it('is even', () => { if (seed % 2 === 1) throw new Error('it is ' + seed); });
      });`,
    );
    expect(await runSpecs(specs.root, [file], 2)).to.deep.include({ passed: 2, failures: [] });
    expect(await runSpecs(specs.root, [file], 3)).to.deep.include({
      passed: 1,
      failures: [{ title: 'a seed is even', error: 'it is 3' }],
    });
  });

  it('takes a mocha that dies for a failure', async () => {
    const file = specs.write('base/dies.spec.js', "it('dies', () => process.exit(7));");
    const error = 'mocha ended before the specs did, with code 7';
    expect(await runSpecs(specs.root, [file], 1)).to.deep.equal({ passed: 0, failures: [{ title: undefined, error }] });
  });
});
