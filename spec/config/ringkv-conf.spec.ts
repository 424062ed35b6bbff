import { readFileSync } from 'node:fs';

import { expect } from 'chai';

import { Config } from '../../lib/config/config.js';
import { findOption, OPTIONS } from '../../lib/config/options.js';
import { parseConfigText } from '../../lib/config/parse.js';
import { filesOf } from './files.js';

const MACHINE = { totalMemoryBytes: 2 ** 33 };
const TEXT = readFileSync('conf/ringkv.conf', 'latin1');

/** Lines that stand in the file as comments: examples of what has no fixed default. */
const EXAMPLES = TEXT.split('\n').flatMap((line) => {
  const found = /^# ([a-z-]+ \S.*)$/.exec(line);
  return found !== null && findOption(found[1].split(' ')[0]) !== undefined ? [found[1]] : [];
});

describe('conf/ringkv.conf', () => {
  it('says what the defaults are', () => {
    const config = new Config(MACHINE, parseConfigText(TEXT, 'ringkv.conf', filesOf({})));
    expect(config.get(['*'])).deep.equal(new Config(MACHINE).get(['*']));
    expect(config.warnings).deep.equal([]);
  });

  it('has every option that does something, by its newest name', () => {
    const written = [...parseConfigText(TEXT, 'ringkv.conf', filesOf({})).map(({ name }) => name)];
    const examples = EXAMPLES.map((line) => line.split(' ')[0]);
    const missing = OPTIONS.filter(({ inert, name }) => !inert && ![...written, ...examples].includes(name));
    expect(missing.map(({ name }) => name)).deep.equal([]);
    expect([...written, ...examples].filter((name) => findOption(name)?.name !== name)).deep.equal([]);
  });

  it('has examples that can be taken as they are', () => {
    expect(EXAMPLES).lengthOf.at.least(4);
    const config = new Config(MACHINE, parseConfigText(EXAMPLES.join('\n'), 'examples', filesOf({})));
    expect(config.warnings).deep.equal([]);
  });

  it('marks what is read at start only', () => {
    for (const { inert, name, change } of OPTIONS) {
      if (inert) continue;
      const block = TEXT.split('\n\n').find((part) => new RegExp(`^(# )?${name}( |$)`, 'm').test(part)) ?? '';
      const above = TEXT.slice(0, TEXT.indexOf(block)).split('\n\n').at(-1) ?? '';
      const marked = `${above}\n${block}`.includes('[start]');
      if (change === 'immutable' || change === 'settled') expect(marked, name).equal(true);
      else expect(block.includes('[start]'), name).equal(false);
    }
  });
});
