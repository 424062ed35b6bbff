import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * The path of a program that a spec talks to or compares with (`redis-cli`, `redis-server`, `tclsh`, ...).
 *
 * Where it is not installed, the test (or, called in a `before`, its whole suite) is skipped with a line
 * that says so; with CI=true it fails. `npm test` installs what it may (scripts/install-debian-programs.mjs).
 */
export function requireProgram(context: Mocha.Context, name: string): string {
  const path = findProgram(name, process.env['PATH'] ?? '');
  if (path !== undefined) return path;
  if (process.env['CI'] === 'true') throw new Error(`${name} is not installed, and CI=true skips nothing`);
  console.log(`    skipped, ${name} is not installed: ${context.test?.fullTitle() ?? 'a suite'}`);
  return context.skip();
}

/** The first executable file of that name in the folders of `searchPath`, or undefined. */
function findProgram(name: string, searchPath: string): string | undefined {
  return searchPath
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
