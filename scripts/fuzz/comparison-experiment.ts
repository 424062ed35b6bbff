import fc, { type Arbitrary } from 'fast-check';
import { argumentOf } from './arguments.js';
import { commandOf, type Command, type CommandRow } from './command-arbitrary.js';
import { commandsOfArea, type Area } from './command-syntax.js';
import { commandText } from './command-text.js';
import { isPortable } from './comparison.js';
import { Dialogue, Difference } from './dialogue.js';
import { experiment, type Experiment } from './experiment.js';
import type { FuzzTarget } from './fuzz-target.js';
import { differenceOf, scanFault, takeSnapshot } from './snapshot.js';

/** What can be compared: areas whose replies say what the data is, and nothing about the server or the moment. */
export const COMPARED_AREAS = [
  ...['strings', 'bitmaps', 'hyperloglogs', 'keys', 'databases', 'hashes', 'lists', 'blocking', 'sets', 'sorted-sets'],
  ...['geo', 'sort', 'transactions', 'scripts'],
] as readonly Area[];

/** What else happens to our server while it is compared: nothing, its data leaves the memory, or it ends and comes back. */
export const COMPARISON_MODES = ['plain', 'cold', 'restarts'] as const;
export type ComparisonMode = (typeof COMPARISON_MODES)[number];

/** Areas that are mixed with each other one. */
const EVERYWHERE: readonly Area[] = ['keys', 'transactions', 'scripts'];
/** Commands that some other area needs, too. */
const PLAIN = ['echo', 'ping'];
/**
 * Not DBSIZE: Redis counts a key that was set to expire in the past. OBJECT but for ENCODING, PFDEBUG and PFSELFTEST are about the
 * server, COPY between databases and FLUSHALL are as likely as anything else.
 */
const NOT_COMPARED: ReadonlySet<string> = new Set([
  ...['dbsize', 'object|freq', 'object|idletime', 'object|refcount', 'pfdebug', 'pfselftest', 'script|flush'],
]);

const COMMANDS_MAX = 60;

/** The same commands to two servers, which must answer alike, and hold the same data in the end. */
export async function comparisonExperiment(
  ours: FuzzTarget,
  theirs: FuzzTarget,
  options: { readonly mode?: ComparisonMode; readonly areas?: readonly Area[] } = {},
): Promise<Experiment> {
  const { mode = 'plain', areas = COMPARED_AREAS } = options;
  const known = new Set((await ours.commands()).map(({ name }) => name));
  const both = (await theirs.commands()).filter(({ name }) => known.has(name) && !NOT_COMPARED.has(name));
  return experiment({
    name: mode === 'plain' ? 'comparison' : `comparison-${mode}`,
    arbitrary: talks(both, areas, mode),
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

/** Commands of one area, with those that go with each of them; or of all areas. In either protocol. */
function talks(
  rows: readonly CommandRow[],
  areas: readonly Area[],
  mode: ComparisonMode,
): Arbitrary<readonly Command[]> {
  const rowsOf = (some: readonly Area[]): CommandRow[] => {
    const names = new Set([...PLAIN, ...some.filter((area) => areas.includes(area)).flatMap(commandsOfArea)]);
    return rows.filter(({ name }) => names.has(name));
  };
  const steps = stepsOf(mode, areas.includes('keys'));
  const talk = (some: readonly Area[]): Arbitrary<Command[]> => {
    const command = fc.oneof({ weight: 200, arbitrary: commandOf(rowsOf(some)) }, ...steps);
    return fc.array(command, { minLength: 1, maxLength: COMMANDS_MAX, size: 'max' });
  };
  const focused = areas.map((area) => talk([area, ...EVERYWHERE]));
  const protocol = fc.constantFrom<Command[]>([], [[Buffer.from('HELLO'), Buffer.from('3')]]);
  return fc
    .tuple(protocol, fc.oneof(...focused, talk(areas)))
    .map(([hello, commands]) => [...hello, ...commands.filter(isPortable)]);
}

/** Steps that a dialogue takes itself (dialogue.ts). */
function stepsOf(mode: ComparisonMode, exchanges: boolean): { weight: number; arbitrary: Arbitrary<Command> }[] {
  const step = (...words: string[]): Command => words.map((word) => Buffer.from(word));
  const key = argumentOf('any-key');
  return [
    ...(exchanges
      ? [{ weight: 5, arbitrary: fc.tuple(fc.constant(Buffer.from('!EXCHANGE')), key, key) as Arbitrary<Command> }]
      : []),
    ...(mode === 'cold' ? [{ weight: 5, arbitrary: fc.constant(step('!COOL')) }] : []),
    ...(mode === 'restarts'
      ? [{ weight: 1, arbitrary: fc.constantFrom(step('!RESTART', 'SIGTERM'), step('!RESTART', 'SIGKILL')) }]
      : []),
  ];
}

async function firstDifference(
  ours: FuzzTarget,
  theirs: FuzzTarget,
  commands: readonly Command[],
): Promise<Difference | undefined> {
  await Promise.all([ours.clear(), theirs.clear()]);
  try {
    await new Dialogue(ours, theirs).run(commands);
  } catch (error) {
    if (error instanceof Difference) return error;
    // The end of the server says more than the end of the connection.
    await ours.check();
    throw error;
  }
  return differentData(ours, theirs, commands.length);
}

async function differentData(ours: FuzzTarget, theirs: FuzzTarget, at: number): Promise<Difference | undefined> {
  const [our, their] = await Promise.all([takeSnapshot(ours), takeSnapshot(theirs)]);
  const difference = differenceOf(our, their);
  if (difference !== undefined) {
    return new Difference(`the servers hold different data (${ours.kind} first): ${difference}`, at);
  }
  const fault = await scanFault(ours, our);
  return fault === undefined ? undefined : new Difference(fault, at);
}
