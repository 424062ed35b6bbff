import { expect } from 'chai';
import fc from 'fast-check';
import { AcceptorLog } from '../../../lib/cluster/consensus/acceptor-log.js';
import { EMPTY_BYTES } from '../../../lib/cluster/consensus/entry-bytes.js';
import type { RegisterCall } from '../../sim/linearizability-checker.js';
import { checkLinearizable } from '../../sim/linearizability-checker.js';
import type { WorldNode, WorldOptions } from './consensus-world.js';
import { ConsensusWorld } from './consensus-world.js';

const KEY = Buffer.from('key');
const RUNS = Number(process.env['CONSENSUS_RUNS'] ?? 60);
/** Plain writes of unknown outcome: with many of them, the search for an order takes long. */
const UNKNOWN_MAX = 4;
const VALUES = ['a', 'b', 'c'];

/** Clients of a world, each with one request at a time, and what they saw. */
class Clients {
  readonly calls: RegisterCall[] = [];
  private readonly world: ConsensusWorld;
  private readonly lifeMs: number;
  private stamp = 0;
  private unknownCount = 0;

  constructor(world: ConsensusWorld, lifeMs: number) {
    this.world = world;
    this.lifeMs = lifeMs;
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
    if (node.consensus === undefined) return again();
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
  writePlainly(): void {
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
          if (node.refuses(consensus, KEY)) return;
          if (entry > (node.plain.get('key') ?? '')) node.plain.set('key', entry);
          world.carry(() => {
            acks.add(node);
            if (!isOpen || acks.size * 2 <= world.nodes.length) return;
            isOpen = false;
            note('ok');
            world.after(world.random.below(20), () => this.writePlainly());
          });
        }),
      );
    }
    world.after(150, () => {
      if (!isOpen) return;
      isOpen = false;
      note('unknown');
      if (++this.unknownCount < UNKNOWN_MAX) this.writePlainly();
    });
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

interface Faults {
  readonly crashes: number;
  readonly lost: number;
  readonly repeated: number;
  readonly nodes: number;
}

async function runWorld(
  seed: number,
  { crashes, ...faults }: Faults,
  changes: Partial<WorldOptions> = {},
): Promise<{ world: ConsensusWorld; calls: RegisterCall[] }> {
  const world = new ConsensusWorld(seed, { ...faults, ...changes });
  const lifeMs = 4000;
  const clients = new Clients(world, lifeMs);
  clients.writePlainly();
  world.after(world.random.below(200), () => ['c1', 'c2', 'c3', 'c4'].forEach((name) => clients.run(name)));
  for (let i = 0; i < crashes; i++) {
    world.after(world.random.below(lifeMs), () => {
      const node = world.nodes[world.random.below(world.nodes.length)];
      if (node.consensus === undefined) return;
      node.crash();
      world.after(world.random.below(500), () => node.start());
    });
  }
  await world.runFor(lifeMs + 4000);
  world.isHealed = true;
  for (const node of world.nodes) if (node.consensus === undefined) node.start();
  await world.runFor(15_000);
  // As repair does with a key whose copies differ.
  world.nodes[0].turn((consensus) => consensus.rewrite(KEY));
  await world.runFor(5000);
  return { world, calls: clients.calls };
}

const faults = fc.record({
  nodes: fc.constantFrom(3, 3, 5),
  crashes: fc.nat(6),
  lost: fc.constantFrom(0, 0, 5, 20),
  repeated: fc.constantFrom(0, 10, 30),
});

describe('Consensus', () => {
  it('is linearizable whatever is lost, repeated or swapped, and whoever crashes, plain writes before it included', async () => {
    let answered = 0;
    await fc.assert(
      fc.asyncProperty(fc.nat(), faults, async (seed, drawn) => {
        const { world, calls } = await runWorld(seed, drawn);
        answered += calls.filter((call) => call.outcome === 'ok').length;
        expect(checkLinearizable(calls)).to.equal(undefined);
        const shown = new Set(world.nodes.map((node) => node.shown.get('key')));
        expect(shown.size, `all see the same: ${[...shown].join(' and ')}`).to.equal(1);
      }),
      { numRuns: RUNS },
    );
    expect(answered).to.be.above(RUNS * 20);
  });

  it('takes one round trip for who proposes again', async () => {
    const world = new ConsensusWorld(1, { nodes: 3, lost: 0, repeated: 0 });
    const times: number[] = [];
    for (let i = 0; i < 4; i++) {
      const beganMs = world.nowMs;
      const end = (): void => void times.push(world.nowMs - beganMs);
      world.nodes[0].turn((consensus) =>
        consensus.submit(KEY, { run: (entry) => ({ entry, reply: EMPTY_BYTES }), end }),
      );
      await world.runFor(500);
    }
    // Two legs of at most 30 ms, and a sync of at most 20.
    for (const time of times.slice(1)) expect(time).to.be.at.most(80);
  });

  for (const isWaitedFor of [true, false]) {
    it(`${isWaitedFor ? 'keeps' : 'would lose'} what is decided while acceptors give way to others${isWaitedFor ? '' : ', if it did not say when they may'}`, async () => {
      let deaf = 2;
      const world = new ConsensusWorld(7, { nodes: 4, lost: 0, repeated: 0, isDeaf: (index) => index === deaf });
      const ask = async (node: number, value?: string): Promise<string> => {
        let seen = 'no answer';
        const run = (entry: Buffer): { entry: Buffer; reply: Buffer } => ({
          entry: value === undefined ? entry : Buffer.from(value),
          reply: entry,
        });
        const end = (_outcome: string, reply?: Buffer): void => void (seen = String(reply));
        world.nodes[node].turn((consensus) => consensus.submit(KEY, { run, end }));
        await world.runFor(1400);
        return seen;
      };
      world.sets = [[0, 1, 2]];
      await ask(0, '1:a');
      deaf = -1;
      world.nodes[0].turn((consensus) => consensus.restart());
      world.useSets([
        [0, 1, 2],
        [1, 2, 3],
      ]);
      const hasMoved = (): boolean => [0, 1, 2].filter((i) => world.nodes[i].consensus?.hasMoved === true).length >= 2;
      expect(hasMoved()).to.equal(false);
      while (isWaitedFor && !hasMoved()) await world.runFor(100);
      world.useSets([[1, 2, 3]]);
      deaf = 1;
      expect(await ask(3)).to.equal(isWaitedFor ? '1:a' : '');
    });
  }

  it('has nothing to move of keys that it is no acceptor of any more (simulator, scenario everything, seed 2000001: a change of the ring never ended)', async () => {
    const world = new ConsensusWorld(1, { nodes: 5, lost: 0, repeated: 0 });
    world.sets = [[0, 1, 2]];
    world.nodes[0].turn((consensus) => consensus.rewrite(KEY));
    await world.runFor(1000);
    world.useSets([[1, 2, 3]]);
    world.useSets([
      [1, 2, 3],
      [2, 3, 4],
    ]);
    expect(world.nodes[1].consensus?.hasMoved).to.equal(false);
    expect(world.nodes[0].consensus?.hasMoved).to.equal(true);
  });

  /** Whether any of so many seeds shows a bug. */
  const isCaught = async (seeds: number, drawn: Faults, changes: Partial<WorldOptions>): Promise<boolean> => {
    for (let seed = 1; seed <= seeds; seed++) {
      const { calls } = await runWorld(seed, drawn, changes);
      if (checkLinearizable(calls) !== undefined) return true;
    }
    return false;
  };

  it('is not linearizable if what was promised and accepted is told before it is durable', async () => {
    const log: WorldOptions['log'] = (options, world) =>
      Object.assign(new AcceptorLog(options), { whenDurable: (then: () => void) => world.after(0, then) });
    const faultsDrawn = { nodes: 3, crashes: 12, lost: 0, repeated: 0 };
    expect(await isCaught(400, faultsDrawn, { log, syncMs: 200 })).to.equal(true);
    expect(await isCaught(50, faultsDrawn, { syncMs: 200 })).to.equal(false);
  });

  it('is not linearizable if an acceptor takes plain writes behind its promise', async () => {
    const faultsDrawn = { nodes: 3, crashes: 0, lost: 0, repeated: 0 };
    const isDeaf = (index: number, nowMs: number): boolean => index === 2 && nowMs < 1500;
    expect(await isCaught(100, faultsDrawn, { isDeaf, ignoresEra: (index) => index === 0 })).to.equal(true);
    expect(await isCaught(100, faultsDrawn, { isDeaf })).to.equal(false);
  });
});
