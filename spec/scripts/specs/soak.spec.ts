import { expect } from 'chai';
import type { GroupResult } from '../../../scripts/specs/soak.js';
import { soak, soakReport } from '../../../scripts/specs/soak.js';

const groups = [
  { name: 'data', files: ['one', 'two'] },
  { name: 'wire', files: ['three'] },
];

/** Three rounds: odd seeds are too much for one spec of `data`, the last one ends `wire`. */
function run(told: string[] = []): Promise<GroupResult[]> {
  return soak({
    groups,
    rounds: 3,
    seed: 5,
    run: (group, seed) => {
      told.push(`${group.name} ${seed}`);
      if (group.name === 'wire') {
        return Promise.resolve({ passed: 1, failures: seed === 7 ? [{ title: undefined, error: 'gone' }] : [] });
      }
      const failures = seed % 2 === 1 ? [{ title: "a key's end", error: `of ${seed}` }] : [];
      return Promise.resolve({ passed: 10 - failures.length, failures });
    },
    onRun: (round, { name }) => told.push(`round ${round} of ${name}`),
    onDone: (failures) => told.push(`${failures} failures`),
  });
}

describe('soak', () => {
  it('runs every group with another seed each round, whatever fails', async () => {
    const told: string[] = [];
    await run(told);
    expect(told.filter((_, at) => at % 3 === 1).join()).to.equal('data 5,wire 5,data 6,wire 6,data 7,wire 7');
    expect(told.slice(0, 3)).to.deep.equal(['round 0 of data', 'data 5', '1 failures']);
    expect(told.at(-1)).to.equal('3 failures');
  });

  it('keeps the first failure of each spec, and counts the others', async () => {
    const [data, wire] = await run();
    expect(data.passed).to.equal(28);
    expect(data.failures).to.deep.equal([{ title: "a key's end", error: 'of 5', seed: 5, count: 2 }]);
    expect(wire.failures).to.deep.equal([{ title: undefined, error: 'gone', seed: 7, count: 1 }]);
  });
});

describe('soakReport', () => {
  it('has a line for each group, and says how a failure is replayed', async () => {
    expect(soakReport(await run()).split('\n')).to.deep.equal([
      'group  files  rounds  passed  failed',
      '-----  -----  ------  ------  ------',
      'data       2       3      28       2',
      'wire       1       3       3       1',
      '',
      "data: a key's end (in 2 rounds)",
      'of 5',
      "replay: npm test -- data --fgrep 'a key'\\''s end' --seed 5",
      '',
      'wire: outside of a spec',
      'gone',
      'replay: npm test -- wire --seed 7',
      '',
    ]);
  });
});
