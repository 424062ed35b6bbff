/** Random commands: drawn from a server's own table, with arguments that fit more often than not. */
import fc, { type Arbitrary } from 'fast-check';
import type { Reply } from '../tools/resp-client.js';
import { argumentOf, nasty } from './arguments.js';
import { COMMAND_SYNTAX } from './command-syntax.js';
import type { Syntax } from './syntax.js';

/** A command as it is sent: its name, the subcommand's if there is one, and its arguments. */
export type Command = readonly Buffer[];

/** A row of COMMAND, as far as it matters here. */
export interface CommandRow {
  /** Lower case; `container|subcommand` for a subcommand. */
  readonly name: string;
  /** With the name (of a subcommand: both names); negative: at least so many. */
  readonly arity: number;
}

const COMMANDS_MAX = 40;
const ARGUMENTS_MAX = 6;
const REPEATS_MAX = 4;
/** Now and then: so that collections grow beyond what is packed. */
const MANY_REPEATS = { minLength: 20, maxLength: 60 };

/** Reads COMMAND's reply: every command, and in place of a container its subcommands. */
export function commandRows(reply: Reply): CommandRow[] {
  return (reply as Reply[][]).flatMap(([name, arity, , , , , , , , subcommands]) => {
    const rows = Array.isArray(subcommands) ? commandRows(subcommands) : [];
    return rows.length > 0 ? rows : [{ name: String(name).toLowerCase(), arity: Number(arity) }];
  });
}

/** Commands of these rows, one after the other. */
export function commandsOf(rows: readonly CommandRow[]): Arbitrary<Command[]> {
  return fc.array(commandOf(rows), { minLength: 1, maxLength: COMMANDS_MAX, size: 'max' });
}

/** A command of one of the rows. */
export function commandOf(rows: readonly CommandRow[]): Arbitrary<Command> {
  return fc.oneof(...rows.map(commandOfRow));
}

function commandOfRow(row: CommandRow): Arbitrary<Command> {
  const names = row.name.split('|').map((name) => Buffer.from(name.toUpperCase()));
  const syntax = COMMAND_SYNTAX.get(row.name);
  const fitting = syntax === undefined ? byArity(row, names.length) : argumentsOf(syntax);
  const asItIs = fc.constant<Mistake>((args) => [...args]);
  const change = fc.oneof({ weight: 5, arbitrary: asItIs }, { weight: 1, arbitrary: mistake });
  return fc.tuple(fitting, change).map(([args, make]) => [...names, ...make(args)]);
}

/** Keys and nasty things, as many as the row wants, or more if it takes more. */
function byArity({ arity }: CommandRow, names: number): Arbitrary<Buffer[]> {
  const minLength = Math.abs(arity) - names;
  const maxLength = arity >= 0 ? minLength : minLength + ARGUMENTS_MAX;
  return fc.array(fc.oneof(argumentOf('key'), nasty), { minLength, maxLength });
}

/** Arguments in the order of the syntax. */
function argumentsOf(syntax: Syntax): Arbitrary<Buffer[]> {
  switch (syntax.kind) {
    case 'word':
      return argumentOf(syntax.word).map((argument) => [argument]);
    case 'sequence':
      return fc.tuple(...syntax.items.map(argumentsOf)).map((parts) => parts.flat());
    case 'choice':
      return fc.oneof(...syntax.options.map(argumentsOf));
    case 'optional':
      return fc.option(argumentsOf(syntax.item), { nil: [] });
    case 'repeated':
      return fc
        .oneof(
          { weight: 20, arbitrary: fc.array(argumentsOf(syntax.item), { minLength: 1, maxLength: REPEATS_MAX }) },
          { weight: 1, arbitrary: fc.array(argumentsOf(syntax.item), MANY_REPEATS) },
        )
        .map((parts) => parts.flat());
  }
}

type Mistake = (args: readonly Buffer[]) => Buffer[];

/** Something that goes wrong when a command is put together. */
const mistake: Arbitrary<Mistake> = fc.oneof(
  at((args, index) => args.toSpliced(index, 1)),
  at((args, index) => args.slice(0, index)),
  at((args, index) => [...args, ...args.slice(index)]),
  at((args, index) => [...args.slice(index), ...args.slice(0, index)]),
  at((args) => args.toReversed()),
  fc.tuple(fc.nat(), nasty).map(([index, argument]) => (args: readonly Buffer[]) => {
    return args.toSpliced(index % (args.length + 1), 0, argument);
  }),
);

/** A mistake that happens at a random argument. */
function at(make: (args: readonly Buffer[], index: number) => Buffer[]): Arbitrary<Mistake> {
  return fc.nat().map((index) => (args: readonly Buffer[]) => make(args, args.length === 0 ? 0 : index % args.length));
}
