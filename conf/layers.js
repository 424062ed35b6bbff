/**
 * The folders of lib/, lowest first. A file imports from its own folder and from lower rows; folders in
 * one row are siblings and do not import each other. lib/main.ts stands above all of them.
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
  ['main.ts'],
];

/** The row of a folder of lib/ (or of `main.ts`), or -1 if it is in none. */
export function rankOf(name) {
  return layers.findIndex((row) => row.includes(name));
}
