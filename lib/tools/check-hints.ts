import { CorruptionError } from '../base/errors.js';
import { HintReader, hintFileNumber, isUnreadableHintFile } from '../cluster/replication/hint-file.js';
import { hintsDirectory } from '../cluster/replication/hints.js';
import { isMemberId } from '../cluster/ring/member.js';
import type { Disk } from '../host/ports.js';
import { BatchReader } from '../record/batch-reader.js';
import type { Findings } from './findings.js';

/** Checks what other members have missed: every frame of every file, and that each batch in it can be read. Returns the number of hints. */
export function checkHints(disk: Disk, directory: string, findings: Findings): number {
  const folder = hintsDirectory(directory);
  let hintCount = 0;
  for (const member of disk.list(folder)) {
    if (!isMemberId(member)) {
      findings.note(`hints/${member}`, 'not the hints of a member');
      continue;
    }
    for (const name of disk.list(`${folder}/${member}`)) {
      const place = `hints/${member}/${name}`;
      if (isUnreadableHintFile(name))
        findings.note(place, 'hints that a node could not read: repair has to bring them');
      else if (hintFileNumber(name) === undefined) findings.note(place, 'not a file of hints');
      else hintCount += findings.attempt(place, () => checkFile(disk, directory, place, findings)) ?? 0;
    }
  }
  return hintCount;
}

/** Throws CorruptionError if the header is damaged, and DiskError. */
function checkFile(disk: Disk, directory: string, name: string, findings: Findings): number {
  const path = `${directory}/${name}`;
  const reader = HintReader.open(disk, path);
  if (reader === undefined) {
    findings.note(name, 'a crash came before anything was in it: the next start removes it');
    return 0;
  }
  let count = 0;
  let unreadable: string | undefined;
  try {
    for (; reader.next(); count++) unreadable ??= fault(reader.batch, path);
  } finally {
    reader.close();
  }
  const tornBytes = disk.sizeOf(path) - reader.end;
  if (tornBytes > 0) {
    findings.note(name, `${tornBytes} bytes behind offset ${reader.end} are a hint that a crash left incomplete`);
  }
  if (reader.holeCount > 0) {
    findings.damage(name, `${reader.lostBytes} bytes in ${reader.holeCount} places: repair has to bring those hints`);
  } else if (unreadable !== undefined) findings.damage(name, `a hint in it cannot be read: ${unreadable}`);
  else findings.ok(name, `${count} hints, ${reader.end} bytes`);
  return count;
}

/** Why a batch cannot be read. */
function fault(batch: Buffer, path: string): string | undefined {
  const changes = new BatchReader();
  try {
    changes.open(batch, 0, batch.length, path);
    while (changes.next());
    return undefined;
  } catch (error) {
    if (!(error instanceof CorruptionError)) throw error;
    return error.message.slice(path.length + 2);
  }
}
