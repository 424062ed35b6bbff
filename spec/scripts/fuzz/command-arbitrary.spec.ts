import { expect } from 'chai';
import fc from 'fast-check';
import { commandOf, commandRows } from '../../../scripts/fuzz/command-arbitrary.js';
import { argumentText, commandText } from '../../../scripts/fuzz/command-text.js';
import { rawInput, writesOf } from '../../../scripts/fuzz/raw-bytes.js';

describe('commandRows', () => {
  it('has a row for each command, and for each subcommand in place of its container', () => {
    const get = ['get', 2, ['readonly'], 1, 1, 1, [], [], [], []];
    const list = ['client|list', -2, [], 0, 0, 0, [], [], [], []];
    const client = ['client', -2, [], 0, 0, 0, [], [], [], [list]];
    expect(commandRows([get, client])).to.deep.equal([
      { name: 'get', arity: 2 },
      { name: 'client|list', arity: -2 },
    ]);
  });
});

describe('commandOf', () => {
  it('makes commands that fit more often than not, in every form, and some that do not', () => {
    const texts = fc.sample(commandOf([{ name: 'set', arity: -3 }]), { numRuns: 2000, seed: 1 }).map(commandText);
    expect(texts.every((text) => /^SET( |$)/.test(text))).to.equal(true);
    for (const form of [/^SET k\d \S+$/, / EX \d+$/, / NX /, / GET /, / KEEPTTL$/, /^SET$/, /^SET \S+$/]) {
      expect(texts.filter((text) => form.test(text)).length, String(form)).to.be.greaterThan(0);
    }
  });

  it('goes by the arity of what it has no syntax for', () => {
    const commands = fc.sample(commandOf([{ name: 'nosuch|sub', arity: 4 }]), { numRuns: 500, seed: 1 });
    expect(commands.every(([name, sub]) => `${name.toString()} ${sub.toString()}` === 'NOSUCH SUB')).to.equal(true);
    const fitting = commands.filter((command) => command.length === 4).length;
    expect(fitting).to.be.within(350, 499);
  });
});

describe('argumentText', () => {
  it('is what redis-cli reads as these bytes', () => {
    expect(argumentText(Buffer.from('key:1'))).to.equal('key:1');
    expect(argumentText(Buffer.from(''))).to.equal('""');
    expect(argumentText(Buffer.from('a "b"\\\r\n\x00\xff', 'latin1'))).to.equal('"a \\"b\\"\\\\\\r\\n\\x00\\xff"');
  });

  it('shortens what nobody reads', () => {
    expect(argumentText(Buffer.alloc(1000, 'x'))).to.equal(`"${'x'.repeat(300)}..."(1000 bytes)`);
  });
});

describe('writesOf', () => {
  it('cuts the bytes, and loses none', () => {
    fc.assert(
      fc.property(rawInput, (input) => {
        const writes = writesOf(input);
        expect(Buffer.concat(writes).equals(input.bytes)).to.equal(true);
        expect(writes.every((write) => write.length > 0)).to.equal(true);
        expect(writes.length).to.be.at.most(input.cuts.length + 1);
      }),
    );
  });
});
