import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { repositoryRoot } from '../../../scripts/tools/repository-root.js';

/** A folder with the settings and packages of this repository, and compiled specs of its own. */
export class SmallSpecs {
  readonly root = mkdtempSync(join(tmpdir(), 'ringkv-specs-'));
  readonly folder = join(this.root, 'dist', 'spec');

  constructor() {
    for (const name of ['conf', 'node_modules']) symlinkSync(join(repositoryRoot(), name), join(this.root, name));
    this.write('../../package.json', '{ "type": "module" }');
  }

  /** Writes a file, and returns its path. */
  write(path: string, text: string): string {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  }

  remove(): void {
    rmSync(this.root, { recursive: true });
  }
}
