/** INFO storage: the data on disk, and what it costs to keep it there. Counts are since the data was opened, sizes are bytes. */

import { stampMs } from '../base/stamp.js';
import type { StorageFigures } from '../storage/engine/figures.js';
import type { Call } from './call.js';
import type { InfoField } from './info-sections.js';

/** Longer reasons and errors would make a line that nobody reads; the server's log has all of them. */
const TEXT_MAX = 200;

export function storage(call: Call): InfoField[] {
  const figures = call.server.storage.figures();
  // The data is being read anew.
  if (figures === undefined) return [['storage_open', 0]];
  return [
    ['storage_open', 1],
    ...tables(figures),
    ...log(figures),
    ...work(figures),
    ...reads(figures),
    ...residency(call, figures),
    ...pressure(call),
    ...trouble(figures),
  ];
}

function tables({ tableCount, tableBytes, levels, versionsHeld }: StorageFigures): InfoField[] {
  return [
    ['tables', tableCount],
    ['table_bytes', tableBytes],
    ...levels.map(({ db, level, tables, bytes }): InfoField => [
      `db${db}_level${level}`,
      `tables=${tables},bytes=${bytes}`,
    ]),
    ['versions_held', versionsHeld],
  ];
}

function log({ logSegments, logBytes, appendedBytes }: StorageFigures): InfoField[] {
  return [
    ['log_segments', logSegments],
    ['log_bytes', logBytes],
    ['log_appended_bytes', appendedBytes],
  ];
}

function work(figures: StorageFigures): InfoField[] {
  const { flushes, compactions } = figures;
  return [
    ['flushes', flushes.count],
    ['flush_running', Number(flushes.isRunning)],
    ['flush_read_bytes', flushes.readBytes],
    ['flush_written_bytes', flushes.writtenBytes],
    ['flush_last_ms', (figures.flushUs / 1000).toFixed(1)],
    ['flush_bytes_per_sec', Math.round(figures.flushBytesPerSecond)],
    ['flush_waits', figures.flushWaits],
    ['compactions', compactions.count],
    ['compaction_running', Number(compactions.isRunning)],
    ['compaction_read_bytes', compactions.readBytes],
    ['compaction_written_bytes', compactions.writtenBytes],
    ['compaction_ms', Math.round(figures.compactionUs / 1000)],
    ['compaction_records_dropped', figures.recordsDropped],
    ['write_amplification', figures.writeAmplification.toFixed(2)],
  ];
}

function reads(figures: StorageFigures): InfoField[] {
  const { blockCache, indexes, bloom } = figures;
  return [
    ['cold_reads', figures.coldReads],
    ['cold_reads_found', figures.coldFound],
    ['read_amplification', figures.readAmplification.toFixed(2)],
    ['block_cache_bytes', blockCache.bytes],
    ['block_cache_bytes_max', blockCache.bytesMax],
    ['block_cache_hits', blockCache.hits],
    ['block_reads', blockCache.reads],
    ['block_read_bytes', blockCache.readBytes],
    ['index_bytes', indexes.bytes],
    ['index_bytes_max', indexes.bytesMax],
    ['index_tables', indexes.tables],
    ['index_loads', indexes.loads],
    ['table_files_open', indexes.files],
    ['bloom_probes', bloom.probes],
    ['bloom_negatives', bloom.negatives],
    ['bloom_false_positives', bloom.falsePositives],
    ['bloom_false_positive_rate', bloom.falsePositiveRate.toFixed(6)],
  ];
}

/** What of the data is in memory, and what may leave it. */
function residency({ server, keyspace }: Call, { flushedStamp, cleanStamp }: StorageFigures): InfoField[] {
  const nowMs = server.wallMs();
  const fields: InfoField[] = [
    ['resident_records', keyspace.recordCount],
    ['spilled_records', keyspace.spilledCount],
    ['loaded_keys', server.storage.loadedCount],
    ['loading_keys', server.storage.loadingCount],
    ['flushed_age_ms', ageMs(flushedStamp, nowMs)],
    ['clean_age_ms', ageMs(cleanStamp, nowMs)],
  ];
  for (let number = 0; number < keyspace.databaseCount; number++) {
    const { keyCount, isEstimate } = keyspace.database(number);
    if (keyCount > 0 || isEstimate) fields.push([`db${number}_keys_exact`, isEstimate ? 'no' : 'yes']);
  }
  return fields;
}

/** -1: nothing was ever flushed. */
function ageMs(stamp: number, nowMs: number): number {
  return stamp <= 0 ? -1 : Math.max(0, nowMs - stampMs(stamp));
}

/** How writers are held back, so that memory and disk keep up. */
function pressure({ server: { storage } }: Call): InfoField[] {
  return [
    ['dirty_bytes', storage.dirtyBytes],
    ['dirty_bytes_max', storage.dirtyBytesMax],
    ['write_pressure', storage.writePressure.toFixed(3)],
    ['write_delay_ms', Math.round(storage.writeDelayMs)],
    ['write_delay_turns', storage.writeDelayTurns],
    ['write_stalls', storage.writeStalls],
    ['backup_running', Number(storage.isBackingUp)],
  ];
}

function trouble({ quarantined, flushes, compactions }: StorageFigures): InfoField[] {
  const fields: InfoField[] = [
    ['flush_last_error', line(flushes.error ?? '')],
    ['compaction_last_error', line(compactions.error ?? '')],
    ['quarantined_tables', quarantined.length],
  ];
  quarantined.forEach(({ id, reason }, index) =>
    fields.push([`quarantined${index}`, `table=${id},reason=${line(reason)}`]),
  );
  return fields;
}

function line(text: string): string {
  const flat = text.replaceAll(/[\r\n]+/g, ' ');
  return flat.length <= TEXT_MAX ? flat : `${flat.slice(0, TEXT_MAX)}...`;
}
