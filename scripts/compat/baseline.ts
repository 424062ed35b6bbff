/**
 * What redis-server itself makes of the suite: the figures that stand beside ringkv's, and the list of tests that a
 * unit must run before its result counts. Kept in a file a version, because redis-server does not change.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './command.js';
import type { UnitRun } from './unit-run.js';

/** One unit of the suite on redis-server. */
export interface BaselineUnit extends UnitRun {
  /** The runner's flags of that run; with others, other tests run. */
  readonly flags: readonly string[];
  readonly seconds: number;
}

export class Baseline {
  /** redis-server's version, e.g. `7.0.15`. */
  readonly version: string;
  readonly #file: string;
  readonly #units: Map<string, BaselineUnit>;

  private constructor(version: string, file: string, units: Map<string, BaselineUnit>) {
    this.version = version;
    this.#file = file;
    this.#units = units;
  }

  /** Opens what is known of the installed redis-server, from `dir`. Rejects if there is no redis-server. */
  static async open(dir: string): Promise<Baseline> {
    const version = await redisServerVersion();
    await mkdir(dir, { recursive: true });
    const file = join(dir, `redis-${version}.json`);
    return new Baseline(version, file, await readUnits(file));
  }

  /** The unit's run with exactly these flags, if it is known and came to its end. */
  find(name: string, flags: readonly string[]): BaselineUnit | undefined {
    const known = this.#units.get(name);
    return known !== undefined && known.completed && known.flags.join(' ') === flags.join(' ') ? known : undefined;
  }

  /** Keeps the run, in the file too. */
  async put(name: string, unit: BaselineUnit): Promise<void> {
    this.#units.set(name, unit);
    const partial = `${this.#file}.${process.pid}`;
    await writeFile(partial, JSON.stringify(Object.fromEntries(this.#units), null, 1));
    await rename(partial, this.#file);
  }
}

async function redisServerVersion(): Promise<string> {
  const version = /\bv=(\d[\d.]*)/.exec(await run('redis-server', ['--version']))?.[1];
  if (version === undefined) throw new Error('redis-server --version names no version');
  return version;
}

async function readUnits(file: string): Promise<Map<string, BaselineUnit>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    return new Map();
  }
  return new Map(Object.entries(JSON.parse(text) as Record<string, BaselineUnit>));
}
