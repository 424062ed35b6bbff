/**
 * The folders of lib/, lowest first. A file imports from its own folder and from lower rows; folders in
 * one row are siblings and do not import each other. lib/program.ts and lib/main.ts stand above all of them.
 */
export const layers = [
  ['base'],
  ['host'],
  ['protocol', 'record', 'config'],
  ['storage'],
  ['data'],
  ['commands'],
  ['cluster'],
  ['scripting', 'tools'],
  ['server'],
  ['program.ts'],
  ['main.ts'],
];

/** The row of a folder of lib/ (or of `program.ts` and `main.ts`), or -1 if it is in none. */
export function rankOf(name) {
  return layers.findIndex((row) => row.includes(name));
}
