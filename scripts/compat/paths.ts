/** Where things lie. What this script makes is all under the repository's `.cache`, which git ignores. */
import { join } from 'node:path';
import { repositoryRoot } from '../tools/repository-root.js';

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
