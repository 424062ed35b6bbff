import { assert } from '../../base/assert.js';
import { PositionHasher, SLOT_COUNT, SLOT_SPAN } from '../../base/position.js';
import type { Disk } from '../../host/ports.js';
import { DigestSink } from '../../record/digest-sink.js';
import { KeyMerge } from '../../record/key-merge.js';
import { LeafSums } from '../../record/leaf-sums.js';
import type { Pair } from '../../record/pair.js';
import { ORIGIN_MAX, PAIR_ZERO } from '../../record/pair.js';
import { SlotStamps } from '../../record/slot-stamps.js';
import type { DigestJob, DigestResult } from './job.js';
import { compareKeys } from './merge-runs.js';
import type { Pace } from './pace.js';
import { RunReader } from './run-reader.js';
import { RunSource, skipKey } from './run-source.js';

/** What is told of keys that have expired takes about this at most. */
const EXPIRED_BYTES_MAX = 16 * 1024 * 1024;

/** Sums up the digests of what tables hold, each read once. Throws DiskError, CorruptionError and JobAbortedError. */
export function runDigest(disk: Disk, job: DigestJob, pace: Pace): DigestResult {
  const inputs = job.runs.map((run) => run.filter(({ maxStamp }) => maxStamp > job.floor));
  const runs = inputs.map((run) => new DigestRun(new RunReader(disk, job, run, pace)));
  const pass = new DigestPass(runs, job);
  try {
    for (const { reader } of runs) reader.next();
    pass.run();
    const readBytes = inputs.flat().reduce((sum, { fileBytes }) => sum + fileBytes, 0);
    const { sums, oldestDead, expired, keyCount } = pass;
    return { words: sums.words, oldestDead, expired, readBytes, keyCount };
  } finally {
    for (const { reader } of runs) reader.close();
  }
}

class DigestRun {
  readonly reader: RunReader;
  readonly source: RunSource;

  constructor(reader: RunReader) {
    this.reader = reader;
    this.source = new RunSource(reader);
  }
}

/** Goes through all keys of some runs. */
class DigestPass {
  readonly sums = new LeafSums();
  readonly oldestDead = new Float64Array(SLOT_COUNT);
  readonly expired: string[] = [];
  keyCount = 0;
  private expiredBytes = 0;
  private readonly nowMs: number;
  private readonly runs: readonly DigestRun[];
  /** What changes must be above to count; above -1 is everything. */
  private readonly floor: number;
  private readonly known: Pair;
  private readonly dead: SlotStamps;
  private readonly sink: DigestSink;
  private readonly merge = new KeyMerge();
  /** Those that stand on the lowest key. */
  private readonly same: DigestRun[] = [];
  private readonly sources: RunSource[] = [];

  constructor(runs: readonly DigestRun[], { floor, positionKey, deadUpTo, nowMs }: DigestJob) {
    this.runs = runs;
    this.nowMs = nowMs;
    this.floor = floor === 0 ? -1 : floor;
    this.known = floor === 0 ? PAIR_ZERO : { stamp: floor, origin: ORIGIN_MAX };
    this.dead = SlotStamps.ofRuns(deadUpTo);
    this.sink = new DigestSink(new PositionHasher(positionKey).forFields(), this.known);
  }

  run(): void {
    for (let position = this.findLowest(); position !== Infinity; position = this.findLowest()) this.add(position);
  }

  /** Looks for the lowest key, and returns its position; Infinity at the end. */
  private findLowest(): number {
    const { runs, same } = this;
    let lowest = Infinity;
    same.length = 0;
    for (const run of runs) {
      const { position } = run.reader;
      if (position > lowest || position === Infinity) continue;
      const order = position < lowest ? -1 : compareKeys(run.reader, same[0].reader);
      if (order < 0) same.length = 0;
      if (order <= 0) same.push(run);
      lowest = position;
    }
    return lowest;
  }

  private add(position: number): void {
    const { same, sources, sink, merge } = this;
    sources.length = 0;
    for (const { source } of same) {
      source.begin(this.floor);
      sources.push(source);
    }
    sink.deadUpTo = this.dead.at(position);
    merge.begin(sources, sink, this.known);
    const waiting = merge.run();
    assert(waiting === undefined, 'a run reads on by itself');
    sink.end();
    if (!sink.isNothing) {
      this.sums.add(position, sink.digest.high, sink.digest.low);
      this.keyCount++;
      if (sink.expiresAtMs <= this.nowMs && this.expiredBytes < EXPIRED_BYTES_MAX) this.noteExpired(same[0].reader);
      if (sink.oldestMark < Infinity) this.noteDead(Math.floor(position / SLOT_SPAN), sink.oldestMark);
    }
    for (const { reader } of same) skipKey(reader);
  }

  private noteExpired({ block, index }: RunReader): void {
    const { start, end } = block.keyOf(index);
    this.expired.push(block.bytes.toString('latin1', start, end));
    this.expiredBytes += end - start;
  }

  private noteDead(slot: number, stamp: number): void {
    const { oldestDead } = this;
    if (oldestDead[slot] === 0 || stamp < oldestDead[slot]) oldestDead[slot] = stamp;
  }
}
