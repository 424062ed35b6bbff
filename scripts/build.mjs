/**
 * Compiles lib, spec and scripts to dist/, and puts the executable together of that, when a source changed since the last time.
 *
 * dist/.sources lists every source with its size and time as of the last good build, and what was bundled: the same sources
 * now, and all of that there, mean that there is nothing to do. Incremental tsc never deletes, so outputs whose source is
 * gone are removed here: a deleted spec must not run on.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, install, root } from './install.mjs';

const folders = ['lib', 'spec', 'scripts'];
const settings = ['tsconfig.json', 'package.json', 'package-lock.json', 'scripts/bundle.mjs'];
const stamp = join(root, 'dist', '.sources');
/** A line of the stamp that is no source begins so. */
const bundled = 'bundled ';

/** Brings dist/ up to date. REQUIRES: packages are installed. Ends the process if the compiler finds an error. */
export async function build() {
  // Taken before compiling: what changes meanwhile is compiled next time.
  const sources = listSources();
  if (existsSync(stamp) && isWhole(readFileSync(stamp, 'utf8'), sources)) return;

  rmSync(stamp, { force: true });
  // From nothing it takes a while; what has changed is compiled in seconds.
  if (!existsSync(join(root, 'dist'))) console.error('ringkv: compiling');
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', root], { cwd: root, stdio: ['ignore', 2, 2] });
  removeStaleOutputs();
  if (status !== 0) fail('the build failed');
  // Imported late: before packages are installed there is nothing that it could be done with.
  const outputs = (await import('./bundle.mjs')).bundle();
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(stamp, sources + outputs.map((output) => `${bundled}${output}\n`).join(''));
}

/** Whether a stamp is of these sources, and everything is there that was bundled. */
function isWhole(text, sources) {
  if (!text.startsWith(sources)) return false;
  const lines = text.slice(sources.length).split('\n').slice(0, -1);
  return lines.every((line) => line.startsWith(bundled) && existsSync(join(root, line.slice(bundled.length))));
}

function listSources() {
  const files = folders.flatMap((folder) => filesIn(folder).filter((file) => file.endsWith('.ts')));
  return [...files, ...settings]
    .map((file) => {
      const { size, mtimeMs } = statSync(join(root, file));
      return `${file} ${size} ${mtimeMs}\n`;
    })
    .join('');
}

function removeStaleOutputs() {
  for (const folder of folders) {
    for (const output of filesIn(join('dist', folder))) {
      const source = output.slice('dist/'.length).replace(/\.js(\.map)?$/, '.ts');
      if (!existsSync(join(root, source))) rmSync(join(root, output));
    }
  }
}

/** Paths of all files below `folder`, relative to the repository, sorted; empty if there is no such folder. */
function filesIn(folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}

if (process.argv[1] === import.meta.filename) {
  install();
  await build();
}
