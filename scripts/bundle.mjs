/**
 * Puts the compiled executable together in dist/bin: `ringkv.js`, what it starts threads with, and chunks that these share.
 *
 * Node takes 0.3 s of processor time to find and load the six hundred modules of lib/ one by one, and 0.1 s in one piece; whoever starts a node pays for it, and so do the others on its machine.
 * Nothing is renamed or shortened on the way, so a stack trace reads as before; for its line numbers there are source maps.
 *
 * What lib/ starts by its name (`new URL('./job-thread.js', import.meta.url)`) is found in dist/bin as it is in dist/lib: all of it lies beside `ringkv.js`.
 */
import { buildSync } from 'esbuild';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root } from './install.mjs';

const executable = 'lib/main.js';
const threads = [
  'lib/host/node-read-worker.js',
  'lib/host/node-sync-worker.js',
  'lib/host/node-thread-main.js',
  'lib/storage/jobs/job-thread.js',
];

/** Bundles what is compiled. Returns the files, as paths in the repository. Throws when esbuild finds an error, which it prints. */
export function bundle() {
  const outdir = join(root, 'dist', 'bin');
  const entries = [
    { in: executable, out: 'ringkv' },
    ...threads.map((file) => ({ in: file, out: basename(file, '.js') })),
  ].filter(({ in: file }) => existsSync(join(root, 'dist', file)));
  const { metafile } = buildSync({
    absWorkingDir: join(root, 'dist'),
    entryPoints: entries,
    outdir,
    bundle: true,
    // A thread loads two of them, and an error must be of the same class in both.
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    sourcemap: true,
    sourcesContent: false,
    metafile: true,
    logLevel: 'warning',
  });
  const outputs = Object.keys(metafile.outputs);
  removeOthers(outdir, outputs);
  return outputs.map((output) => join('dist', 'bin', basename(output)));
}

/** Chunks have names of their own, by what is in them. */
function removeOthers(folder, outputs) {
  const names = new Set(outputs.map((output) => basename(output)));
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    // (Another build may be as far.)
    if (!names.has(name)) rmSync(join(folder, name), { force: true });
  }
}
