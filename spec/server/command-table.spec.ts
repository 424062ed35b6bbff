import { expect } from 'chai';
import fc from 'fast-check';
import type { Command } from '../../lib/commands/command.js';
import { NO_KEYS } from '../../lib/commands/command.js';
import { dataCommands } from '../../lib/commands/data-commands.js';
import { serverCommands } from '../../lib/commands/server-commands.js';
import { CommandTable } from '../../lib/server/command-table.js';
import { requestOf } from './requests.js';

const all = [...dataCommands, ...serverCommands];
const command = (name: string, arity = 2): Command => ({ name, arity, flags: [], keys: NO_KEYS, run: () => undefined });

/** A name in any mix of upper and lower case. */
const mixed = (name: string): fc.Arbitrary<string> =>
  fc
    .array(fc.boolean(), { minLength: name.length, maxLength: name.length })
    .map((upper) => Array.from(name, (letter, i) => (upper[i] ? letter.toUpperCase() : letter)).join(''));

describe('CommandTable', () => {
  it('finds every command by its name, letter case apart, and no other', () => {
    const table = new CommandTable(all);
    const names = new Set(all.map(({ name }) => name));
    for (const name of names) {
      for (const written of [name, name.toUpperCase()]) {
        expect(table.find(requestOf(written, 'k'))?.name, written).to.equal(name);
        expect(table.named(written)?.name).to.equal(name);
      }
    }
    const near = fc.constantFrom(...names).chain((name) =>
      fc.oneof(
        mixed(name),
        fc.constantFrom(name.slice(1), `${name} `, `${name}x`, name.replace(/./, '@'), name.replace(/[a-z]/, '`')),
        fc
          .nat(name.length - 1)
          .map((at) => name.slice(0, at) + String.fromCharCode(name.charCodeAt(at) ^ 0x20) + name.slice(at + 1)),
        fc.string(),
      ),
    );
    fc.assert(
      fc.property(near, (written) => {
        const lower = written.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
        const found = table.find(requestOf(Buffer.from(written).toString('latin1'), 'k'))?.name;
        expect(found).to.equal(names.has(lower) ? lower : undefined);
      }),
      { numRuns: 2000 },
    );
  });

  it('names each command once', () => {
    const names = all.map(({ name }) => name);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).to.deep.equal([]);
    expect([...new CommandTable(all).all()].length).to.equal(names.length);
  });

  it('holds any number of commands whose hashes collide', () => {
    const names = Array.from({ length: 1000 }, (_, i) => `c${i.toString(36)}`);
    const table = new CommandTable(names.map((name) => command(name)));
    for (const name of names) expect(table.find(requestOf(name))?.name).to.equal(name);
    expect(table.find(requestOf(''))).to.equal(undefined);
  });

  it('knows a renamed command by its new name only, and a disabled one not at all', () => {
    const renames = new Map([
      ['config', 'Secret_1'],
      ['flushall', ''],
    ]);
    const table = new CommandTable([command('config'), command('flushall'), command('get')], renames);
    const found = (name: string): string | undefined => table.find(requestOf(name))?.name;
    expect(['config', 'secret_1', 'SECRET_1', 'flushall', '', 'get'].map(found)).to.deep.equal([
      undefined,
      'config',
      'config',
      undefined,
      undefined,
      'get',
    ]);
    expect([...table.all()].map((entry) => entry.name)).to.deep.equal(['config', 'get']);
  });

  it('knows a command that members call by its own name, as they do, however it was renamed', () => {
    const renames = new Map([
      ['multi', 'secret'],
      ['exec', ''],
      ['flushall', ''],
    ]);
    const table = new CommandTable([command('multi'), command('exec'), command('flushall')], renames);
    const names = ['multi', 'EXEC', 'flushall', 'secret', 'hello'];
    const found = names.map((name) => table.findOwn(requestOf(name))?.name);
    expect(found).to.deep.equal(['multi', 'exec', undefined, undefined, undefined]);
    for (const name of ['multi', 'exec', 'flushall']) expect(table.find(requestOf(name))).to.equal(undefined);
  });

  it('judges the number of arguments: exact, or at least so many', () => {
    const table = new CommandTable([command('exact', 3), command('least', -3)]);
    const takes = (name: string): boolean[] => [2, 3, 4].map((count) => table.named(name)?.takes(count) ?? false);
    expect(takes('exact')).to.deep.equal([false, true, false]);
    expect(takes('least')).to.deep.equal([false, true, true]);
  });

  it('gives subcommands entries of their own, with names as in COMMAND INFO', () => {
    const client = new CommandTable(all).named('client');
    expect(client?.subcommands?.get('list')?.name).to.equal('client|list');
    const pause = client?.subcommands?.get('pause');
    if (client === undefined || pause === undefined) expect.fail('CLIENT PAUSE is missing');
    pause.calls = client.calls = 3;
    client.resetUse();
    expect([client.calls, pause.calls]).to.deep.equal([0, 0]);
  });
});
