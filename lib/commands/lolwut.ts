/** LOLWUT: a piece of computer art. Ours is a ring of nodes, each with its share of the key space in its own letter. */

import type { Call } from './call.js';
import type { Command } from './command.js';
import { NO_KEYS } from './command.js';
import { integerArgument } from './integer-argument.js';
import { drawRing } from './ring-drawing.js';

const RADIUS = { fallback: 10, min: 3, max: 40 };
const NODES = { fallback: 5, min: 1, max: 26 };

interface Range {
  readonly fallback: number;
  readonly min: number;
  readonly max: number;
}

/** LOLWUT [VERSION version] [radius [nodes]]: every version draws the same. */
function lolwut(call: Call): void {
  const { args, keyspace, reply, server } = call;
  let i = 1;
  if (args.count > 2 && args.is(1, 'version')) {
    if (Number.isNaN(integerArgument(call, 2))) return;
    i = 3;
  }
  const radius = numberWithin(call, i, RADIUS);
  const nodes = numberWithin(call, i + 1, NODES);
  const picture = drawRing(radius, nodes, keyspace.random);
  reply.verbatim('txt', `${picture}\n${nodes} nodes, one ring. ringkv ver. ${server.version}\n`);
}

/** The number in argument i, brought into the range; its default if there is none. */
function numberWithin({ args }: Call, i: number, { fallback, min, max }: Range): number {
  const number = i < args.count ? Number(args.text(i)) : fallback;
  return Number.isInteger(number) ? Math.min(Math.max(number, min), max) : fallback;
}

export const lolwutCommands: readonly Command[] = [
  { name: 'lolwut', arity: -1, flags: ['readonly', 'fast'], keys: NO_KEYS, run: lolwut },
];
