/** All data of a server, as far as commands on strings can show it. */
import type { RespValue } from '../../spec/protocol/resp-decoder.js';
import type { Command } from './command-arbitrary.js';
import { argumentText } from './command-text.js';
import { areAlike, replyText } from './comparison.js';
import { converse } from './conversation.js';
import type { FuzzTarget } from './fuzz-target.js';

const DATABASES = 16;
const PEXPIRETIME = command('PEXPIRETIME');

interface Entry {
  readonly value: RespValue;
  readonly expiry: RespValue;
}

/** Database and key (as for redis-cli) to what is there. */
export type Snapshot = ReadonlyMap<string, Entry>;

/** Asks for every key of every database. */
export async function takeSnapshot(target: FuzzTarget): Promise<Snapshot> {
  const numbers = Array.from({ length: DATABASES }, (_, number) => String(number));
  const lists = await converse(
    target,
    numbers.flatMap((number) => [command('SELECT', number), command('KEYS', '*')]),
  );
  const names: string[] = [];
  const questions: Command[] = [];
  numbers.forEach((number, i) => {
    const keys = lists[2 * i + 1] as Buffer[];
    for (const key of keys) {
      names.push(`db ${number} ${argumentText(key)}`);
      questions.push(command('SELECT', number), [Buffer.from('GET'), key], [...PEXPIRETIME, key]);
    }
  });
  const answers = await converse(target, questions);
  return new Map(names.map((name, i) => [name, { value: answers[3 * i + 1], expiry: answers[3 * i + 2] }]));
}

/** What is not the same in both, in words; undefined if nothing is. */
export function differenceOf(ours: Snapshot, theirs: Snapshot): string | undefined {
  for (const name of new Set([...ours.keys(), ...theirs.keys()])) {
    const [our, their] = [ours.get(name), theirs.get(name)];
    if (our === undefined || their === undefined || !areSame(our, their)) {
      return `${name}: ${entryText(our)} and ${entryText(their)}`;
    }
  }
  return undefined;
}

function areSame(our: Entry, their: Entry): boolean {
  return areAlike(command('GET'), our.value, their.value) && areAlike(PEXPIRETIME, our.expiry, their.expiry);
}

function entryText(entry: Entry | undefined): string {
  return entry === undefined ? 'none' : `${replyText(entry.value)} until ${replyText(entry.expiry)}`;
}

function command(...words: readonly string[]): Buffer[] {
  return words.map((word) => Buffer.from(word));
}
