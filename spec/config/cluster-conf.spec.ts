import { readFileSync } from 'node:fs';

import { expect } from 'chai';

import { Config } from '../../lib/config/config.js';
import { parseConfigText } from '../../lib/config/parse.js';
import { filesOf } from './files.js';

const MACHINE = { totalMemoryBytes: 2 ** 33 };

describe('conf/cluster.conf', () => {
  const text = readFileSync('conf/cluster.conf', 'latin1');

  it('is taken without a warning, as it is and with its examples', () => {
    for (const source of [text, text.replace(/^# ([a-z]+-[a-z-]+ \S+)$/gm, '$1')]) {
      const config = new Config(MACHINE, parseConfigText(source, 'cluster.conf', filesOf({})));
      expect(config.warnings).deep.equal([]);
      expect(config.clusterEnabled).equal(true);
      expect(config.clusterSeeds.split(',')).lengthOf(3);
    }
  });

  // Two of them have a second name.
  it('says what the defaults are, but for what makes a node one of a ring', () => {
    const config = new Config(MACHINE, parseConfigText(text, 'cluster.conf', filesOf({})));
    const defaults = new Map(new Config(MACHINE).get(['*']));
    const changed = config.get(['*']).filter(([name, value]) => defaults.get(name) !== value);
    expect(changed.map(([name]) => name))
      .include.members(['port', 'bind', 'cluster-enabled', 'cluster-seeds'])
      .and.lengthOf(6);
  });
});
