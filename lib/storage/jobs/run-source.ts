import { CorruptionError } from '../../base/errors.js';
import { KeySource } from '../../record/key-source.js';
import { RecordFlags } from '../sstable/record-flags.js';
import type { RunReader } from './run-reader.js';

/** The key that a run stands on: reading it takes the run to the last of its parts. */
export class RunSource extends KeySource {
  private readonly run: RunReader;

  constructor(run: RunReader) {
    super();
    this.run = run;
  }

  /** Begins with the key that the run has come to. Throws CorruptionError. */
  begin(floor: number): void {
    this.forget(floor);
    this.open();
    this.next();
  }

  protected override openNext(): boolean {
    nextPart(this.run);
    this.open();
    return true;
  }

  private open(): void {
    const { block, index, origin } = this.run;
    this.openPart(block.bytes, block.recordStart(index), block.recordEnd(index), origin, block.path, hasMore(this.run));
  }
}

/** Whether another part of the key follows the record that the run stands on. */
export function hasMore({ block, index }: RunReader): boolean {
  return (block.flags(index) & RecordFlags.MORE) !== 0;
}

/** Moves to the next part of the key. REQUIRES: there is one. Throws CorruptionError. */
export function nextPart(run: RunReader): void {
  const { position } = run;
  const { path, offset } = run.block;
  run.next();
  if (run.position !== position) throw new CorruptionError(path, offset, 'a part of a key is missing');
}

/** Moves behind the key of the record that the run stands on. Throws CorruptionError. */
export function skipKey(run: RunReader): void {
  while (hasMore(run)) nextPart(run);
  run.next();
}
