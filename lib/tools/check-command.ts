import { lockPath } from '../storage/lock-path.js';
import { checkDirectory } from './check.js';
import type { ToolPorts } from './tool.js';
import { ExitCode } from './tool.js';

/** `ringkv check <dir>`. */
export function runCheck([directory]: readonly string[], { disk, print, complain }: ToolPorts): ExitCode {
  if (!disk.exists(directory)) {
    complain(`${directory}: there is no such directory`);
    return ExitCode.REFUSED;
  }
  const holder = disk.lockHolder(lockPath(directory));
  if (holder !== undefined) {
    complain(`${directory} is in use by ${holder}: stop it first, or check a backup (the command BACKUP makes one)`);
    return ExitCode.REFUSED;
  }
  return checkDirectory(disk, directory, print).damages.length === 0 ? ExitCode.OK : ExitCode.FAILED;
}
