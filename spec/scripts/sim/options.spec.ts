import { expect } from 'chai';

import { parseOptions, replayCommand } from '../../../scripts/sim/options.js';
import { scenarios } from '../../sim/scenarios/all.js';
import { plantedBugs } from '../../sim/scenarios/planted.js';

describe('parseOptions of npm run sim', () => {
  it('runs a hundred seeds of the scenario that is the default, with its number of nodes', () => {
    const { scenario, nodes, from, seeds, trace } = parseOptions([]);
    expect([nodes, from, seeds, trace]).to.deep.equal([scenario.nodesDefault, 1, 100, false]);
  });

  it('takes one seed alone, and the command that replays a seed says which', () => {
    const options = parseOptions(['--scenario', 'single-nodes', '--nodes', '3', '--seed', '77']);
    expect([options.from, options.seeds, options.nodes]).to.deep.equal([77, 1, 3]);
    const words = replayCommand(options, 77).split(' ').slice(4);
    expect(parseOptions(words)).to.deep.equal(options);
  });

  it('looks for a planted bug, or for all, in a thousand seeds', () => {
    const all = parseOptions(['--planted', 'all']);
    expect([all.planted, all.seeds]).to.deep.equal([plantedBugs, 1000]);
    const { planted, seeds } = parseOptions(['--planted', 'early-ack', '--seeds', '7']);
    expect([planted.map(({ name }) => name), seeds]).to.deep.equal([['early-ack'], 7]);
    expect(() => parseOptions(['--planted', 'x'])).to.throw('--planted must be all or early-ack or ');
  });

  it('refuses what makes no sense', () => {
    expect(() => parseOptions(['--seeds', '0'])).to.throw('--seeds must be a whole number from 1 on');
    const names = scenarios.map(({ name }) => name).join(' or ');
    expect(() => parseOptions(['--scenario', 'x'])).to.throw(`--scenario must be ${names}, not 'x'`);
    expect(() => parseOptions(['--what'])).to.throw('--what');
  });
});
