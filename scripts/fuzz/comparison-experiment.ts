import { commandsOf, type Command } from './command-arbitrary.js';
import { commandText } from './command-text.js';
import { areAlike, isComparable, isPortable, replyText } from './comparison.js';
import { converse } from './conversation.js';
import { experiment, type Experiment } from './experiment.js';
import type { FuzzTarget } from './fuzz-target.js';
import { differenceOf, takeSnapshot } from './snapshot.js';

/** The same commands to two servers, which must answer alike, and hold the same data in the end. */
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
      commands.slice(0, error instanceof Difference ? error.at + 1 : Infinity).map(commandText),
    sizeOf: (commands) => commands.length,
  });
}

/** Two servers answer a command differently, or hold other data after all of them. */
class Difference extends Error {
  /** Which command it is, or how many there are. */
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
  if (at === -1) return differentData(ours, theirs, commands.length);
  const name = commandText(commands[at].slice(0, 1));
  const replies = `  ${ours.kind}: ${replyText(our[at])}\n  ${theirs.kind}: ${replyText(their[at])}`;
  return new Difference(`the servers differ at ${name}\n${replies}`, at);
}

async function differentData(ours: FuzzTarget, theirs: FuzzTarget, at: number): Promise<Difference | undefined> {
  const difference = differenceOf(await takeSnapshot(ours), await takeSnapshot(theirs));
  if (difference === undefined) return undefined;
  return new Difference(`the servers hold different data (${ours.kind} first): ${difference}`, at);
}
