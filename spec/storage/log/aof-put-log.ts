/**
 * A small database over the append-only file, and its plain model. Put number i appends a payload that says i. What closed
 * segments hold is moved to a "table": a file that says up to which put. So what comes back must be the puts behind the
 * table's last one, each once and in order.
 */

import { expect } from 'chai';

import { DiskError } from '../../../lib/base/errors.js';
import type { AppendOnlyFile, ClosedSegment, FlushedLog } from '../../../lib/storage/log/append-only-file.js';
import { DiskFullError } from '../../../lib/storage/log/disk-full-error.js';
import { SegmentReader } from '../../../lib/storage/log/segment-reader.js';
import type { MemoryDisk } from '../../sim/memory-disk.js';
import { openLog, segment as pathOf } from './aof-harness.js';

const TABLE = '/data/table';
const DRAFT = '/data/table.tmp';

/** What is durable besides the log. */
interface Table {
  /** The puts up to this one are in it. */
  readonly count: number;
  readonly flushed: FlushedLog | undefined;
}

/** What came back: so many puts, and each once. */
export interface Recovered {
  readonly count: number;
}

export class PutLog {
  log!: AppendOnlyFile;
  /** Puts so far: those that were begun. */
  count = 0;
  /** Of them, those that were reported durable. */
  durableCount = 0;
  /** How often there was no room. */
  fullCount = 0;

  private disk!: MemoryDisk;
  /** The position of the log behind each put. */
  private positions: { position: number; count: number }[] = [];
  /** A table may or may not be in place: nothing more can be flushed. */
  private isTableUnknown = false;

  /** Opens the log, checks what comes back, and goes on from there. */
  open(disk: MemoryDisk, segmentBytesMax: number): void {
    this.positions = [];
    const { log, count } = recover(disk, segmentBytesMax, (position) => this.noteSynced(position));
    this.disk = disk;
    this.log = log;
    this.check({ count }, 'after a restart');
    this.count = count;
    this.durableCount = count;
    this.isTableUnknown = false;
  }

  /** Appends puts, of sizes from 30 to 700 bytes; once more if there was no room. */
  put(times: number): void {
    for (let time = 0; time < times; time++) this.onceMore(() => this.putOne());
  }

  rotate(): void {
    this.onceMore(() => this.log.rotate());
  }

  /** Moves the oldest closed segment to the table. */
  async flush(): Promise<void> {
    const { disk, log } = this;
    const segment = log.closedSegments.at(0);
    if (segment === undefined || this.isTableUnknown) return;
    await log.whenDurable(segment.number);
    const count = readPuts(disk, segment);
    expect(count, 'in a table').to.be.at.most(this.durableCount);
    this.writeTable(disk, { count, flushed: { number: segment.number, nextFileId: segment.nextFileId } });
    await log.release(segment.number);
    // An instance that was closed meanwhile leaves it to the next start.
    if (log === this.log) expect(log.closedSegments.at(0)?.number ?? log.segmentNumber).to.equal(segment.number + 1);
  }

  /** What came back is the state of one moment, and not of one before the last report. */
  check(recovered: Recovered, when: string): void {
    expect(recovered.count, when).to.be.within(this.durableCount, this.count);
  }

  private putOne(): void {
    const number = ++this.count;
    try {
      this.log.append(Buffer.from(`${number} `.padEnd(30 + ((number * 263) % 671), 'x'), 'latin1'));
    } catch (error) {
      if (error instanceof DiskFullError) this.count--;
      throw error;
    }
    this.positions.push({ position: this.log.position, count: number });
  }

  private onceMore(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (!isFull(error)) throw error;
      this.fullCount++;
      run();
    }
  }

  private writeTable(disk: MemoryDisk, table: Table): void {
    this.onceMore(() => writeDraft(disk, table));
    this.isTableUnknown = true;
    disk.rename(DRAFT, TABLE);
    disk.syncDirectory('/data');
    this.isTableUnknown = false;
  }

  private noteSynced(position: number): void {
    for (const put of this.positions) if (put.position <= position) this.durableCount = put.count;
  }
}

/** Opens the log of a disk and closes it again. */
export function recoverPuts(disk: MemoryDisk, segmentBytesMax: number): Recovered {
  const { log, count } = recover(disk, segmentBytesMax);
  log.close();
  return { count };
}

function recover(disk: MemoryDisk, segmentBytesMax: number, onSynced?: (position: number) => void) {
  if (disk.exists(DRAFT)) disk.remove(DRAFT);
  const table = readTable(disk);
  const { log, payloads } = openLog(disk, {
    segmentBytesMax,
    flushed: table.flushed,
    ...(onSynced && { onSynced }),
  });
  const numbers = payloads.map((payload) => parseInt(payload, 10));
  expect(numbers, 'each put behind the table, in order').to.deep.equal(numbers.map((_, i) => table.count + 1 + i));
  const last = table.flushed?.number ?? 0;
  const live = [...log.closedSegments.map(({ number }) => number), log.segmentNumber];
  expect(disk.list('/data/aof')).to.deep.equal(live.map((number) => pathOf(number).slice('/data/aof/'.length)));
  expect(live[0], 'the first live segment').to.equal(last + 1);
  return { log, count: table.count + numbers.length };
}

/** The number of the last put of a closed segment. */
function readPuts(disk: MemoryDisk, segment: ClosedSegment): number {
  const table = readTable(disk);
  const reader = SegmentReader.open(disk, pathOf(segment.number), segment);
  let { count } = table;
  while (reader.next()) expect(parseInt(reader.payload.toString('latin1'), 10)).to.equal(++count);
  reader.close();
  return count;
}

function readTable(disk: MemoryDisk): Table {
  if (!disk.exists(TABLE)) return { count: 0, flushed: undefined };
  return JSON.parse(disk.contentOf(TABLE).toString()) as Table;
}

function writeDraft(disk: MemoryDisk, table: Table): void {
  if (disk.exists(DRAFT)) disk.remove(DRAFT);
  const bytes = Buffer.from(JSON.stringify(table));
  const file = disk.create(DRAFT);
  file.append(bytes, 0, bytes.length);
  file.syncNow();
  file.close();
}

function isFull(error: unknown): boolean {
  return error instanceof DiskFullError || (error instanceof DiskError && error.code !== 'EIO');
}
