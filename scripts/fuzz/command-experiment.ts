import { commandsOf } from './command-arbitrary.js';
import { commandsOfArea } from './command-syntax.js';
import { commandText } from './command-text.js';
import { converse } from './conversation.js';
import { experiment, type Experiment } from './experiment.js';
import type { FuzzTarget } from './fuzz-target.js';

/** Commands that the fuzzer cannot do with, and why. */
const UNFIT: ReadonlyMap<string, string> = new Map([
  ['shutdown', 'ends the server'],
  ['quit', 'ends the connection'],
  ['client|kill', 'ends connections'],
  ['client|pause', 'holds everybody back'],
  ['client|reply', 'has no reply'],
  ['config|set', 'changes the limits that the next command meets'],
  ['acl|setuser', 'may lock the fuzzer out'],
  ['acl|deluser', 'may lock the fuzzer out'],
  ['acl|load', 'may lock the fuzzer out'],
  ['monitor', 'replies without end'],
  ['sync', 'replies without end'],
  ['psync', 'replies without end'],
  ['debug', 'sleeps and crashes as it is told'],
  ['wait', 'waits as long as it is told'],
  ['waitaof', 'waits as long as it is told'],
  ['replicaof', 'makes a replica of the server'],
  ['slaveof', 'makes a replica of the server'],
  ['failover', 'stops writes'],
  ...commandsOfArea('blocking').map((name): [string, string] => [name, 'waits as long as it is told']),
  ['multi', 'puts off all commands behind it'],
  ['subscribe', 'is answered by messages'],
  ['unsubscribe', 'is answered by messages'],
  ['psubscribe', 'is answered by messages'],
  ['punsubscribe', 'is answered by messages'],
  ['ssubscribe', 'is answered by messages'],
  ['sunsubscribe', 'is answered by messages'],
]);

/** Commands that are well-formed, with arguments that are not. */
export async function commandExperiment(target: FuzzTarget): Promise<Experiment> {
  const rows = (await target.commands()).filter(({ name }) => !UNFIT.has(name));
  return experiment({
    name: 'commands',
    arbitrary: commandsOf(rows),
    test: async (commands) => {
      await target.clear();
      const [talk, health] = await Promise.allSettled([converse(target, commands), target.check()]);
      // The end of the server says more than the end of the connection.
      if (health.status === 'rejected') throw health.reason;
      await target.check();
      if (talk.status === 'rejected') throw talk.reason;
    },
    describe: (commands) => commands.map(commandText),
    sizeOf: (commands) => commands.length,
  });
}
