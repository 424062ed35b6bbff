/**
 * Redis's own test suite, out of Debian's source package `redis`.
 *
 * It is downloaded once, into a folder that git ignores, and nothing of it is ever committed. The machine's own apt
 * settings stay as they are: the source packages' index is read by way of a sources file and a list folder that lie
 * beside the download. No dpkg-dev is needed: the package is unpacked with tar.
 *
 * Two lines of the unpacked copy are changed (`adapt`).
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './command.js';

/** The unpacked suite. */
export interface RedisSource {
  /** The folder that holds `tests/`. */
  readonly dir: string;
  /** Redis's version, e.g. `7.0.15`. */
  readonly version: string;
}

const UNPACKED = /^redis-(\d[\d.]*)$/;

/** The suite under `dir`, downloaded and unpacked if it is not there yet. Rejects with what to do if that fails. */
export async function ensureRedisSource(dir: string, log: (line: string) => void): Promise<RedisSource> {
  await mkdir(dir, { recursive: true });
  const present = await findUnpacked(dir);
  if (present !== undefined) return present;
  if ((await findArchive(dir)) === undefined) {
    log("fetching Redis's source package with apt-get");
    await download(dir);
  }
  await unpack(dir);
  const unpacked = await findUnpacked(dir);
  if (unpacked === undefined) throw new Error(`the source package in ${dir} holds no redis-<version>/tests`);
  return unpacked;
}

async function findUnpacked(dir: string): Promise<RedisSource | undefined> {
  for (const name of await readdir(dir)) {
    const version = UNPACKED.exec(name)?.[1];
    if (version !== undefined && existsSync(join(dir, name, 'tests', 'test_helper.tcl'))) {
      return { dir: join(dir, name), version };
    }
  }
  return undefined;
}

async function findArchive(dir: string): Promise<string | undefined> {
  return (await readdir(dir)).find((name) => /^redis_.*\.orig\.tar\.\w+$/.test(name));
}

async function download(dir: string): Promise<void> {
  const apt = join(dir, 'apt');
  const lists = join(apt, 'lists');
  const cache = join(apt, 'cache');
  const sources = join(apt, 'sources.list');
  await mkdir(join(lists, 'partial'), { recursive: true });
  await mkdir(join(cache, 'archives', 'partial'), { recursive: true });
  await writeFile(sources, (await sourceLines()).join('\n') + '\n');
  const own = [
    `Dir::Etc::sourcelist=${sources}`,
    'Dir::Etc::sourceparts=/dev/null',
    `Dir::State::lists=${lists}`,
    `Dir::Cache=${cache}`,
  ].flatMap((setting) => ['-o', setting]);
  await run('apt-get', [...own, 'update', '-q'], dir);
  await run('apt-get', [...own, 'source', '-q', '--download-only', 'redis'], dir);
  await rm(apt, { recursive: true, force: true });
}

/** A `deb-src` line for each place from which this machine gets this Debian release's main packages and their fixes. */
async function sourceLines(): Promise<string[]> {
  const release = /^VERSION_CODENAME=(\w+)$/m.exec(await readFile('/etc/os-release', 'utf8'))?.[1];
  if (release === undefined) throw new Error('/etc/os-release names no VERSION_CODENAME: this is no Debian release');
  const targets = await run('apt-get', [
    'indextargets',
    '--format',
    '$(REPO_URI) $(RELEASE) $(COMPONENT)',
    'Created-By: Packages',
  ]);
  const wanted = new Set([`${release} main`, `${release}-security main`]);
  const lines = targets
    .split('\n')
    .filter((line) => wanted.has(line.slice(line.indexOf(' ') + 1)))
    .map((line) => `deb-src ${line}`);
  if (lines.length === 0) throw new Error(`apt-get knows no source of the packages of ${release} main`);
  return [...new Set(lines)];
}

/** Unpacks beside the final place and renames, so that a run that was broken off leaves no half of a suite. */
async function unpack(dir: string): Promise<void> {
  const archive = await findArchive(dir);
  if (archive === undefined) throw new Error(`apt-get left no redis_*.orig.tar.* in ${dir}`);
  const partial = join(dir, 'partial');
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial);
  await run('tar', ['-xf', join(dir, archive), '-C', partial]);
  for (const name of await readdir(partial)) {
    await adapt(join(partial, name));
    await rename(join(partial, name), join(dir, name));
  }
  await rm(partial, { recursive: true });
}

/**
 * Functions are not there yet. Before each block of tests the suite deletes all functions, and ends if the server does not know the command: it need
 * not, where there are none. And it runs each test of scripts twice, as a function first: it must not.
 */
async function adapt(source: string): Promise<void> {
  const tests = join(source, 'tests');
  await change(join(tests, 'support', 'server.tcl'), '\n    r function flush\n', '\n    catch {r function flush}\n');
  await change(join(tests, 'unit', 'scripting.tcl'), 'foreach is_eval {0 1} {', 'foreach is_eval {1} {');
}

async function change(file: string, before: string, after: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  if (!text.includes(before)) throw new Error(`${file} does not say ${JSON.stringify(before)}, as it did in Redis 7.0`);
  await writeFile(file, text.replace(before, after));
}
