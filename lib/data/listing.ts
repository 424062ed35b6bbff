import { POSITION_LIMIT } from '../base/position.js';
import type { ColdData, ColdKey, ColdWalk } from './cold-data.js';
import type { Database } from './database.js';

/** Keys listed before others may go on. */
const SLICE_KEYS = 512;
/** The same where one key is enough: most that are met will do. */
const SEARCH_KEYS = 8;

export interface ListingOptions {
  readonly cold: ColdData;
  readonly db: Database;
  /** Where to begin. */
  readonly position: number;
  /** Positions from here on need not be looked at; without it, all are. */
  readonly before?: number;
  readonly wanted: (key: ColdKey) => boolean;
  /** Lets others go on for a while: a walk may be long. */
  readonly rest: () => Promise<void>;
}

/**
 * Keys of a database that the disk holds, listed for a command that looks at many: together with those in memory, they are all. A key that
 * has a complete record in memory is as that says, whatever is listed here. Must be closed after use.
 */
export class Listing {
  readonly keys: ColdKey[] = [];
  /** Settles when the keys are there. Rejects with CorruptionError and DiskError. */
  readonly ready: Promise<void>;
  private readonly options: ListingOptions;
  private readonly resetCount: number;
  private walk: ColdWalk;
  private named: Map<string, ColdKey> | undefined;

  private constructor(options: ListingOptions, fill: (listing: Listing) => Promise<void>) {
    const { cold, db, position } = options;
    this.options = options;
    this.resetCount = db.resetCount;
    this.walk = cold.walk(db.id, position, true);
    this.ready = fill(this);
  }

  /** Meets at least `count` keys, or all that come, and lists those of them that are wanted. */
  static ofNext(count: number, options: ListingOptions): Listing {
    return new Listing(options, (listing) => listing.fill(count));
  }

  /** Lists at least one wanted key, if there is any: the next ones from the position on, or from the beginning if none comes. */
  static ofAny(options: ListingOptions): Listing {
    return new Listing(options, (listing) => listing.search());
  }

  /** Whether it is of this database, and that was not emptied meanwhile. */
  isOf(db: Database): boolean {
    return this.options.db === db && this.resetCount === db.resetCount;
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

  private async fill(count: number): Promise<void> {
    let met = 0;
    for (;;) {
      const here = await this.meet(Math.min(SLICE_KEYS, count - met));
      met += here;
      if (here === 0 || met >= count || this.walk.position >= (this.options.before ?? POSITION_LIMIT)) return;
      await this.options.rest();
    }
  }

  private async search(): Promise<void> {
    const { cold, db, position } = this.options;
    await this.searchOn();
    if (this.keys.length > 0 || position === 0) return;
    this.walk.close();
    this.walk = cold.walk(db.id, 0, true);
    await this.searchOn();
  }

  private async searchOn(): Promise<void> {
    while (this.keys.length === 0 && this.walk.position < POSITION_LIMIT) {
      await this.meet(SEARCH_KEYS);
      await this.options.rest();
    }
  }

  /** Meets some keys and lists the wanted ones, without their values; returns how many it met. */
  private async meet(count: number): Promise<number> {
    const met = await this.walk.next(count);
    for (const each of met) {
      if (!this.options.wanted(each)) continue;
      const { key, position, type, expiresAtMs } = each;
      this.keys.push({ key, position, type, expiresAtMs });
    }
    return met.length;
  }
}
