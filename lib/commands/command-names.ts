/** Commands by their full names: `get`, `client|list`. */

import type { Call } from './call.js';
import type { Command } from './command.js';

export interface NamedCommand {
  readonly command: Command;
  readonly fullName: string;
}

/** Every command, each container followed by what it holds. */
export function* allCommands(call: Call): Iterable<NamedCommand> {
  for (const command of call.server.commands()) {
    yield { command, fullName: command.name };
    yield* subcommandsOf(command);
  }
}

/** What a container holds; nothing, of a command that is none. */
export function subcommandsOf(command: Command): NamedCommand[] {
  if (!('subcommands' in command)) return [];
  return command.subcommands.map((sub) => ({ command: sub, fullName: `${command.name}|${sub.name}` }));
}

/** The command of that full name, letter case apart. */
export function findCommand(call: Call, fullName: string): NamedCommand | undefined {
  const [name, subName, ...rest] = fullName.toLowerCase().split('|');
  const command = call.server.commandNamed(name);
  if (command === undefined || rest.length > 0) return undefined;
  if (subName === undefined) return { command, fullName: command.name };
  return subcommandsOf(command).find(({ command: sub }) => sub.name === subName);
}
