import { EMPTY_BYTES } from '../../../lib/cluster/consensus/entry-bytes.js';
import type { RegisterCall } from '../../sim/linearizability-checker.js';
import type { ConsensusWorld, WorldNode } from './consensus-world.js';

export const KEY = Buffer.from('key');
/** Plain writes of unknown outcome: with many of them, the search for an order takes long. */
const UNKNOWN_MAX = 4;
const VALUES = ['a', 'b', 'c'];

/** Clients of a world, each with one request at a time, and what they saw. */
export class Clients {
  readonly calls: RegisterCall[] = [];
  private readonly world: ConsensusWorld;
  private readonly lifeMs: number;
  private readonly isResting: (nowMs: number) => boolean;
  private stamp = 0;
  private unknownCount = 0;

  /** `isResting`: nobody asks for anything at that time. */
  constructor(world: ConsensusWorld, lifeMs: number, isResting: (nowMs: number) => boolean = () => false) {
    this.world = world;
    this.lifeMs = lifeMs;
    this.isResting = isResting;
  }

  run(client: string): void {
    const { world } = this;
    if (world.nowMs > this.lifeMs) return;
    const node = world.nodes[world.random.below(world.nodes.length)];
    const again = (): void => world.after(1 + world.random.below(60), () => this.run(client));
    const value = VALUES[world.random.below(VALUES.length)];
    const expected = VALUES[world.random.below(VALUES.length)];
    const kinds = ['read', 'write', 'swap', 'swap', 'claim', 'delete'] as const;
    const kind = kinds[world.random.below(kinds.length)];
    const invokedUs = world.nowMs;
    if (node.consensus === undefined || this.isResting(invokedUs)) return again();
    let found: string | undefined;
    let done = false;
    let isOver = false;
    const end = (outcome: 'ok' | 'failed' | 'unknown', seen?: [string | undefined, boolean]): void => {
      if (isOver) return;
      isOver = true;
      if (seen !== undefined) [found, done] = seen;
      const returnedUs = outcome === 'unknown' ? Infinity : world.nowMs;
      this.calls.push({ client, kind, value, expected, found, done, invokedUs, returnedUs, outcome });
      again();
    };
    world.after(3000, () => end('unknown'));
    node.turn((consensus) => {
      consensus.submit(KEY, {
        run: (entry) => {
          const text = entry.toString();
          const before = text === '' || text.endsWith(':') ? undefined : text.split(':')[1];
          const after = outcome(kind, before, value, expected);
          const next = after === before ? entry : Buffer.from(`${this.nextStamp()}:${after ?? ''}`);
          const reply = Buffer.from(JSON.stringify([before ?? null, after !== before || kind === 'write']));
          return { entry: next, reply };
        },
        end: (result: string, reply?: Buffer) => {
          if (result === 'unknown') return end('unknown');
          if (result === 'timeout') return end('failed');
          const [before, isDone] = JSON.parse((reply ?? EMPTY_BYTES).toString()) as [string | null, boolean];
          const happened =
            kind === 'swap'
              ? before !== null && before === expected
              : kind === 'claim'
                ? before === null
                : kind === 'delete'
                  ? before !== null
                  : isDone;
          end('ok', [before ?? undefined, happened]);
        },
      });
    });
  }

  /** One who writes plainly: to all, and waits for a majority, for a while. */
  writePlainly(goesOn = true): void {
    const { world } = this;
    if (world.nowMs > this.lifeMs) return;
    const value = VALUES[world.random.below(VALUES.length)];
    const entry = `${this.nextStamp()}:${value}`;
    const invokedUs = world.nowMs;
    const acks = new Set<WorldNode>();
    const note = (outcome: 'ok' | 'unknown'): void => {
      this.calls.push({
        client: 'plain',
        kind: 'write',
        value,
        invokedUs,
        outcome,
        returnedUs: outcome === 'ok' ? world.nowMs : Infinity,
      });
    };
    let isOpen = true;
    for (const node of world.nodes) {
      world.carry(() =>
        node.turn((consensus) => {
          if (node.refuses(consensus, KEY) || Number(entry.split(':')[0]) <= node.settled) return;
          node.put(entry);
          world.carry(() => {
            acks.add(node);
            if (!isOpen || acks.size * 2 <= world.nodes.length) return;
            isOpen = false;
            note('ok');
            if (goesOn) world.after(world.random.below(20), () => this.writePlainly());
          });
        }),
      );
    }
    world.after(150, () => {
      if (!isOpen) return;
      isOpen = false;
      note('unknown');
      if (++this.unknownCount < UNKNOWN_MAX && goesOn) this.writePlainly();
    });
  }

  /** Writes plainly from time to time, when a majority does not know of the key that it is in era 1. */
  writeBetween(): void {
    const { world } = this;
    if (world.nowMs > this.lifeMs) return;
    const free = world.nodes.filter(({ consensus }) => consensus?.isEraOne(KEY) === false);
    const isFree = free.length * 2 > world.nodes.length;
    if (isFree && this.unknownCount < UNKNOWN_MAX && world.random.below(3) === 0) this.writePlainly(false);
    world.after(20 + world.random.below(60), () => this.writeBetween());
  }

  private nextStamp(): string {
    return String(++this.stamp).padStart(6, '0');
  }
}

function outcome(
  kind: RegisterCall['kind'],
  before: string | undefined,
  value: string,
  expected: string,
): string | undefined {
  if (kind === 'write') return value;
  if (kind === 'delete') return undefined;
  if (kind === 'swap') return before === expected ? value : before;
  if (kind === 'claim') return before ?? value;
  return before;
}
