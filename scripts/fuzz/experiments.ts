/** The experiments of the fuzzer: random input, and what must come of it. */
import fc, { type Arbitrary } from 'fast-check';
import { commandOf, type Command, type CommandRow } from './command-arbitrary.js';
import { argumentText, commandText } from './command-text.js';
import { areAlike, isComparable, isPortable, replyText } from './comparison.js';
import { converse, send } from './conversation.js';
import type { FuzzTarget } from './fuzz-target.js';
import { experiment, type Experiment } from './experiment.js';
import { rawInput, writesOf } from './raw-bytes.js';

const COMMANDS_MAX = 40;

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
]);

/** Bytes that are hardly the protocol. */
export function rawExperiment(target: FuzzTarget): Experiment {
  return experiment({
    name: 'raw',
    arbitrary: rawInput,
    test: async (input) => {
      await target.revive();
      await send(target, input);
      await target.check();
    },
    describe: (input) => writesOf(input).map(argumentText),
    sizeOf: () => 1,
  });
}

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
    describe: describeCommands,
    sizeOf: (commands) => commands.length,
  });
}

/** The same commands to two servers, which must answer alike. */
export async function comparisonExperiment(ours: FuzzTarget, theirs: FuzzTarget): Promise<Experiment> {
  const known = new Set((await ours.commands()).map(({ name }) => name));
  const rows = (await theirs.commands()).filter(({ name }) => isComparable(name) && known.has(name));
  return experiment({
    name: 'comparison',
    arbitrary: commandsOf(rows).map((commands) => commands.filter(isPortable)),
    test: async (commands) => {
      // What expires between the two answers makes a difference that is none: it does not come twice.
      if ((await firstDifference(ours, theirs, commands)) === undefined) return;
      const difference = await firstDifference(ours, theirs, commands);
      if (difference !== undefined) throw difference;
    },
    // What comes after the difference has nothing to do with it.
    describe: (commands, error) =>
      describeCommands(error instanceof Difference ? commands.slice(0, error.at + 1) : commands),
    sizeOf: (commands) => commands.length,
  });
}

/** Two servers answer a command differently. */
class Difference extends Error {
  /** Which command it is. */
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

async function firstDifference(
  ours: FuzzTarget,
  theirs: FuzzTarget,
  commands: readonly Command[],
): Promise<Difference | undefined> {
  await Promise.all([ours.clear(), theirs.clear()]);
  const [our, their] = await Promise.all([converse(ours, commands), converse(theirs, commands)]);
  const at = commands.findIndex((command, i) => !areAlike(command, our[i], their[i]));
  if (at === -1) return undefined;
  const name = commandText(commands[at].slice(0, 1));
  const replies = `  ${ours.kind}: ${replyText(our[at])}\n  ${theirs.kind}: ${replyText(their[at])}`;
  return new Difference(`the servers differ at ${name}\n${replies}`, at);
}

function commandsOf(rows: readonly CommandRow[]): Arbitrary<Command[]> {
  return fc.array(commandOf(rows), { minLength: 1, maxLength: COMMANDS_MAX, size: 'max' });
}

function describeCommands(commands: readonly Command[]): string[] {
  return commands.map(commandText);
}
