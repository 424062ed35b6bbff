/** Do all replicas hold the same? */

/** What a node holds: by key, its value in a form that is equal if the values are. */
export type Dump = ReadonlyMap<string, string>;

const SHOWN_BYTES = 60;

/** What differs, a line a key; empty if nothing does. `replicasOf`: the names of the nodes that must have a key. */
export function compareReplicas(
  dumps: ReadonlyMap<string, Dump>,
  replicasOf: (key: string) => readonly string[],
): string[] {
  const keys = new Set([...dumps.values()].flatMap((dump) => [...dump.keys()]));
  const problems = [];
  for (const key of [...keys].sort()) {
    const held = replicasOf(key).map((name) => [name, dumps.get(name)?.get(key)] as const);
    const isEqual = held.every(([, value]) => value === held[0][1]);
    if (isEqual) continue;
    problems.push(`${key} differs: ${held.map(([name, value]) => `${name} has ${show(value)}`).join(', ')}`);
  }
  return problems;
}

function show(value: string | undefined): string {
  if (value === undefined) return 'nothing';
  return value.length > SHOWN_BYTES ? `${value.slice(0, SHOWN_BYTES)}...` : value;
}
