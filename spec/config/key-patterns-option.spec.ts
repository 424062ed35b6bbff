import { expect } from 'chai';

import { Config } from '../../lib/config/config.js';
import { conflictRules, keyPatterns } from '../../lib/config/key-patterns-option.js';
import { parseValue } from '../../lib/config/option.js';
import { parseConfigText } from '../../lib/config/parse.js';
import { filesOf } from './files.js';

function load(text: string): Config {
  return new Config({ totalMemoryBytes: 2 ** 33 }, parseConfigText(text, 'ringkv.conf', filesOf({})));
}

describe('keyPatterns and conflictRules', () => {
  it('add line to line, and an empty one starts over', () => {
    const config = load('counters hits:*\ncounters n:? x\nconflicts siblings cart:*\nconflicts LWW *\n');
    expect(config.counters).to.deep.equal(['hits:*', 'n:?', 'x']);
    expect(config.conflicts).to.deep.equal([
      { keepsSiblings: true, pattern: 'cart:*' },
      { keepsSiblings: false, pattern: '*' },
    ]);
    expect(config.get(['co*s'])).to.deep.include.members([
      ['counters', 'hits:* n:? x'],
      ['conflicts', 'siblings cart:* lww *'],
    ]);
    expect(load('counters a\ncounters ""\ncounters b\n').counters).to.deep.equal(['b']);
  });

  it('are set as one text, and rewritten a line each', () => {
    const config = load('counters a\n');
    expect(config.set([['counters', 'a b']])).to.equal(undefined);
    expect(config.set([['conflicts', 'siblings s* lww *']])).to.equal(undefined);
    const text = config.rewrite('counters a\n', 'ringkv.conf', filesOf({}));
    expect(text).to.match(/^counters a\ncounters b$/m);
    expect(text).to.match(/^conflicts siblings s\*\nconflicts lww \*$/m);
    expect(load(text).get(['*'])).to.deep.equal(config.get(['*']));
    expect(config.set([['counters', '']])).to.equal(undefined);
    const without = config.rewrite(text, 'ringkv.conf', filesOf({}));
    expect(load(without).counters).to.deep.equal([]);
    expect(load(without).get(['*'])).to.deep.equal(config.get(['*']));
  });

  it('refuse what is no rule', () => {
    const wrong = "argument(s) must be 'siblings' or 'lww', each with a pattern";
    for (const text of ['siblings', 'other *', 'siblings a lww']) {
      expect(parseValue(conflictRules(), [text], undefined), text).to.equal(wrong);
    }
    expect(parseValue(keyPatterns(), [''], undefined)).to.deep.equal({ value: [], text: '' });
  });
});
