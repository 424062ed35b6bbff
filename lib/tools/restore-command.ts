import { dirname, resolve } from 'node:path';

import { DiskError } from '../base/errors.js';
import type { Disk } from '../host/ports.js';
import { readManifest } from '../storage/levels/manifest-reader.js';
import { lockPath } from '../storage/lock-path.js';
import { checkDirectory } from './check.js';
import { restoreTo } from './restore.js';
import type { ToolPorts } from './tool.js';
import { ExitCode } from './tool.js';

/** `ringkv restore <backup> <dir>`. */
export function runRestore([from, to]: readonly string[], ports: ToolPorts): ExitCode {
  const { disk, print, complain } = ports;
  try {
    const refusal = refusalOf(disk, from, to);
    if (refusal === undefined) return checkAndRestore(from, to, ports);
    complain(refusal);
    return ExitCode.REFUSED;
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    complain(error.message);
    print(`Nothing was restored to ${to}.`);
    return ExitCode.FAILED;
  }
}

function refusalOf(disk: Disk, from: string, to: string): string | undefined {
  if (!disk.exists(from)) return `${from}: there is no such directory`;
  const holder = disk.lockHolder(lockPath(from));
  if (holder !== undefined)
    return `${from} is in use by ${holder}: restore from a backup (the command BACKUP makes one)`;
  if (`${resolve(to)}/`.startsWith(`${resolve(from)}/`)) return `${to} is in the backup`;
  const parent = dirname(resolve(to));
  if (!disk.exists(parent)) return `${parent}: there is no such directory`;
  return disk.exists(to) && disk.list(to).length > 0 ? `${to} is not empty` : undefined;
}

function checkAndRestore(from: string, to: string, { disk, random, print, complain }: ToolPorts): ExitCode {
  const { damages } = checkDirectory(disk, from, print);
  if (damages.length > 0) {
    complain(`${from} is damaged: nothing was restored`);
    return ExitCode.FAILED;
  }
  const found = readManifest(disk, from);
  if (found === undefined) {
    complain(`${from} is no backup: there is no CURRENT in it`);
    return ExitCode.REFUSED;
  }
  const { nodeId, tableCount, segmentCount, bytes } = restoreTo(disk, random, from, found, to);
  print(
    `Restored to ${to} as node ${nodeId}: ${tableCount} tables, ${segmentCount} segments of the log, ${bytes} bytes`,
  );
  return ExitCode.OK;
}
