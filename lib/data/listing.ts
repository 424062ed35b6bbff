import type { ColdData, ColdKey, ColdWalk } from './cold-data.js';
import type { Database } from './database.js';

/** Keys listed before others may go on. */
const SLICE_KEYS = 512;

/**
 * Keys of a database that the disk holds, listed for a command that looks at many: together with those in memory, they are all. A key that
 * has a complete record in memory is as that says, whatever is listed here. Must be closed after use.
 */
export class Listing {
  readonly keys: ColdKey[] = [];
  /** Settles when the keys are there. Rejects with CorruptionError and DiskError. */
  readonly ready: Promise<void>;
  private readonly db: Database;
  private readonly resetCount: number;
  private readonly walk: ColdWalk;
  /** By name; made when it is first asked for. */
  private named: Map<string, ColdKey> | undefined;

  /**
   * Lists at least `count` keys from `position` on that `wanted` says yes to, or all there are. `rest` lets others go on for a while:
   * the walk may be long.
   */
  constructor(
    cold: ColdData,
    db: Database,
    position: number,
    count: number,
    wanted: (key: ColdKey) => boolean,
    rest: () => Promise<void>,
  ) {
    this.db = db;
    this.resetCount = db.resetCount;
    this.walk = cold.walk(db.id, position);
    this.ready = this.fill(count, wanted, rest);
  }

  /** Whether it is of this database, and that was not emptied meanwhile. */
  isOf(db: Database): boolean {
    return this.db === db && this.resetCount === db.resetCount;
  }

  /** Every key before this position that was wanted is listed; POSITION_LIMIT: all are. */
  get end(): number {
    return this.walk.position;
  }

  /** The key, if it is listed. REQUIRES: it is ready. */
  find(key: Buffer): ColdKey | undefined {
    this.named ??= new Map(this.keys.map((each) => [each.key.toString('latin1'), each]));
    return this.named.get(key.toString('latin1'));
  }

  close(): void {
    this.walk.close();
  }

  private async fill(count: number, wanted: (key: ColdKey) => boolean, rest: () => Promise<void>): Promise<void> {
    let met = 0;
    for (;;) {
      const keys = await this.walk.next(Math.min(SLICE_KEYS, count - met));
      met += keys.length;
      for (const key of keys) if (wanted(key)) this.keys.push(key);
      if (keys.length === 0 || met >= count) return;
      await rest();
    }
  }
}
