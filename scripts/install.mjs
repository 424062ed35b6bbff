/**
 * Installs the packages that package-lock.json names, where they are missing or others.
 *
 * What is installed is read from the lock file that npm keeps inside node_modules; contents are
 * compared, not times, so that a checkout that only touches files installs nothing.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The repository's top folder. */
export const root = join(import.meta.dirname, '..');

const nodeOldest = [20, 19];

/** Ends the process with one plain sentence instead of a stack. */
export function fail(message) {
  console.error(`ringkv: ${message}`);
  process.exit(1);
}

/** Installs what is missing; returns at once when nothing is. Ends the process if npm fails. */
export function install() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < nodeOldest[0] || (major === nodeOldest[0] && minor < nodeOldest[1])) {
    fail(`needs Node.js ${nodeOldest.join('.')} or newer, this is ${process.versions.node}`);
  }
  const missing = firstMissing();
  if (missing === undefined) return;

  console.error(`ringkv: installing packages (${missing} is missing or another version)`);
  // The compiler is a devDependency and `npm start` compiles: NODE_ENV=production must not leave it out.
  const [npm, ...args] = npmCommand('ci', '--include=dev', '--no-audit', '--no-fund');
  const { status, error } = spawnSync(npm, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) fail(`npm ci failed${error ? `: ${error.message}` : ''}`);
}

/** The first package of the lock file that is not installed as it says, or undefined. */
function firstMissing() {
  const wanted = packagesOf('package-lock.json');
  const installed = packagesOf(join('node_modules', '.package-lock.json'));
  for (const [path, { version, integrity, optional }] of Object.entries(wanted)) {
    if (path === '') continue;
    const there = installed[path];
    // Optional packages are absent where they do not fit the platform.
    if (there === undefined ? !optional : there.version !== version || there.integrity !== integrity) return path;
  }
  return undefined;
}

/** The `packages` table of a lock file; empty if there is no such file. */
function packagesOf(lockFile) {
  try {
    return JSON.parse(readFileSync(join(root, lockFile), 'utf8')).packages;
  } catch (error) {
    if (error.code === 'ENOENT') return {};
    throw error;
  }
}

/** How to call npm: the one that runs this script, else the one on the PATH. */
function npmCommand(...args) {
  const running = process.env.npm_execpath;
  return running?.endsWith('.js') ? [process.execPath, running, ...args] : ['npm', ...args];
}

if (process.argv[1] === import.meta.filename) install();
