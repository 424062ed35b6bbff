import type { ReadLevel, ReplicaKnowledge } from './ring-ports.js';

/** What a read of a key would meet. Replicas are named by their index. */
export interface ReadSituation {
  readonly level: ReadLevel;
  /** Those that can be reached. */
  readonly live: readonly number[];
  /** The one that would answer; `undefined` or negative: none. */
  readonly reader: number | undefined;
  /** What those know who were asked just now. */
  readonly known: ReadonlyMap<number, ReplicaKnowledge | undefined>;
  readonly nameOf: (index: number) => string;
}

/** Why a read would answer what it answers, in a sentence or two. */
export function explainRead({ level, live, reader, known, nameOf }: ReadSituation): string {
  const told = [...known].flatMap(([index, knowledge]) => (knowledge === undefined ? [] : [{ index, ...knowledge }]));
  // One replica alone answers with what it knows to be decided.
  const isOfEraOne = level.needed > 1 && told.some(({ era }) => era > 0);
  const isDecided = level.isDecided || isOfEraOne;
  const needed = isDecided ? level.majority : level.needed;
  if (live.length < needed) return `is refused: it needs ${needed} replicas, and ${live.length} can be reached`;
  if (reader === undefined || reader < 0) return 'is refused: no replica can be reached';
  if (isOfEraOne) {
    return 'is decided by a majority of the replicas, whatever its level: the key was compared and set, so consensus has it';
  }
  if (isDecided) return 'is decided by a majority of the replicas, because of its level';
  const silent = live.length - told.length;
  const rest = silent > 0 ? ` ${silent} of those that can be reached have not said what they know.` : '';
  const newest = told.toSorted((a, b) => b.stamp - a.stamp).at(0);
  const isAlike = told.every(({ digest }) => digest === newest?.digest);
  if (needed === 1)
    return `is answered by ${nameOf(reader)} alone${judged(known.get(reader), newest, isAlike)}.${rest}`;
  if (isAlike) return `asks ${live.length} replicas and waits for ${needed}: all of them know the same.${rest}`;
  return (
    `asks ${live.length} replicas and waits for ${needed}: they differ, so what ${needed} of them know is merged first, and who has less is repaired` +
    ` before the answer. The newest write is known to ${newestOf(told, newest?.stamp, nameOf)}.${rest}`
  );
}

function judged(own: ReplicaKnowledge | undefined, newest: ReplicaKnowledge | undefined, isAlike: boolean): string {
  if (own === undefined) return '';
  if (isAlike) return ', which knows what all others know';
  return own.stamp === newest?.stamp
    ? ', which knows the newest write, and perhaps not all that others know'
    : ', which is behind others';
}

function newestOf(
  told: readonly { readonly index: number; readonly stamp: number }[],
  stamp: number | undefined,
  nameOf: ReadSituation['nameOf'],
): string {
  return told
    .filter((each) => each.stamp === stamp)
    .map(({ index }) => nameOf(index))
    .join(' and ');
}
