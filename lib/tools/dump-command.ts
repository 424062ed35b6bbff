import { basename } from 'node:path';

import { CorruptionError, DiskError } from '../base/errors.js';
import type { Disk } from '../host/ports.js';
import type { FileHeader } from '../storage/log/aof-frame.js';
import { fileTypeOf } from '../storage/log/aof-frame.js';
import { endsAsTable } from '../storage/sstable/table-format.js';
import { dumpBatches, dumpManifest } from './dump-frames.js';
import { dumpTable } from './dump-table.js';
import type { ToolPorts } from './tool.js';
import { ExitCode } from './tool.js';

type Kind = FileHeader['type'] | 'table';

const MAGIC_BYTES = 8;
const KIND_OF_NAME: readonly (readonly [RegExp, Kind])[] = [
  [/\.aof$/, 'segment'],
  [/\.hints$/, 'hints'],
  [/^manifest-/, 'manifest'],
  [/\.sst$/, 'table'],
];

/** `ringkv dump <file>`: shows a segment of the log, hints for a member, a manifest or an SSTable, up to where it stops being one. */
export function runDump([path]: readonly string[], ports: ToolPorts): ExitCode {
  const { disk, complain } = ports;
  try {
    if (!disk.exists(path)) {
      complain(`${path}: there is no such file`);
      return ExitCode.REFUSED;
    }
    const kind = kindOf(disk, path);
    if (kind === undefined) {
      complain(`${path} is neither a segment of the log, nor hints, nor a manifest, nor an SSTable`);
      return ExitCode.REFUSED;
    }
    return dump(kind, path, ports) ? ExitCode.OK : ExitCode.FAILED;
  } catch (error) {
    if (!(error instanceof CorruptionError) && !(error instanceof DiskError)) throw error;
    complain(`stops here: ${error.message}`);
    return ExitCode.FAILED;
  }
}

/** By the bytes that each kind begins or ends with; by its name if these are gone. */
function kindOf(disk: Disk, path: string): Kind | undefined {
  const file = disk.openForReading(path);
  try {
    const magic = Buffer.alloc(MAGIC_BYTES);
    const beginning = magic.subarray(0, file.readAt(magic, 0, MAGIC_BYTES));
    const type = fileTypeOf(beginning);
    if (type !== undefined) return type;
    const end = magic.subarray(0, file.readAt(magic, Math.max(0, file.sizeBytes - MAGIC_BYTES), MAGIC_BYTES));
    if (endsAsTable(end)) return 'table';
  } finally {
    file.close();
  }
  return KIND_OF_NAME.find(([name]) => name.test(basename(path)))?.[1];
}

function dump(kind: Kind, path: string, ports: ToolPorts): boolean {
  if (kind === 'segment' || kind === 'hints') return dumpBatches(path, kind, ports);
  if (kind === 'manifest') return dumpManifest(path, ports);
  dumpTable(path, ports);
  return true;
}
