/** More than these are not remembered. */
const KEYS_MAX = 20_000;

/** Keys that who acts for them has left to this node, because its clients alone use them: until somebody else proposes about them. */
export class LeftKeys {
  /** Oldest first. */
  private readonly names = new Set<string>();

  get isEmpty(): boolean {
    return this.names.size === 0;
  }

  has(name: string): boolean {
    return this.names.has(name);
  }

  add(name: string): void {
    this.names.add(name);
    if (this.names.size <= KEYS_MAX) return;
    for (const oldest of this.names) {
      this.names.delete(oldest);
      return;
    }
  }

  delete(name: string): void {
    this.names.delete(name);
  }

  clear(): void {
    this.names.clear();
  }
}
