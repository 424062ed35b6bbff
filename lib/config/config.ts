import { assert } from '../base/assert.js';
import { ConfigError } from '../base/errors.js';
import { globMatches } from '../base/glob.js';
import { fromByteText } from './byte-text.js';
import { closestName } from './closest-name.js';
import { parseValue, splitList } from './option.js';
import type { Parsed } from './option.js';
import type { Machine, Option } from './option-row.js';
import { findOption, IGNORED_DIRECTIVES, OPTION_NAMES, OPTIONS } from './options.js';

import { parseConfigText, placeOf } from './parse.js';
import type { ConfigFiles, Directive } from './parse.js';
import { rewriteText } from './rewrite.js';
import { Settings } from './settings.js';

/** Called when a value has changed, its fields already new. An error text takes the change back. */
export type ChangeListener = () => string | undefined;

/**
 * The configuration: what every option is set to. Read the fields (Settings); change them with `set` only.
 *
 * Built from the defaults and the directives of file and flags, of which later ones win. All names, patterns
 * and values are byte text (byte-text.ts).
 */
export class Config extends Settings {
  /** What was accepted although it has no effect, a line each, for the log. */
  readonly warnings: readonly string[];
  /** `rename-command`, in order: old name, in lower case, to new name; to the empty one if the command goes. */
  readonly renamedCommands: ReadonlyMap<string, string>;
  private readonly machine: Machine;
  private readonly parsed = new Map<Option, Parsed<unknown>>();
  private readonly listeners = new Map<Option, ChangeListener[]>();

  /** Throws ConfigError, which names the place, what was expected and what was there. */
  constructor(machine: Machine, directives: readonly Directive[] = []) {
    super();
    this.machine = machine;
    for (const option of OPTIONS) this.store(option, initialOf(option, machine));
    const warnings = new Map<string, string>();
    const renamed = new Map<string, string>();
    const seen = new Set<Option>();
    for (const directive of directives) {
      if (directive.name.toLowerCase() === 'rename-command') rename(renamed, directive);
      else this.apply(directive, seen, warnings);
    }
    this.warnings = [...warnings.values()];
    this.renamedCommands = renamed;
  }

  /**
   * CONFIG GET: name and value of every option that one of the patterns matches. A name without `*`, `?` or
   * `[` is looked up as it is, older names and hidden options too, and comes back as it was written.
   */
  get(patterns: readonly string[]): [name: string, value: string][] {
    const found = new Map<string, [string, string]>();
    for (const pattern of patterns) {
      for (const name of /[*?[]/.test(pattern) ? namesMatching(pattern) : [pattern]) {
        const option = findOption(name);
        const key = name.toLowerCase();
        if (option !== undefined && !found.has(key)) found.set(key, [name, this.parsedOf(option).text]);
      }
    }
    return [...found.values()];
  }

  /**
   * CONFIG SET: sets all of the pairs, or none. Answers the error, as Redis puts it, or undefined.
   * `fromLocal` says whether who asks is connected from this machine.
   */
  set(pairs: readonly (readonly [name: string, value: string])[], fromLocal = false): string | undefined {
    const denied = this.deny(pairs, fromLocal);
    if (denied !== undefined) return denied;
    const before = new Map<Option, Parsed<unknown>>();
    const changed = new Map<Option, string>();
    for (const [name, value] of pairs) {
      const option = findOption(name);
      assert(option !== undefined, 'deny() has looked every name up');
      const current = this.parsedOf(option);
      const parsed = parseValue(option.kind, [value], current);
      if (typeof parsed === 'string') {
        this.restore(before);
        return setFailed(name.toLowerCase(), parsed);
      }
      if (option.change === 'settled' && parsed.text !== current.text) {
        this.restore(before);
        return setFailed(name.toLowerCase(), "can't set immutable config");
      }
      if (!before.has(option)) before.set(option, current);
      if (parsed.text !== current.text || option.isVolatile) changed.set(option, name.toLowerCase());
      this.store(option, parsed);
    }
    return this.announce(changed, before);
  }

  /**
   * Calls `listener` whenever the option changes; only once if a `set` changes several options that it is
   * registered for. One that answers an error text has to leave its own matters as they were; those that
   * ran before it are called again, with the old values back.
   */
  onChange(name: string, listener: ChangeListener): void {
    const option = findOption(name);
    assert(option !== undefined, 'onChange() takes the name of an option');
    this.listeners.set(option, [...(this.listeners.get(option) ?? []), listener]);
  }

  /**
   * CONFIG REWRITE: the text of the configuration file, changed where reading it would give other values than
   * these. `file` is where `text` is from. Throws ConfigError if the text, or what it includes, cannot be read.
   */
  rewrite(text: string, file: string, files: ConfigFiles): string {
    const directives = parseConfigText(text, file, files);
    const written = new Config(this.machine, directives);
    const differing = OPTIONS.filter((option) => written.parsedOf(option).text !== this.parsedOf(option).text);
    const rewrites = differing.map((option) => ({ option, lines: option.kind.lines(this.parsedOf(option)) }));
    return rewriteText(text, file, directives, rewrites);
  }

  private parsedOf(option: Option): Parsed<unknown> {
    const parsed = this.parsed.get(option);
    assert(parsed !== undefined, 'every option has a value');
    return parsed;
  }

  private store(option: Option, parsed: Parsed<unknown>): void {
    this.parsed.set(option, parsed);
    option.store(this, parsed.value);
  }

  private restore(values: ReadonlyMap<Option, Parsed<unknown>>): void {
    for (const [option, parsed] of values) this.store(option, parsed);
  }

  /** Applies one line or flag. `seen` are the options that earlier ones set. */
  private apply(directive: Directive, seen: Set<Option>, warnings: Map<string, string>): void {
    const name = directive.name.toLowerCase();
    if (IGNORED_DIRECTIVES.has(name)) {
      warnings.set(name, `${placeOf(directive)}: ${name} has no effect: Redis ignores it too`);
      return;
    }
    const option = findOption(name);
    if (option === undefined) throw new ConfigError(`${placeOf(directive)}: ${unknownOption(directive.name)}`);
    const current = this.parsedOf(option);
    const before = option.kind.accumulates && seen.has(option) ? splitList(current.text) : [];
    const parsed = readDirective(option, directive, before, current);
    const refusal = option.refusal?.(parsed.text);
    if (refusal !== undefined) throw new ConfigError(`${placeOf(directive)}: ${name}: ${refusal}`);
    seen.add(option);
    this.store(option, parsed);
    if (option.inert && parsed.text !== option.asIs && !warnings.has(option.name)) {
      warnings.set(option.name, `${placeOf(directive)}: ${name} has no effect: ${option.doc}`);
    }
  }

  /** What forbids to set the pairs, whatever their values are: the first that is wrong. */
  private deny(pairs: readonly (readonly [string, string])[], fromLocal: boolean): string | undefined {
    const names = new Set<string>();
    for (const [name] of pairs) {
      const option = findOption(name);
      if (option === undefined) return `ERR Unknown option or number of arguments for CONFIG SET - '${name}'`;
      if (option.change === 'immutable') return setFailed(name, "can't set immutable config");
      if (option.change === 'protected' && !this.mayChangeProtected(fromLocal)) {
        return setFailed(name, "can't set protected config");
      }
      if (names.has(name.toLowerCase())) return setFailed(name, 'duplicate parameter');
      names.add(name.toLowerCase());
    }
    return undefined;
  }

  private mayChangeProtected(fromLocal: boolean): boolean {
    return this.enableProtectedConfigs === 'yes' || (this.enableProtectedConfigs === 'local' && fromLocal);
  }

  /** Calls the listeners of what changed (to the names that were used); takes everything back if one objects. */
  private announce(
    changed: ReadonlyMap<Option, string>,
    before: ReadonlyMap<Option, Parsed<unknown>>,
  ): string | undefined {
    const called = new Set<ChangeListener>();
    for (const [option, name] of changed) {
      for (const listener of this.listeners.get(option) ?? []) {
        if (called.has(listener)) continue;
        const objection = listener();
        if (objection !== undefined) {
          this.restore(before);
          for (const earlier of called) earlier();
          return setFailed(name, objection);
        }
        called.add(listener);
      }
    }
    return undefined;
  }
}

function initialOf(option: Option, machine: Machine): Parsed<unknown> {
  const initial = typeof option.initial === 'string' ? option.initial : option.initial(machine);
  const parsed = parseValue(option.kind, [initial], undefined);
  assert(typeof parsed !== 'string', 'the defaults in the table can be read');
  return parsed;
}

/** The value that a line or flag gives, after the words `before` of earlier ones that it adds to. */
function readDirective(
  option: Option,
  directive: Directive,
  before: readonly string[],
  current: Parsed<unknown>,
): Parsed<unknown> {
  const { kind } = option;
  let words = directive.words;
  if (kind.manyWords && words.length === 1) words = splitList(words[0]);
  const startsOver = words.length === 0;
  const parsed = parseValue(kind, startsOver ? words : [...before, ...words], current);
  if (typeof parsed !== 'string') return parsed;
  const what = `${directive.name.toLowerCase()}: expected ${kind.expects}, got ${shown(option, directive.words)}`;
  throw new ConfigError(`${placeOf(directive)}: ${what}`);
}

/** What was written, for a message. */
function shown(option: Option, words: readonly string[]): string {
  if (words.length === 0) return 'nothing';
  if (option.secret || (!option.kind.manyWords && words.length > 1)) return `${words.length} words`;
  return fromByteText(words.map((word) => `'${word}'`).join(' '));
}

function rename(renamed: Map<string, string>, directive: Directive): void {
  const place = placeOf(directive);
  if (directive.words.length !== 2) {
    const got = `${directive.words.length} words`;
    throw new ConfigError(`${place}: rename-command: expected a command and its new name, or '', got ${got}`);
  }
  const [from, to] = directive.words;
  const command = from.toLowerCase();
  if (renamed.has(command)) throw new ConfigError(`${place}: rename-command: '${command}' has been renamed before`);
  renamed.set(command, to);
}

/** Redis reads these, and to go on without them would be worse than not to start. */
const UNSUPPORTED = new Map([
  ['user', 'users cannot be defined yet, and without them everyone could come in'],
  ['loadmodule', 'Redis modules cannot be loaded'],
]);

function unknownOption(name: string): string {
  const unsupported = UNSUPPORTED.get(name.toLowerCase());
  if (unsupported !== undefined) return `${name}: ${unsupported}`;
  // What follows a sign of equality may be a password.
  const [word, ...rest] = name.slice(0, 64).split('=');
  if (rest.length > 0) return `unknown option '${word}=...': expected the name and the value parted by a space`;
  const closest = closestName(word.toLowerCase(), [...OPTION_NAMES, 'include', 'rename-command']);
  const hint = closest === undefined ? '' : `, did you mean '${closest}'?`;
  return `unknown option '${fromByteText(word)}'${hint}`;
}

function namesMatching(pattern: string): string[] {
  const bytes = Buffer.from(pattern, 'latin1');
  return OPTION_NAMES.filter((name) => {
    const named = Buffer.from(name, 'latin1');
    return !findOption(name)?.hidden && globMatches(bytes, 0, bytes.length, named, 0, named.length, true);
  });
}

function setFailed(name: string, reason: string): string {
  return `ERR CONFIG SET failed (possibly related to argument '${name}') - ${reason}`;
}
