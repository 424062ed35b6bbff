/**
 * What a member that takes over slots has been given, for its next start:
 *
 *     <dir>/cluster/transfer        a checked file (topology/checked-file.ts), whose line is JSON: the ring that it is for, and what of it is durable here
 *
 * Without it, or for another ring, everything is asked for again: that does no harm.
 */

import { join } from 'node:path';

import { CorruptionError, DiskError } from '../../base/errors.js';
import { ShapeError, integer, list, object } from '../../base/json-shape.js';
import { SLOT_COUNT } from '../../base/position.js';
import type { Disk } from '../../host/ports.js';
import { checkMemberId } from '../ring/member.js';
import type { RingVersion } from '../ring/ring-version.js';
import { compareRingVersions } from '../ring/ring-version.js';
import { readCheckedFile, writeCheckedFileLater } from '../topology/checked-file.js';
import type { Given } from './fill-plan.js';

interface Notes extends RingVersion {
  readonly given: readonly Given[];
}

const TITLE = 'transfer';
const whole = integer(0, Number.MAX_SAFE_INTEGER);
const slot = integer(0, SLOT_COUNT - 1);
const checkNotes = object<Notes>({
  generation: whole,
  epoch: whole,
  given: list(object<Given>({ start: slot, end: slot, source: checkMemberId, position: whole })),
});

export class FillNotes {
  private readonly disk: Disk;
  private readonly path: string;
  /** What was asked for is written, one after the other. */
  private written: Promise<void> = Promise.resolve();

  constructor(disk: Disk, directory: string) {
    this.disk = disk;
    this.path = join(directory, 'cluster', 'transfer');
  }

  /** What was noted for a ring; nothing if it cannot be read. */
  read(version: RingVersion): readonly Given[] {
    try {
      const line = readCheckedFile(this.disk, this.path, TITLE, 'it is made anew');
      const notes = line === undefined ? undefined : checkNotes(JSON.parse(line), TITLE);
      return notes !== undefined && compareRingVersions(notes, version) === 0 ? notes.given : [];
    } catch (error) {
      const isExpected = [CorruptionError, DiskError, ShapeError, SyntaxError].some((kind) => error instanceof kind);
      if (!isExpected) throw error;
      return [];
    }
  }

  /** Resolves when they are durable; or are not: a disk that fails costs nothing but the next start. */
  write({ generation, epoch }: RingVersion, given: readonly Given[]): Promise<void> {
    const line = JSON.stringify({ generation, epoch, given });
    this.written = this.written.then(async () => {
      try {
        await writeCheckedFileLater(this.disk, this.path, TITLE, line);
      } catch (error) {
        if (!(error instanceof DiskError)) throw error;
      }
    });
    return this.written;
  }
}
