/** The subcommands of the executable: what looks at data directories while no server has them. */

import { assert } from '../base/assert.js';
import { runCheck } from './check-command.js';
import { runDump } from './dump-command.js';
import { runRestore } from './restore-command.js';
import { runRing } from './ring-command.js';
import type { ToolPorts } from './tool.js';
import { ExitCode } from './tool.js';

interface Tool {
  /** Its arguments, for the usage. */
  readonly usage: string;
  /** Undefined: the tool looks at them itself. */
  readonly argumentCount: number | undefined;
  readonly run: (args: readonly string[], ports: ToolPorts) => ExitCode | Promise<ExitCode>;
}

const TOOLS = new Map<string, Tool>([
  ['check', { usage: 'check <dir>', argumentCount: 1, run: runCheck }],
  ['dump', { usage: 'dump <file>', argumentCount: 1, run: runDump }],
  ['ring', { usage: 'ring [host:port] | recover ...', argumentCount: undefined, run: runRing }],
  ['restore', { usage: 'restore <backup> <dir>', argumentCount: 2, run: runRestore }],
]);

/** Whether the first word of a command line names a tool. */
export function isTool(name: string | undefined): name is string {
  return name !== undefined && TOOLS.has(name);
}

/** Runs a tool with its arguments to its end. REQUIRES: `isTool`. */
export function runTool(name: string, args: readonly string[], ports: ToolPorts): ExitCode | Promise<ExitCode> {
  const tool = TOOLS.get(name);
  assert(tool !== undefined, 'a tool has this name');
  if (tool.argumentCount === undefined || args.length === tool.argumentCount) return tool.run(args, ports);
  ports.complain(`Usage: ringkv ${tool.usage}`);
  return ExitCode.REFUSED;
}
