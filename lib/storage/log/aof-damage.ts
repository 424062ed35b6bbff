/**
 * A file of the log stops being whole at some offset. Is that the trace of a crash, or has data been damaged that was once
 * safe? A crash loses only what was not synced, and that was not acknowledged as durable: it may be cut. Damage to synced
 * data must not be: the node then refuses to start.
 *
 *   a segment   [header][frame][frame]....(damage)....[frame][frame]     later segments
 *                                     ^ offset        ^ next
 *
 * It is corruption when
 * 1. a whole frame behind the damage says that the file was durable beyond `offset` when it was written; or
 * 2. a whole frame of a later segment says that all earlier segments were durable; or
 * 3. a whole frame follows in the same file, and no sector between `offset` and it is lost.
 *
 * The last rule is about frames that were not yet synced. File systems may write later pages of a file first; what a power
 * failure then leaves where the earlier ones belong is zeros, in whole sectors or to the end of one. That is a crash's
 * trace although whole frames follow. A flipped bit, or a block from elsewhere, is not.
 */

import { CorruptionError } from '../../base/errors.js';
import type { ReadableFile } from '../../host/ports.js';
import { ADVICE } from './aof-frame.js';
import { readAll } from './aof-reader.js';
import { FrameScanner } from './aof-scanner.js';

/** Disks write sectors of this size (or of a multiple) whole or not at all. */
const SECTOR_BYTES = 512;

/** An open segment and what its frames' checksums begin with. */
export interface ScannableFile {
  readonly file: ReadableFile;
  readonly seed: number;
}

/** Throws CorruptionError if the damage at `offset` of a segment is not a crash's. `later`: the segments after it. */
export function refuseCorruption(damaged: ScannableFile, offset: number, later: readonly ScannableFile[]): void {
  const { file } = damaged;
  const frames = new FrameScanner(file, damaged.seed, offset);
  let isFirst = true;
  while (frames.next()) {
    const { start } = frames;
    if (frames.header.synced > offset) {
      throw corruption(file.path, offset, `the frame at offset ${start} was written when this was durable`);
    }
    if (isFirst && !hasLostSector(file, offset, start)) {
      throw corruption(file.path, offset, `a whole frame follows at offset ${start}`);
    }
    isFirst = false;
  }
  for (const segment of later) {
    if (saysEarlierDurable(segment)) {
      throw corruption(file.path, offset, `${segment.file.path} was written when all of this file was durable`);
    }
  }
}

export function corruption(path: string, offset: number, why: string): CorruptionError {
  const giveUp = `To go on without what was written after it, cut this file to ${offset} bytes and remove the later segments.`;
  return new CorruptionError(
    path,
    offset,
    `the data is damaged here, and no crash does that: ${why}. ${ADVICE} ${giveUp}`,
  );
}

function saysEarlierDurable({ file, seed }: ScannableFile): boolean {
  const frames = new FrameScanner(file, seed, 0);
  while (frames.next()) if (frames.header.provesEarlier) return true;
  return false;
}

/**
 * Is there a sector that begins before `to` and holds only zeros, from `from` on? (Not: that ends before it. The first bytes
 * of the frame at `to` may be zeros themselves.)
 */
function hasLostSector(file: ReadableFile, from: number, to: number): boolean {
  const bytes = Buffer.alloc(SECTOR_BYTES);
  let start = from;
  let end = from - (from % SECTOR_BYTES) + SECTOR_BYTES;
  while (start < to && end <= file.sizeBytes) {
    const part = bytes.subarray(0, end - start);
    readAll(file, part, start);
    if (part.every((byte) => byte === 0)) return true;
    start = end;
    end += SECTOR_BYTES;
  }
  return false;
}
