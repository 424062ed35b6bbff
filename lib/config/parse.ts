/**
 * The syntax of configuration: redis.conf text and redis-server's command line, both into directives. What
 * the names mean is Config's.
 *
 *     file      = { line "\n" }
 *     line      = [ "#" comment | name { word } ]          words quoted as in words.ts
 *     name      = an option | "include" file | ...
 *     arguments = [ file ] { "--" name { word } } | "--version" | "-v" | "--help" | "-h"
 *
 * `include` is replaced by the directives of the file, which may end in a pattern (`conf.d/*.conf`). Later
 * directives win, and flags come last. Paths are taken from the process's working directory.
 *
 * Messages never show words, only names: a word may be a password.
 */

import { ConfigError } from '../base/errors.js';
import { globMatches } from '../base/glob.js';
import { fromByteText, toByteText } from './byte-text.js';
import { splitWords } from './words.js';

/** How the files are reached. */
export interface ConfigFiles {
  /** All of a file, one character a byte (latin1). Throws if it cannot be read. */
  readText(path: string): string;
  /** Names in a directory, sorted; empty if there is no such directory. */
  list(directory: string): string[];
}

/** One line, or one flag. */
export interface Directive {
  /** As it was written; byte text, as the words are. */
  readonly name: string;
  readonly words: readonly string[];
  /** The file it stands in; undefined for a flag. */
  readonly file: string | undefined;
  /** Its line, from 1; 0 for a flag. */
  readonly line: number;
}

/** What the command line asks for. */
export type CommandLine =
  | { readonly action: 'version' }
  | { readonly action: 'help' }
  | {
      readonly action: 'serve';
      /** The file that was named, for CONFIG REWRITE and INFO. */
      readonly configFile: string | undefined;
      readonly directives: readonly Directive[];
    };

/** Where a directive stands, for messages: `ringkv.conf:12`, or `command line`. */
export function placeOf({ file, line }: Pick<Directive, 'file' | 'line'>): string {
  return file === undefined ? 'command line' : `${file}:${line}`;
}

/** Reads the arguments after the program's name. Throws ConfigError. */
export function parseCommandLine(args: readonly string[], files: ConfigFiles): CommandLine {
  const configFile = args.length > 0 && !args[0].startsWith('-') ? args[0] : undefined;
  const directives = configFile === undefined ? [] : parseFile(configFile, undefined, [], files);
  let i = configFile === undefined ? 0 : 1;
  while (i < args.length) {
    if (args[i] === '--version' || args[i] === '-v') return { action: 'version' };
    if (args[i] === '--help' || args[i] === '-h') return { action: 'help' };
    const [name, ...words] = flagWords(args[i++]);
    // The first word is the flag's whatever it looks like (a password may begin with dashes); Redis makes an
    // exception of --save, which may stand alone.
    const mayBeAlone = words.length > 0 || name === 'save';
    while (i < args.length && (!args[i].startsWith('--') || (words.length === 0 && !mayBeAlone))) {
      words.push(toByteText(args[i++]));
    }
    directives.push(...expand({ name, words, file: undefined, line: 0 }, [], files));
  }
  return { action: 'serve', configFile, directives };
}

/** The directives of a file's text, includes expanded. Throws ConfigError. */
export function parseConfigText(text: string, file: string, files: ConfigFiles): Directive[] {
  return parseText(text, file, [], files);
}

/** A flag's name, without its dashes, and words that came in the same argument (`"--save 900 1"`). */
function flagWords(argument: string): [string, ...string[]] {
  if (argument === '-') {
    throw new ConfigError('command line: the configuration cannot be read from standard input, name a file');
  }
  if (!argument.startsWith('--')) {
    throw new ConfigError("command line: expected an option such as '--port 6379', got a word without dashes");
  }
  const [name, ...words] = splitWords(toByteText(argument.slice(2))) ?? [];
  if (name === undefined) throw new ConfigError("command line: expected the name of an option after '--'");
  return [name, ...words];
}

/** `including` is the chain of files that led here, this one not yet among them. */
function parseFile(
  path: string,
  includedAt: Directive | undefined,
  including: readonly string[],
  files: ConfigFiles,
): Directive[] {
  const place = includedAt === undefined ? 'command line' : placeOf(includedAt);
  if (including.includes(path)) {
    throw new ConfigError(`${place}: include: the files include each other: ${[...including, path].join(' > ')}`);
  }
  let text: string;
  try {
    text = files.readText(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`${place}: cannot read the configuration file '${path}': ${reason}`, { cause: error });
  }
  return parseText(text, path, including, files);
}

function parseText(text: string, file: string, including: readonly string[], files: ConfigFiles): Directive[] {
  return text.split('\n').flatMap((line, index) => {
    const directive = parseLine(line, file, index + 1);
    return directive === undefined ? [] : expand(directive, [...including, file], files);
  });
}

function parseLine(line: string, file: string, number: number): Directive | undefined {
  if (/^[ \t\r]*(#|$)/.test(line)) return undefined;
  const words = splitWords(line);
  if (words === undefined) {
    throw new ConfigError(`${placeOf({ file, line: number })}: unbalanced quotes, or a closing quote inside a word`);
  }
  const [name, ...rest] = words;
  return { name, words: rest, file, line: number };
}

/** The directive itself; if it is an include, those of the files. */
function expand(directive: Directive, including: readonly string[], files: ConfigFiles): Directive[] {
  if (directive.name.toLowerCase() !== 'include') return [directive];
  if (directive.words.length !== 1) {
    throw new ConfigError(`${placeOf(directive)}: include: expected one file, got ${directive.words.length} words`);
  }
  const paths = filesMatching(fromByteText(directive.words[0]), files);
  return paths.flatMap((path) => parseFile(path, directive, including, files));
}

/** `path` itself, or, if its last part is a pattern, the files that match. */
function filesMatching(path: string, files: ConfigFiles): string[] {
  const nameAt = path.lastIndexOf('/') + 1;
  if (!/[*?[]/.test(path.slice(nameAt))) return [path];
  const pattern = Buffer.from(path.slice(nameAt));
  const directory = path.slice(0, nameAt);
  return files
    .list(directory === '' ? '.' : directory)
    .filter((name) => {
      const bytes = Buffer.from(name);
      const hidden = name.startsWith('.') && !path.startsWith('.', nameAt);
      return !hidden && globMatches(pattern, 0, pattern.length, bytes, 0, bytes.length);
    })
    .map((name) => directory + name);
}
