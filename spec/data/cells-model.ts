/** The dumb twin of collections of fields: a Map of Maps. */

/** What a client could see of a key. */
export interface SeenCells {
  readonly type: 'hash' | 'set';
  readonly atMs: number;
  /** Field, value and time of expiry, by field. */
  readonly cells: readonly (readonly [field: string, value: string, atMs: number])[];
}

interface Key {
  type: 'hash' | 'set';
  atMs: number;
  readonly cells: Map<string, [value: string, atMs: number]>;
}

export class CellsModel {
  nowMs = 0;
  private readonly keys = new Map<string, Key>();

  /** The cells of a key that are there now. */
  get(name: string): Key | undefined {
    const key = this.keys.get(name);
    if (key === undefined) return undefined;
    if (!this.isPast(key.atMs)) {
      for (const [field, [, atMs]] of key.cells) if (this.isPast(atMs)) key.cells.delete(field);
      if (key.cells.size > 0) return key;
    }
    this.keys.delete(name);
    return undefined;
  }

  put(name: string, type: 'hash' | 'set', field: string, value: string, atMs: number): void {
    const key = this.get(name) ?? { type, atMs: 0, cells: new Map() };
    this.keys.set(name, key);
    key.cells.set(field, [value, atMs]);
  }

  removeCell(name: string, field: string): void {
    this.keys.get(name)?.cells.delete(field);
  }

  remove(name: string): void {
    this.keys.delete(name);
  }

  copy(from: string, to: string): void {
    const key = this.get(from);
    if (key !== undefined) this.keys.set(to, { ...key, cells: new Map(key.cells) });
  }

  clear(): void {
    this.keys.clear();
  }

  seen(name: string): SeenCells | undefined {
    const key = this.get(name);
    if (key === undefined) return undefined;
    const cells = [...key.cells].map(([field, [value, atMs]]) => [field, value, atMs] as const);
    return { type: key.type, atMs: key.atMs, cells: cells.sort(([a], [b]) => (a < b ? -1 : 1)) };
  }

  private isPast(atMs: number): boolean {
    return atMs !== 0 && atMs <= this.nowMs;
  }
}
