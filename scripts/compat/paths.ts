/** Where things lie. What this script makes is all under the repository's `.cache`, which git ignores. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = repositoryRoot();
const CACHE = join(ROOT, '.cache');

/** Redis's source package: what was downloaded, and `redis-<version>/` unpacked. */
export const SOURCE_DIR = join(CACHE, 'redis-source');
/** One file a version of redis-server: what its own suite said of it. */
export const BASELINE_DIR = join(CACHE, 'redis-baseline');
/** Where `--keep-logs` leaves what the suite and the servers said. */
export const LOG_DIR = join(CACHE, 'compat-logs');

/** Installs what Debian packages a script needs, where it may. */
export const INSTALLER = join(ROOT, 'scripts', 'install-debian-programs.mjs');

/** The nearest directory above this file that holds a package-lock.json; the compiled file may lie at any depth. */
function repositoryRoot(): string {
  let dir = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(dir, 'package-lock.json'))) {
    const parent = dirname(dir);
    if (parent === dir) throw new Error(`no package-lock.json above ${fileURLToPath(import.meta.url)}`);
    dir = parent;
  }
  return dir;
}
