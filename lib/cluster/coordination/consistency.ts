/** How many replicas must have a write before it is answered, and how many are asked by a read (Dynamo's W and R). */

/** A number of replicas; or what depends on how many there are; or that consensus decides (consensus/consensus.ts). */
export const Level = { ANY: 0, ONE: 1, QUORUM: -1, ALL: -2, LINEARIZABLE: -3 } as const;

const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(Level).map(([name, level]) => [level, name]));
/** More replicas than any slot has. */
const REPLICAS_MAX = 16;

/** What one connection, or one command, asks for: each a Level or a number of replicas. */
export interface Consistency {
  readonly read: number;
  readonly write: number;
}

/** The level of that name, in lower case. */
export function levelNamed(name: 'any' | 'one' | 'quorum' | 'all'): number {
  return Level[name.toUpperCase() as keyof typeof Level];
}

/** More than half of them. */
export function majorityOf(replicas: number): number {
  return (replicas >>> 1) + 1;
}

/** How many replicas a level means, of those that a slot has. More than there are cannot be had, and are never reached. */
export function replicasNeeded(level: number, replicas: number): number {
  if (level === Level.QUORUM || level === Level.LINEARIZABLE) return majorityOf(replicas);
  if (level === Level.ALL) return replicas;
  return Math.max(1, level);
}

/**
 * Reads a level into `before`: ANY, ONE, QUORUM, ALL or LINEARIZABLE for both, or one of these or a number behind `R=` or `W=` for one of them, letter case
 * apart. ANY for reads is ONE. Undefined if it is none.
 */
export function parseConsistency(text: string, before: Consistency): Consistency | undefined {
  const match = /^(?:([RW])=)?(\w+)$/.exec(text.toUpperCase());
  if (match === null) return undefined;
  const [, side, word] = match;
  const level = levelOf(word, side !== undefined);
  if (level === undefined || (level === Level.LINEARIZABLE && side !== undefined)) return undefined;
  const read = level === Level.ANY ? Level.ONE : level;
  return { read: side === 'W' ? before.read : read, write: side === 'R' ? before.write : level };
}

function levelOf(word: string, mayBeNumber: boolean): number | undefined {
  for (const [level, name] of NAMES) if (name === word) return level;
  const count = mayBeNumber && /^\d{1,2}$/.test(word) ? Number(word) : 0;
  return count >= 1 && count <= REPLICAS_MAX ? count : undefined;
}

/** As CONSISTENCY shows it: one word if it is one, else both numbers. */
export function consistencyText({ read, write }: Consistency): string {
  const name = NAMES.get(write);
  if (name !== undefined && read === (write === Level.ANY ? Level.ONE : write)) return name;
  return `R=${NAMES.get(read) ?? read} W=${name ?? write}`;
}
