import type { BatchReader } from '../../record/batch-reader.js';
import type { Cell, Entry, Expiry } from '../../record/entry.js';
import { EMPTY_ENTRY, cellKey } from '../../record/entry.js';
import { readCell } from '../../record/entry-of-record.js';
import type { CellSink } from '../../record/key-merge.js';
import { KeyMerge } from '../../record/key-merge.js';
import type { Pair } from '../../record/pair.js';
import { ORIGIN_MAX } from '../../record/pair.js';
import { ColdWalk } from './cold-walk.js';
import { CursorSource } from './cursor-source.js';

/** Takes a key, or a part of one: whoever merges all of them has what is known of it. What it returns is waited for. */
export type TakeEntry = (key: Buffer, entry: Entry, position: number) => Promise<void> | undefined;

/** What has come of a large key since it was emptied last. */
class PartSink implements CellSink {
  private part: Entry = EMPTY_ENTRY;
  private cells = new Map<string, Cell>();

  begin(deletedUpTo: Pair, expiry: Expiry): void {
    this.part = { ...EMPTY_ENTRY, deletedUpTo, expiry };
  }

  cell(reader: BatchReader): void {
    const cell = readCell(reader);
    this.cells.set(cellKey(cell.type, cell.field), cell);
  }

  take(): Entry {
    const part = { ...this.part, cells: this.cells };
    this.part = EMPTY_ENTRY;
    this.cells = new Map();
    return part;
  }
}

/**
 * Meets everything that one version of a database says of its keys, deletes too, in the order of their positions. Keys that are too long for one record come in parts of a few
 * blocks, so that nobody ever has such a key as a whole.
 */
export class EntryWalk extends ColdWalk {
  /** Gives all before the position `until` to `take`. Rejects with CorruptionError, DiskError and DamagedDataError, and with what `take` rejects with. */
  async giveAll(until: number, take: TakeEntry): Promise<void> {
    await this.open();
    for (let position = this.nextPosition(); position < until; position = this.nextPosition()) {
      for (let key = this.lowestKeyAt(position); key !== undefined; key = this.lowestKeyAt(position)) {
        const taken = this.same.some(({ hasMore }) => hasMore)
          ? this.giveParts(key, position, take)
          : take(key, this.mergeRecords(), position);
        if (taken !== undefined) await taken;
        await this.passKey();
      }
      this.position = position + 1;
    }
    this.position = until;
  }

  private async giveParts(key: Buffer, position: number, take: TakeEntry): Promise<void> {
    const { floor } = this.options;
    const sink = new PartSink();
    const merge = new KeyMerge<CursorSource>();
    const sources = this.same.map((cursor) => new CursorSource(cursor));
    merge.begin(sources, sink, { stamp: floor, origin: floor === 0 ? 0 : ORIGIN_MAX });
    for (let waiting = merge.run(); waiting !== undefined; waiting = merge.run()) {
      await take(key, sink.take(), position);
      await waiting.fill();
    }
    await take(key, sink.take(), position);
  }
}
