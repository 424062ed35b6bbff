/** What `INFO storage` says of reads from disk: counts since the start of the server. */
import type { RespClient } from '../../tools/resp-client.js';
import { ServerInfo } from '../../tools/server-info.js';

export interface StorageFigures {
  /** Keys that were looked for on disk. */
  readonly lookups: number;
  /** Data blocks that were read for them. */
  readonly blockReads: number;
  /** The same, and filters and indexes of tables that were read. */
  readonly diskReads: number;
  /** Bytes of those blocks. */
  readonly blockReadBytes: number;
  readonly appendedBytes: number;
  readonly flushes: number;
  /** Bytes of tables that flushes wrote. */
  readonly flushWrittenBytes: number;
  readonly compactions: number;
  /** Whether nothing is left to flush or to compact, but for what is in the last segment of the log. */
  readonly isAtRest: boolean;
  /** Bytes that were written to log and tables for each that was appended. */
  readonly writeAmplification: number;
}

export async function infoOf(client: RespClient, section: string): Promise<ServerInfo> {
  return new ServerInfo(String(await client.call('INFO', section)));
}

/** Reads the section. Rejects if a field is missing. */
export async function storageFigures(client: RespClient): Promise<StorageFigures> {
  const info = await infoOf(client, 'storage');
  return {
    lookups: info.number('cold_reads'),
    blockReads: info.number('block_reads'),
    diskReads: info.number('block_reads') + info.number('index_loads'),
    blockReadBytes: info.number('block_read_bytes'),
    appendedBytes: info.number('log_appended_bytes'),
    flushes: info.number('flushes'),
    flushWrittenBytes: info.number('flush_written_bytes'),
    compactions: info.number('compactions'),
    isAtRest: info.number('flush_running') + info.number('compaction_running') === 0,
    writeAmplification: info.number('write_amplification'),
  };
}
