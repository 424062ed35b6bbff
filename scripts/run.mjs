/**
 * Runs a program of this repository from a fresh clone: installs, builds, then becomes the program.
 *
 *     node scripts/run.mjs bin/ringkv.js --port 7000
 *
 * The program runs in this process, so that signals, exit code and standard streams are its own.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from './build.mjs';
import { fail, install, root } from './install.mjs';

const [program, ...args] = process.argv.slice(2);
if (program === undefined) fail('usage: node scripts/run.mjs <compiled file below dist/> [argument ...]');

install();
await build();

const file = join(root, 'dist', program);
if (!existsSync(file)) fail(`there is no ${program.replace(/\.js$/, '.ts')}`);
process.argv = [process.argv[0], file, ...args];
await import(pathToFileURL(file).href);
