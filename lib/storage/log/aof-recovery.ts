/**
 * What is done at the start with the files that are in the directory, when all of them have been read and found good
 * (aof-survey.ts).
 *
 * 1. A crash's tail is cut, and the segments after it are removed. So is what is in tables and was left behind. But the segment that
 *    follows what is in tables stays: if its header was not written, that is done in its place (append-only-file.ts), so that whoever
 *    finds no file there knows that it was lost.
 * 2. A crash in the middle of this leaves a directory from which this ends in the same state: segments are removed from the
 *    last to the first, each for good before the next, and the tail is cut after them.
 * 3. All that was replayed is durable in the end. A process that was killed leaves data that is only in the page cache; one
 *    whose sync failed leaves data that the system wrongly takes for written. So what no frame says to be durable is written
 *    again in its place, and synced.
 */

import { DiskError } from '../../base/errors.js';
import type { DiskFile } from '../../host/ports.js';
import { segmentPath } from './aof-directory.js';
import type { FileHeader } from './aof-frame.js';
import type { CrashTail, SurveyOptions, SurveyedSegment } from './aof-survey.js';
import { surveyLog } from './aof-survey.js';

export interface RecoveryOptions extends SurveyOptions {
  readonly report: (message: string) => void;
}

export interface RecoveredLog {
  /** The segments before the last, all durable, oldest first. */
  readonly closed: readonly SurveyedSegment[];
  /** The last segment, open and durable; undefined if there is none. */
  readonly last: RecoveredSegment | undefined;
}

export interface RecoveredSegment {
  readonly file: DiskFile;
  readonly header: FileHeader;
  readonly hasPayloads: boolean;
}

/** Reads the log and puts it in order. Throws CorruptionError and DiskError. */
export function recoverLog(options: RecoveryOptions): RecoveredLog {
  const { disk, directory, report } = options;
  const { segments, tail, leftovers, foreign } = surveyLog(options);
  for (const name of foreign) report(`${directory}/${name} is not a file of the log: left alone`);
  if (tail !== undefined) cut(tail, options);
  for (const number of leftovers) removeLeftover(segmentPath(directory, number), options);
  disk.syncDirectory(directory);
  makeDurable(segments, options);
  const last = segments.at(-1);
  return {
    closed: segments.slice(0, -1),
    last: last && {
      file: disk.open(segmentPath(directory, last.header.number)),
      header: last.header,
      hasPayloads: last.payloadCount > 0,
    },
  };
}

function cut({ number, offset, lostBytes, later }: CrashTail, options: RecoveryOptions): void {
  const { disk, directory, flushed, report } = options;
  const path = segmentPath(directory, number);
  for (const other of later.toReversed()) {
    remove(segmentPath(directory, other), `a crash lost the end of ${path}, and this was written after it`, options);
    disk.syncDirectory(directory);
  }
  if (offset === 0 && number === (flushed?.number ?? 0) + 1) {
    report(`${path}: begun anew: a crash came before its header was written`);
  } else if (offset === 0) {
    remove(path, 'a crash came before its header was written', options);
  } else if (lostBytes > 0) {
    withFile(path, options, (file) => file.truncate(offset));
    report(`${path}: cut at offset ${offset}: ${lostBytes} bytes that a crash left incomplete are dropped`);
  }
}

function makeDurable(segments: readonly SurveyedSegment[], options: RecoveryOptions): void {
  const first = segments.findLastIndex((segment) => segment.provesEarlier);
  for (const { header, provenBytes } of segments.slice(Math.max(first, 0))) {
    withFile(segmentPath(options.directory, header.number), options, (file) => {
      file.writeAgain(provenBytes);
      file.syncNow();
    });
  }
}

function withFile(path: string, { disk }: RecoveryOptions, run: (file: DiskFile) => void): void {
  const file = disk.open(path);
  try {
    run(file);
  } finally {
    file.close();
  }
}

function remove(path: string, why: string, { disk, report }: RecoveryOptions): void {
  const sizeBytes = disk.sizeOf(path);
  disk.remove(path);
  report(`${path}: removed, ${sizeBytes} bytes: ${why}`);
}

/** One that stays does no harm: the next start tries again. */
function removeLeftover(path: string, options: RecoveryOptions): void {
  try {
    remove(path, 'what it holds is in tables', options);
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    options.report(`${path}: removing it failed: ${error.message}`);
  }
}
