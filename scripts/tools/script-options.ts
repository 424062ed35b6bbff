/**
 * The options of a script's command line, a row each, and the values that they have been given.
 *
 *     const OPTIONS = { seconds: count(60), samples: text(), out: text('bench-out'), gate: flag };
 *     const { seconds, samples, out, gate, help } = readOptions(process.argv.slice(2), OPTIONS);
 *
 * Every script has `--help`, too.
 */
import { parseArgs } from 'node:util';
import { positiveInteger } from './arguments.js';

/** What an option may be: `read` has what was given, undefined if nothing was, and throws an error fit for the user. */
export interface ScriptOption<T> {
  readonly type: 'string' | 'boolean';
  /** Whether it may come more than once. */
  readonly multiple: boolean;
  readonly read: (name: string, given: Given) => T;
}

/** As node:util has it. */
type Given = string | boolean | (string | boolean)[] | undefined;

/** Rows by the names of the options, without the two dashes. */
export type ScriptOptions = Readonly<Record<string, ScriptOption<unknown>>>;

/** What was given, or is so by default, by the same names. */
export type ValuesOf<O extends ScriptOptions> = {
  readonly [Name in keyof O]: O[Name] extends ScriptOption<infer T> ? T : never;
};

/** `--name`: true if it was given. */
export const flag: ScriptOption<boolean> = { type: 'boolean', multiple: false, read: (_, given) => given === true };

/** `--name TEXT`, read as one likes. */
export function option<T>(read: (name: string, given: string | undefined) => T): ScriptOption<T> {
  return {
    type: 'string',
    multiple: false,
    read: (name, given) => read(name, typeof given === 'string' ? given : undefined),
  };
}

/** `--name N`: a whole number from 1 on; undefined if it was not given and there is no default. */
export function count(): ScriptOption<number | undefined>;
export function count(byDefault: number): ScriptOption<number>;
export function count(byDefault?: number): ScriptOption<number | undefined> {
  return option((name, given) => (given === undefined ? byDefault : positiveInteger(`--${name}`, given)));
}

/** `--name TEXT`; undefined if it was not given and there is no default. */
export function text(): ScriptOption<string | undefined>;
export function text(byDefault: string): ScriptOption<string>;
export function text(byDefault?: string): ScriptOption<string | undefined> {
  return option((_, given) => given ?? byDefault);
}

/** `--name TEXT`, as often as one likes: all of them. */
export const several: ScriptOption<readonly string[]> = {
  type: 'string',
  multiple: true,
  read: (_, given) => (Array.isArray(given) ? given.map(String) : []),
};

/** Reads the arguments behind the script's name. Throws an error fit for the user if they make no sense. */
export function readOptions<O extends ScriptOptions>(
  args: readonly string[],
  options: O,
): ValuesOf<O> & { readonly help: boolean } {
  const rows = { ...options, help: flag };
  const types = Object.fromEntries(
    Object.entries(rows).map(([name, { type, multiple }]) => [name, { type, multiple }]),
  );
  const { values: given } = parseArgs({ args: [...args], options: types });
  const values = Object.entries(rows).map(([name, { read }]) => [name, read(name, given[name])]);
  return Object.fromEntries(values) as ValuesOf<O> & { help: boolean };
}
