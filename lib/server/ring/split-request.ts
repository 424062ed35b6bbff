import { slotOf } from '../../base/position.js';
import type { Args } from '../../protocol/args.js';
import { encodeArgs, pickArgs } from '../../protocol/request-encoder.js';
import type { Merge } from './merged-replies.js';
import { allOk, inPlaces, sum } from './merged-replies.js';

/** A part of a request that one member runs. */
export interface RequestPart {
  readonly target: number;
  readonly request: Buffer;
}

/** A request on keys that different members have, in parts, and how the replies to these become one, in their order. */
export interface SplitRequest {
  readonly parts: readonly RequestPart[];
  readonly merge: Merge;
}

/** Splits a request key by key, as `splitRequest` does by who runs it. */
export function splitByKey(
  name: string,
  args: Args,
  keys: readonly number[],
  targetOf: (slot: number) => number,
): SplitRequest {
  const perKey = keys.length > 1 ? keys[1] - keys[0] : 1;
  const parts = keys.map((key) => ({
    target: targetOf(slotOf(args.buffer, args.start[key], args.end[key])),
    request: encodeArgs(pickArgs(args, [0, ...Array.from({ length: perKey }, (_, i) => key + i)])),
  }));
  if (name === 'mget') return { parts, merge: inPlaces(keys.map((_, place) => [place])) };
  return { parts, merge: name === 'mset' ? allOk : sum };
}

/**
 * Splits a request by who runs it for a key. `keys`: the indexes of the keys, which stand one behind the other up to the end, each with as many
 * arguments behind it (MSET has one).
 */
export function splitRequest(
  name: string,
  args: Args,
  keys: readonly number[],
  targetOf: (slot: number) => number,
): SplitRequest {
  const perKey = keys.length > 1 ? keys[1] - keys[0] : 1;
  const byTarget = new Map<number, { indexes: number[]; places: number[] }>();
  keys.forEach((key, place) => {
    const target = targetOf(slotOf(args.buffer, args.start[key], args.end[key]));
    let part = byTarget.get(target);
    if (part === undefined) byTarget.set(target, (part = { indexes: [0], places: [] }));
    for (let i = 0; i < perKey; i++) part.indexes.push(key + i);
    part.places.push(place);
  });
  const parts = [...byTarget].map(([target, { indexes }]) => ({
    target,
    request: encodeArgs(pickArgs(args, indexes)),
  }));
  if (name === 'mget') return { parts, merge: inPlaces([...byTarget.values()].map(({ places }) => places)) };
  return { parts, merge: name === 'mset' ? allOk : sum };
}
