import fc from 'fast-check';

/** The seed of this run (conf/mocha-seed.js), for specs that draw at random without fast-check's properties. */
export function specSeed(): number {
  const { seed } = fc.readConfigureGlobal();
  if (seed === undefined) throw new Error('there is no seed: mocha was started without conf/mocharc.json');
  return seed;
}
