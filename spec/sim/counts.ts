/** How often each thing has happened. */

export class Counts {
  private readonly byName = new Map<string, number>();

  add(name: string, times = 1): void {
    this.byName.set(name, (this.byName.get(name) ?? 0) + times);
  }

  addAll(others: Counts): void {
    for (const [name, times] of others.byName) this.add(name, times);
  }

  of(name: string): number {
    return this.byName.get(name) ?? 0;
  }

  /** "3 joins, 1 leave": in the order in which each name came first. */
  toString(): string {
    return [...this.byName].map(([name, times]) => `${times} ${name}`).join(', ');
  }
}
