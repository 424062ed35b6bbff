/** What the specs of the append-only file share: opening one on a disk, and payloads to put into it. */

import type { Disk } from '../../../lib/host/ports.js';
import { FRAME_HEADER_BYTES } from '../../../lib/storage/log/aof-frame.js';
import type { AppendOnlyFileOptions } from '../../../lib/storage/log/append-only-file.js';
import { AppendOnlyFile } from '../../../lib/storage/log/append-only-file.js';
import { SeededRandom } from '../../sim/seeded-random.js';

export const SEGMENT_BYTES = 2 ** 20;

/** An open log and what it has said. */
export interface OpenedLog {
  readonly log: AppendOnlyFile;
  /** What was replayed. */
  readonly payloads: string[];
  readonly sources: string[];
  readonly reports: string[];
  readonly synced: number[];
  readonly failures: Error[];
}

let seed = 1;

export type LogOptions = Partial<
  Pick<AppendOnlyFileOptions, 'directory' | 'segmentBytesMax' | 'flushed' | 'mustExist' | 'onSynced' | 'onRotated'>
>;

/** Opens the log of a data directory, which is made if it is not there: /data unless the options say otherwise. */
export function openLog(disk: Disk, options: LogOptions = {}): OpenedLog {
  const directory = options.directory ?? '/data';
  const payloads: string[] = [];
  const sources: string[] = [];
  const reports: string[] = [];
  const synced: number[] = [];
  const failures: Error[] = [];
  disk.makeDirectory(directory);
  if (directory === '/data') disk.syncDirectory('/');
  const log = AppendOnlyFile.open({
    disk,
    random: new SeededRandom(seed++),
    directory,
    segmentBytesMax: SEGMENT_BYTES,
    flushed: undefined,
    mustExist: false,
    ...options,
    replay: (payload, source) => {
      payloads.push(payload.toString('latin1'));
      sources.push(source);
    },
    report: (message) => reports.push(message),
    onSynced: (position) => {
      synced.push(position);
      options.onSynced?.(position);
    },
    onFailed: (error) => failures.push(error),
  });
  return { log, payloads, sources, reports, synced, failures };
}

/** Appends each text as a payload, by turns in both ways. */
export function appendAll(log: AppendOnlyFile, ...texts: string[]): void {
  for (const text of texts) {
    const framed = Buffer.from('?'.repeat(FRAME_HEADER_BYTES) + text, 'latin1');
    if (log.position % 2 === 0) log.appendFramed(framed, 0, framed.length);
    else log.append(framed, FRAME_HEADER_BYTES);
  }
}

/** Every promise that can go on has gone on. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** What `run` throws, which must be of this class. */
export function thrownBy<T extends Error>(type: new (...args: never[]) => T, run: () => unknown): T {
  try {
    run();
  } catch (error) {
    if (error instanceof type) return error;
    throw error;
  }
  throw new Error(`expected ${type.name} to be thrown`);
}

/** Where the segments of the log below /data are. */
export const segment = (number: number): string => `/data/aof/${String(number).padStart(10, '0')}.aof`;
