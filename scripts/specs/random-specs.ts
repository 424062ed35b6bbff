/** Which specs draw at random: those that import fast-check, or the seed. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The specs of one folder of spec/ that draw at random: compiled files. */
export interface RandomGroup {
  readonly name: string;
  /** Sorted, never empty. */
  readonly files: readonly string[];
}

const DRAWS = /^(import .*|\} )from '(fast-check|[^']*\/spec-seed\.js)'/m;

/** The groups below `folder` (dist/spec), by name, without those of which nothing draws. Throws if `wanted` names another; empty: all. */
export function findRandomGroups(folder: string, wanted: readonly string[]): RandomGroup[] {
  const groups = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ name, files: filesThatDraw(join(folder, name)) }))
    .filter(({ files }) => files.length > 0)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const names = groups.map(({ name }) => name);
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new Error(`no specs that draw at random in '${unknown}', but in ${names.join(', ')}`);
  return groups.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
}

function filesThatDraw(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.spec.js'))
    .map((path) => join(folder, path))
    .filter((file) => DRAWS.test(readFileSync(file, 'utf8')))
    .sort();
}
