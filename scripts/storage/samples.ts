/** What is noted every second of a soak, and what it comes to. */
import type { ServerInfo } from '../tools/server-info.js';

/** One second. */
export interface Sample {
  /** Writes that were acknowledged in it. */
  readonly writes: number;
  /** Milliseconds that turns held writers back, added up; more than a second when there are several. */
  readonly delayMs: number;
  readonly level0Tables: number;
  readonly levels: number;
  /** Bytes appended to the log, and written to log and tables, since the start. */
  readonly appendedBytes: number;
  readonly writtenBytes: number;
}

/** What is read of `INFO storage`. */
export type StoreState = Omit<Sample, 'writes' | 'delayMs'> & { readonly delayedMs: number };

export interface Summary {
  readonly seconds: number;
  readonly secondsWithoutWrites: number;
  readonly writesMin: number;
  readonly writesMedian: number;
  readonly writesMax: number;
  readonly writeAmplification: number;
  /** Seconds in which writers were held back for most of the time. */
  readonly stalledSeconds: number;
  readonly delayMs: number;
}

/** So much of a second held back is a stall. */
const STALL_MS = 500;

/** Reads the section. Throws if a field is missing. */
export function storeState(info: ServerInfo): StoreState {
  const tablesIn = info.matching(/^db\d+_level(\d+)$/).map(([[, level = ''], text]) => ({
    level: Number(level),
    tables: Number(/tables=(\d+)/.exec(text)?.[1] ?? 0),
  }));
  const appendedBytes = info.number('log_appended_bytes');
  return {
    level0Tables: tablesIn.filter(({ level }) => level === 0).reduce((sum, { tables }) => sum + tables, 0),
    levels: tablesIn.filter(({ tables }) => tables > 0).length,
    delayedMs: info.number('write_delay_ms'),
    appendedBytes,
    writtenBytes: appendedBytes + info.number('flush_written_bytes') + info.number('compaction_written_bytes'),
  };
}

/** Throws if there are fewer than two samples. */
export function summarize(samples: readonly Sample[]): Summary {
  const first = samples[0];
  const last = samples.at(-1);
  if (samples.length < 2 || last === undefined) throw new Error('a soak takes two seconds at least');
  const writes = samples.map((sample) => sample.writes).sort((a, b) => a - b);
  return {
    seconds: samples.length,
    secondsWithoutWrites: writes.filter((count) => count === 0).length,
    writesMin: writes[0],
    writesMedian: writes[writes.length >>> 1],
    writesMax: writes[writes.length - 1],
    writeAmplification:
      (last.writtenBytes - first.writtenBytes) / Math.max(1, last.appendedBytes - first.appendedBytes),
    stalledSeconds: samples.filter(({ delayMs }) => delayMs > STALL_MS).length,
    delayMs: samples.reduce((sum, { delayMs }) => sum + delayMs, 0),
  };
}
