import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The repository's top folder, found from this compiled file, whatever folder it was compiled into. */
export function repositoryRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package-lock.json'))) folder = dirname(folder);
  return folder;
}
