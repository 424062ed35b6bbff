/**
 * Opening the log: what it has, and tables do not, is given to the target, oldest first; and what was true at the end of each segment is kept, for when that is moved to tables.
 *
 *  1. Without a log, segments that are there are what was left of beginning one: they are removed, and nothing of them counts.
 *  2. Where other nodes have the data, too, what a segment has of slots that were given up since is passed over.
 */

import { slotOf } from '../../base/position.js';
import type { Disk } from '../../host/ports.js';
import { ChangeKind } from '../../record/batch-format.js';
import { BatchReader } from '../../record/batch-reader.js';
import type { DatabaseFacts } from '../levels/version-edit.js';
import type { Version } from '../levels/version.js';
import { aofDirectory, parseListing, segmentNumberOf, segmentPath } from '../log/aof-directory.js';
import { SEGMENT_BYTES_MAX } from '../log/aof-frame.js';
import { AppendOnlyFile } from '../log/append-only-file.js';
import type { SegmentFacts } from './flusher.js';
import type { HeldSlots } from './held-slots.js';
import type { StoreOptions, StoreTarget } from './store-options.js';

/** What is known of a segment of the log that was replayed. */
export interface ReplayedFacts extends SegmentFacts {
  readonly stamp: number;
  /** Of all stamps in it: it may hold what came late. */
  readonly lowestStamp: number;
}

export interface ReplayedLog {
  readonly log: AppendOnlyFile;
  /** What was true at the end of a segment; undefined if there was nothing in it. */
  readonly factsOf: (segment: number) => ReplayedFacts | undefined;
}

export interface LogReplayOptions extends Pick<
  StoreOptions,
  'disk' | 'random' | 'directory' | 'isReplicated' | 'report' | 'onSynced' | 'onFailed'
> {
  /** What the tables have. */
  readonly version: Version;
  readonly slots: HeldSlots;
  readonly target: StoreTarget;
  /** The facts of databases as they are now. */
  readonly databaseFacts: () => DatabaseFacts[];
}

/** Opens the log, or makes it. Throws CorruptionError and DiskError. */
export function replayLog(options: LogReplayOptions): ReplayedLog {
  const { disk, random, directory, report, onSynced, onFailed, version, target, slots } = options;
  if (version.logging === false) removeLeftovers(disk, directory, version);
  const facts = new Map<string, ReplayedFacts>();
  const reader = new BatchReader();
  let source = '';
  let segment = 0;
  // Not the clock's: that is further if it is not the first time that it opens this log.
  let stamp = 0;
  let lowestStamp = Infinity;
  const noteFacts = (): void => {
    if (source !== '') facts.set(source, { stamp, lowestStamp, databases: options.databaseFacts() });
    lowestStamp = Infinity;
  };
  const log = AppendOnlyFile.open({
    disk,
    random,
    directory,
    // Segments are closed by StoreLog, which knows what is in memory then.
    segmentBytesMax: SEGMENT_BYTES_MAX,
    flushed: version.flushed,
    mustExist: version.logging === true,
    replay: (payload, from) => {
      if (from !== source) noteFacts();
      if (from !== source) segment = segmentNumberOf(from);
      source = from;
      reader.open(payload, 0, payload.length, from);
      while (reader.next()) {
        stamp = Math.max(stamp, reader.stamp);
        lowestStamp = Math.min(lowestStamp, reader.stamp);
        if (!options.isReplicated || countsAt(segment, reader, slots)) target.apply(reader);
      }
    },
    report,
    onSynced,
    onFailed,
  });
  noteFacts();
  return { log, factsOf: (number) => facts.get(segmentPath(aofDirectory(directory), number)) };
}

function removeLeftovers(disk: Disk, directory: string, version: Version): void {
  const folder = aofDirectory(directory);
  const live = parseListing(disk.list(folder)).segments.filter((number) => number > (version.flushed?.number ?? 0));
  for (const number of live.reverse()) disk.remove(segmentPath(folder, number));
  if (live.length > 0) disk.syncDirectory(folder);
}

/** Whether a change in a segment of the log is one of a slot that was not given up since. Then there may be something of that slot. */
function countsAt(segment: number, { kind, bytes, keyStart, keyEnd }: BatchReader, slots: HeldSlots): boolean {
  if (kind === ChangeKind.FLUSH || kind === ChangeKind.DATABASES) return true;
  const slot = slotOf(bytes, keyStart, keyEnd);
  if (segment <= slots.floors.segmentUpTo(slot)) return false;
  slots.hold(slot);
  return true;
}
