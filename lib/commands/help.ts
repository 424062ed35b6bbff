import type { Call } from './call.js';
import type { SyncCommand } from './command.js';
import { NO_KEYS } from './command.js';

/** One entry of a container's help: how it is called, and what it does, in one or more lines. */
export type HelpEntry = readonly [usage: string, ...lines: string[]];

/** The HELP subcommand of a container, in the shape that Redis gives it. */
export function helpCommand(container: string, entries: readonly HelpEntry[]): SyncCommand {
  return {
    name: 'help',
    arity: 2,
    flags: ['loading', 'stale'],
    keys: NO_KEYS,
    run: (call) => {
      replyHelp(call, container, entries);
    },
  };
}

/** The same as a reply. */
export function replyHelp(call: Call, container: string, entries: readonly HelpEntry[]): void {
  const lines = [`${container.toUpperCase()} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`];
  for (const [usage, ...description] of entries) lines.push(usage, ...description.map(indented));
  lines.push('HELP', indented('Prints this help.'));
  call.reply.array(lines.length);
  for (const line of lines) call.reply.simple(line);
}

/** What Redis answers where a subcommand is known, and its arguments make no sense. */
export function wrongSubcommand(call: Call, container: string): void {
  const shown = call.args.text(1).slice(0, SHOWN_CHARACTERS);
  call.reply.error(
    `ERR unknown subcommand or wrong number of arguments for '${shown}'. Try ${container.toUpperCase()} HELP.`,
  );
}

const SHOWN_CHARACTERS = 128;

function indented(line: string): string {
  return `    ${line}`;
}
