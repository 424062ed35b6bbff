import { expect } from 'chai';
import { chooseScenarios, SCENARIOS } from '../../../scripts/bench/scenarios.js';
import type { Series } from '../../../scripts/bench/scenario.js';
import { judge, TARGETS, type Target } from '../../../scripts/bench/targets.js';

const metric = { name: 'cost', unit: 'us' };
const series: Series = { scenario: 's', metric, rounds: [{ redis: 100, ringkv: 80 }] };

function outcomeOf(bound: Partial<Target>, measured: readonly Series[] = [series]): string {
  const [verdict] = judge([{ scenario: 's', metric, ...bound }], measured);
  return `${verdict?.measured}, ${verdict?.outcome}`;
}

describe('judge', () => {
  it('takes a ratio that is at its bound as met', () => {
    expect(outcomeOf({ ratioMax: 0.8 })).to.equal('0.80 x Redis, met');
    expect(outcomeOf({ ratioMax: 0.79 })).to.equal('0.80 x Redis, missed');
  });

  it('takes an excess that is at its bound as met', () => {
    const costly = { ...series, rounds: [{ redis: 100, ringkv: 160 }] };
    expect(outcomeOf({ excessMax: 60 }, [costly])).to.equal('Redis + 60 us, met');
    expect(outcomeOf({ excessMax: 59 }, [costly])).to.equal('Redis + 60 us, missed');
    expect(outcomeOf({ excessMax: 0 })).to.equal('Redis - 20 us, met');
  });

  it('never takes as met what was not measured', () => {
    expect(outcomeOf({ ratioMax: 1 }, [])).to.equal('-, not measured');
    expect(outcomeOf({ ratioMax: 1 }, [{ ...series, scenario: 'other' }])).to.equal('-, not measured');
    expect(outcomeOf({ ratioMax: 1 }, [{ ...series, metric: { ...metric, name: 'x' } }])).to.equal('-, not measured');
  });
});

describe('TARGETS', () => {
  it('are all measured by --quick', () => {
    const quick = chooseScenarios(SCENARIOS, { quick: true, only: undefined }).map(({ name }) => name);
    expect(new Set(TARGETS.map(({ scenario }) => scenario))).to.deep.equal(new Set(quick));
  });
});
