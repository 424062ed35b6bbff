import { expect } from 'chai';
import type { Command } from '../../lib/commands/command.js';
import { dataCommands } from '../../lib/commands/data-commands.js';
import { serverCommands } from '../../lib/commands/server-commands.js';
import { DATA, EXAMPLES, NAMES } from './cold-command-examples.js';
import type { Words } from './cold-examples.js';
import { UNORDERED } from './cold-examples.js';
import { ColdNode } from './cold-node.js';
import { UNORDERED_OF_SORTED_SETS } from './cold-sorted-sets.js';

/** Commands that look at data, by their full names. */
function* dataCommandNames(): Iterable<string> {
  for (const command of dataCommands)
    yield* fullNames(command)
      .filter(([, each]) => hasKeys(each) || isPlain(command))
      .map(([name]) => name);
  for (const command of serverCommands)
    yield* fullNames(command)
      .filter(([, each]) => hasKeys(each))
      .map(([name]) => name);
}

function fullNames(command: Command): [name: string, command: Command][] {
  if (!('subcommands' in command)) return [[command.name, command]];
  return command.subcommands.map((sub) => [`${command.name}|${sub.name}`, sub]);
}

/** Shard channels are said like keys, and are none. */
function hasKeys({ keys, keysOf, flags }: Command): boolean {
  return (keys.first !== 0 || keysOf !== undefined) && !flags.includes('pubsub');
}

function isPlain(command: Command): boolean {
  return !('subcommands' in command);
}

/** A node with the data of the examples, of which the expired key was not met. */
async function filled(): Promise<ColdNode> {
  const node = await ColdNode.start('maxmemory-policy noeviction');
  await node.ask('DEBUG', 'SET-ACTIVE-EXPIRE', 0);
  for (const words of DATA) await node.ask(...words);
  await node.advance(600);
  return node;
}

/** Replies in a form that does not depend on the order of keys. */
function ordered(reply: unknown): unknown {
  return Array.isArray(reply) && reply.every((item) => typeof item === 'string') ? [...reply].sort() : reply;
}

function orderedFor(words: Words, reply: unknown): unknown {
  const name = String(words[0]);
  if (name === 'KEYS' || UNORDERED.has(name) || UNORDERED_OF_SORTED_SETS.includes(name)) return ordered(reply);
  return name.endsWith('SCAN') && Array.isArray(reply) ? reply.map(ordered) : reply;
}

/** Everything that a client can see of the data, but for the number of keys. */
async function stateOf(node: ColdNode): Promise<unknown> {
  const state: unknown[] = [await node.ask('DEBUG', 'DIGEST')];
  for (const db of [0, 1]) {
    await node.ask('SELECT', db);
    for (const name of NAMES) state.push([name, await node.ask('GET', name), await node.ask('PTTL', name)]);
    state.push(ordered(await node.ask('KEYS', '*')));
  }
  return state;
}

describe('commands on cold keys', () => {
  it('has an example of every command that looks at data', () => {
    const names = [...new Set([...dataCommandNames(), 'debug'])].sort();
    expect(Object.keys(EXAMPLES).sort()).to.deep.equal(names);
  });

  for (const [name, list] of Object.entries(EXAMPLES)) {
    it(`${name} answers and changes the same, whether the data is in memory or on disk`, async () => {
      for (const words of list) {
        const [hot, cold] = await Promise.all([filled(), filled()]);
        await cold.forget();
        const [expected, found] = [await hot.ask(...words), await cold.ask(...words)];
        expect(orderedFor(words, found), words.join(' ')).to.deep.equal(orderedFor(words, expected));
        expect(await stateOf(cold), words.join(' ')).to.deep.equal(await stateOf(hot));
        if (!cold.isEstimate) expect(await cold.ask('DBSIZE'), words.join(' ')).to.equal(await hot.ask('DBSIZE'));
      }
    });
  }
});
