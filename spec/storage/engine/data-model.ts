/** What the databases should hold, in plain Maps: the twin of keyspace, log and tables. */

/** A string; `atMs` is when it expires, in Unix milliseconds, 0 is never. */
export interface ModelValue {
  readonly value: string;
  readonly atMs: number;
}

/** What a client could see of one database, by key. */
export type VisibleKeys = ReadonlyMap<string, ModelValue>;

export class DataModel {
  /** By SELECT's number. Those that have expired stay until something else is done with their key. */
  private databases: Map<string, ModelValue>[];

  constructor(databaseCount: number) {
    this.databases = Array.from({ length: databaseCount }, () => new Map<string, ModelValue>());
  }

  get databaseCount(): number {
    return this.databases.length;
  }

  /** How many keys a database has, those included that have expired and that nobody has met since. */
  countOf(db: number): number {
    return this.databases[db].size;
  }

  /** Keys of all databases that have expired and that nobody has met since. */
  expiredCount(nowMs: number): number {
    const hasExpired = ({ atMs }: ModelValue): boolean => atMs !== 0 && atMs <= nowMs;
    return this.databases.reduce((count, keys) => count + [...keys.values()].filter(hasExpired).length, 0);
  }

  get(db: number, key: string, nowMs: number): ModelValue | undefined {
    const found = this.databases[db].get(key);
    return found !== undefined && (found.atMs === 0 || found.atMs > nowMs) ? found : undefined;
  }

  set(db: number, key: string, value: string, atMs: number): void {
    this.databases[db].set(key, { value, atMs });
  }

  /** As APPEND: keeps the expiry. */
  append(db: number, key: string, text: string, nowMs: number): void {
    const { value, atMs } = this.get(db, key, nowMs) ?? { value: '', atMs: 0 };
    this.set(db, key, value + text, atMs);
  }

  remove(db: number, key: string): void {
    this.databases[db].delete(key);
  }

  /** As EXPIREAT, and PERSIST with 0. */
  expire(db: number, key: string, atMs: number, nowMs: number): void {
    const found = this.get(db, key, nowMs);
    if (found !== undefined) this.set(db, key, found.value, atMs);
  }

  flush(db: number): void {
    this.databases[db].clear();
  }

  swap(a: number, b: number): void {
    [this.databases[a], this.databases[b]] = [this.databases[b], this.databases[a]];
  }

  visible(db: number, nowMs: number): VisibleKeys {
    return new Map([...this.databases[db]].filter(([, { atMs }]) => atMs === 0 || atMs > nowMs));
  }

  clone(): DataModel {
    const copy = new DataModel(0);
    copy.databases = this.databases.map((keys) => new Map(keys));
    return copy;
  }
}

/** The first difference between what should be there and what is, as a sentence; `undefined` if there is none. */
export function differenceOf(expected: VisibleKeys, actual: VisibleKeys): string | undefined {
  for (const [key, { value, atMs }] of expected) {
    const found = actual.get(key);
    if (found === undefined) return `${key} is missing, it should be ${brief(value)}`;
    if (found.value !== value) return `${key} is ${brief(found.value)}, and should be ${brief(value)}`;
    if (found.atMs !== atMs) return `${key} expires at ${found.atMs}, and should at ${atMs}`;
  }
  for (const key of actual.keys()) if (!expected.has(key)) return `${key} is there, and should not be`;
  return undefined;
}

function brief(value: string): string {
  return value.length <= 24 ? `"${value}"` : `"${value.slice(0, 20)}"... (${value.length} bytes)`;
}
