/**
 * The servers' directories, below the place where the results go: a temporary directory may be held in memory, and
 * an fsync there would cost nothing.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

export class DataDirs {
  readonly #root: string;

  /** Starts empty: what an earlier run that was killed left there goes. */
  constructor(outDir: string) {
    this.#root = resolve(outDir, 'data');
    this.removeAll();
    process.on('exit', () => this.removeAll());
  }

  /** A fresh empty directory. */
  make(name: string): string {
    mkdirSync(this.#root, { recursive: true });
    return mkdtempSync(join(this.#root, `${name}-`));
  }

  remove(dir: string): void {
    rmSync(dir, { recursive: true, force: true });
  }

  removeAll(): void {
    rmSync(this.#root, { recursive: true, force: true, maxRetries: 3 });
  }
}
