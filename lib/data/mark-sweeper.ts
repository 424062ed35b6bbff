import { POSITION_LIMIT } from '../base/position.js';
import type { Keyspace } from './keyspace.js';
import type { Rounds } from './paced-rounds.js';
import { dropMarks, mayHaveMarks } from './settled-marks.js';

/** Records, and cells of a large one, that are looked at at a time. */
const STEP_RECORDS = 64;
const STEP_CELLS = 256;

/**
 * Drops marks of collections (record/marks.ts) from memory, once they are settled among all who have the data (Keyspace.deadUpTo), and on disk. Goes through the database of a ring in rounds, a
 * slice at a time, each time that more is settled.
 */
export class MarkSweeper implements Rounds {
  private readonly keyspace: Keyspace;
  /** How often more had been settled when the last round began, and up to where all of it was on disk. */
  private riseCount = 0;
  private cleanUpTo = -1;
  private position = POSITION_LIMIT;
  /** Of collections before that position, those yet to be looked through; and how far the last one is. */
  private readonly keys: Buffer[] = [];
  private cursor = 0;

  constructor(keyspace: Keyspace) {
    this.keyspace = keyspace;
  }

  get isAtEnd(): boolean {
    return this.position >= POSITION_LIMIT && this.keys.length === 0;
  }

  /** Begins a round, if something may have become droppable since the last one. */
  begin(): boolean {
    const { deadUpTo, cold } = this.keyspace;
    if (deadUpTo === undefined || deadUpTo.highest === 0) return false;
    const cleanUpTo = Math.min(cold.cleanUpTo, deadUpTo.highest);
    if (deadUpTo.riseCount === this.riseCount && cleanUpTo <= this.cleanUpTo) return false;
    this.riseCount = deadUpTo.riseCount;
    this.cleanUpTo = cleanUpTo;
    this.position = 0;
    return true;
  }

  step(): void {
    const { keyspace } = this;
    const db = keyspace.database(0);
    const key = this.keys.at(-1);
    if (key === undefined) {
      this.position = db.table.walk(this.position, STEP_RECORDS, (ref) => {
        if (mayHaveMarks(keyspace, ref)) this.keys.push(keyspace.heap.key(ref));
      });
      return;
    }
    this.cursor = dropMarks(keyspace, db, key, this.cursor, STEP_CELLS);
    if (this.cursor === 0) this.keys.pop();
  }
}
