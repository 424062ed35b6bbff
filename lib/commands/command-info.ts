/** A command as COMMAND INFO and COMMAND DOCS describe it. */

import { categoriesOf } from './acl-categories.js';
import type { Call } from './call.js';
import type { NamedCommand } from './command-names.js';
import { subcommandsOf } from './command-names.js';
import { commandTips } from './command-tips.js';
import type { KeyRange } from './command.js';
import { commandDocs } from './docs.js';
import type { KeyUse } from './key-uses.js';
import { keyUses } from './key-uses.js';

/** Redis keeps it to itself. */
const HIDDEN_FLAG = 'may_replicate';

/** Name, arity, flags, three numbers for the keys, categories, tips, key specifications, subcommands. */
export function replyInfo(call: Call, { command, fullName }: NamedCommand): void {
  const { reply } = call;
  reply.array(10);
  reply.bulkText(fullName);
  reply.integer(command.arity);
  replyWords(
    call,
    command.flags.filter((flag) => flag !== HIDDEN_FLAG),
  );
  reply.integer(command.keys.first);
  reply.integer(command.keys.last);
  reply.integer(command.keys.step);
  replyWords(
    call,
    categoriesOf(command, fullName).map((category) => `@${category}`),
  );
  const tips = commandTips(fullName);
  reply.set(tips.length);
  for (const tip of tips) reply.bulkText(tip);
  const uses = keyUses(command, fullName);
  reply.set(uses.length);
  for (const use of uses) replyKeySpecification(call, use);
  const subcommands = subcommandsOf(command);
  if (subcommands.length === 0) reply.set(0);
  else reply.array(subcommands.length);
  for (const sub of subcommands) replyInfo(call, sub);
}

/** Words of a set, as statuses. */
export function replyWords({ reply }: Call, words: readonly string[]): void {
  reply.set(words.length);
  for (const word of words) reply.simple(word);
}

function replyKeySpecification(call: Call, { flags, range, isCounted, word }: KeyUse): void {
  const { reply } = call;
  reply.map(3);
  reply.bulkText('flags');
  replyWords(call, flags);
  reply.bulkText('begin_search');
  if (range.first === 0) {
    replyTyped(call, 'unknown', []);
    reply.bulkText('find_keys');
    replyTyped(call, 'unknown', []);
    return;
  }
  if (word === undefined) replyTyped(call, 'index', [['index', range.first]]);
  else {
    replyTyped(call, 'keyword', [
      ['keyword', word],
      ['startfrom', range.first],
    ]);
  }
  reply.bulkText('find_keys');
  if (isCounted) {
    replyTyped(call, 'keynum', [
      ['keynumidx', 0],
      ['firstkey', 1],
      ['keystep', 1],
    ]);
  } else {
    replyTyped(call, 'range', [
      ['lastkey', lastFromFirst(range)],
      ['keystep', range.step],
      ['limit', 0],
    ]);
  }
}

/** The last key counted from the first one; negative from the end. */
function lastFromFirst({ first, last }: KeyRange): number {
  return last < 0 ? last : last - first;
}

function replyTyped({ reply }: Call, type: string, facts: readonly (readonly [string, number | string])[]): void {
  reply.map(2);
  reply.bulkText('type');
  reply.bulkText(type);
  reply.bulkText('spec');
  reply.map(facts.length);
  for (const [name, fact] of facts) {
    reply.bulkText(name);
    if (typeof fact === 'string') reply.bulkText(fact);
    else reply.integer(fact);
  }
}

/** What is known of a command for people, as a map. */
export function replyDocs(call: Call, { command, fullName }: NamedCommand): void {
  const { reply } = call;
  const doc = commandDocs.get(fullName);
  const texts: [string, string][] = [];
  if (doc !== undefined) texts.push(['summary', doc.summary], ['since', doc.since]);
  texts.push(['group', doc?.group ?? 'server']);
  if (doc?.complexity !== undefined) texts.push(['complexity', doc.complexity]);
  const deprecated = doc?.deprecated;
  const subcommands = subcommandsOf(command);
  reply.map(texts.length + (deprecated === undefined ? 0 : 3) + (subcommands.length === 0 ? 0 : 1));
  replyPairs(call, texts);
  if (deprecated !== undefined) {
    reply.bulkText('doc_flags');
    replyWords(call, ['deprecated']);
    replyPairs(call, [
      ['deprecated_since', deprecated.since],
      ['replaced_by', deprecated.replacedBy],
    ]);
  }
  if (subcommands.length === 0) return;
  reply.bulkText('subcommands');
  reply.map(subcommands.length);
  for (const sub of subcommands) {
    reply.bulkText(sub.fullName);
    replyDocs(call, sub);
  }
}

function replyPairs({ reply }: Call, pairs: readonly (readonly [string, string])[]): void {
  for (const [name, value] of pairs) {
    reply.bulkText(name);
    reply.bulkText(value);
  }
}
