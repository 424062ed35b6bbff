import { expect } from 'chai';
import fc from 'fast-check';

import type { AcceptorState } from '../../../lib/cluster/consensus/acceptor.js';
import { FRESH_STATE, accept, mayForget, promise } from '../../../lib/cluster/consensus/acceptor.js';
import type { Ballot } from '../../../lib/cluster/consensus/ballot.js';
import { NO_BALLOT } from '../../../lib/cluster/consensus/ballot.js';
import { Forgetting, Holding } from '../../../lib/cluster/consensus/forgetting.js';
import type { DeletedKey, Vote } from '../../../lib/cluster/consensus/forgetting.js';
import { Proposal } from '../../../lib/cluster/consensus/proposal.js';
import { AcceptorLog } from '../../../lib/cluster/consensus/acceptor-log.js';
import type { RegisterCall } from '../../sim/linearizability-checker.js';
import { checkLinearizable } from '../../sim/linearizability-checker.js';
import { Clients, KEY } from './consensus-clients.js';
import type { WorldNode, WorldOptions } from './consensus-world.js';
import { ConsensusWorld, stampIfDeleted } from './consensus-world.js';

const RUNS = Number(process.env['CONSENSUS_RUNS'] ?? 60);
const LIFE_MS = 6000;
/** Clients ask for so long, then nobody does for as long. */
const SEASON_MS = 700;

const at = (round: number): Ballot => ({ round, proposer: 1 });

interface Faults {
  readonly crashes: number;
  readonly lost: number;
  readonly repeated: number;
}

/** Has the key forgotten again and again, as repair does, over a network that loses messages. */
class Forgetter {
  forgotten = 0;
  private readonly world: ConsensusWorld;

  constructor(world: ConsensusWorld) {
    this.world = world;
  }

  run(): void {
    const { world } = this;
    this.settle();
    const driver = world.nodes[world.random.below(world.nodes.length)];
    driver.turn((consensus) => {
      for (const deleted of consensus.deletedKeys()) if (deleted !== undefined) this.ask(driver, deleted);
    });
    world.after(50 + world.random.below(100), () => this.run());
  }

  /** What all have, a delete: nothing older comes any more. */
  private settle(): void {
    const { nodes } = this.world;
    const [first, ...others] = nodes.map(({ plain }) => plain.get('key') ?? '');
    const stamp = stampIfDeleted(first);
    if (stamp === undefined || others.some((one) => one !== first)) return;
    for (const node of nodes) node.settled = Math.max(node.settled, stamp);
  }

  private ask(driver: WorldNode, deleted: DeletedKey): void {
    const { world } = this;
    const promised = driver.consensus?.promisedHere(KEY.toString('latin1')) ?? NO_BALLOT;
    const forgetting = new Forgetting(
      deleted,
      world.nodes.map(({ id }) => id),
      promised,
    );
    const { floor } = forgetting;
    const end = (node: WorldNode, vote: Vote): void => {
      forgetting.voted(node.id, vote);
      if (!forgetting.isAgreed) return;
      for (const one of world.nodes) world.carry(() => this.forget(one, deleted, floor));
    };
    for (const node of world.nodes) {
      world.carry(() =>
        node.turn((consensus) => {
          const vote = consensus.revoke(deleted, floor);
          if (vote === undefined) return;
          void consensus.whenDurable().then(() => world.carry(() => end(node, vote)));
        }),
      );
    }
  }

  private forget(node: WorldNode, { accepted }: DeletedKey, floor: Ballot): void {
    node.turn((consensus) => {
      if (consensus.forget(KEY, accepted, floor)) this.forgotten++;
    });
  }
}

/** Clients that ask and rest, plain writers between, and a key that is forgotten when it is deleted. Returns what is not linearizable, and how often the key was forgotten. */
async function runWorld(
  seed: number,
  { crashes, ...faults }: Faults,
  changes: Partial<WorldOptions> = {},
): Promise<{ problem: string | undefined; calls: readonly RegisterCall[]; forgotten: number }> {
  const world = new ConsensusWorld(seed, { nodes: 3, ...faults, ...changes });
  const clients = new Clients(world, LIFE_MS, (nowMs) => Math.floor(nowMs / SEASON_MS) % 2 === 1);
  const forgetter = new Forgetter(world);
  clients.writeBetween();
  for (const name of ['c1', 'c2', 'c3']) clients.run(name);
  forgetter.run();
  for (let i = 0; i < crashes; i++) {
    world.after(world.random.below(LIFE_MS), () => {
      const node = world.nodes[world.random.below(world.nodes.length)];
      if (node.consensus === undefined) return;
      node.crash();
      world.after(world.random.below(500), () => node.start());
    });
  }
  await world.runFor(LIFE_MS + 4000);
  world.isHealed = true;
  for (const node of world.nodes) if (node.consensus === undefined) node.start();
  await world.runFor(5000);
  return { problem: checkLinearizable(clients.calls), calls: clients.calls, forgotten: forgetter.forgotten };
}

const faultsDrawn = fc.record({
  crashes: fc.nat(4),
  lost: fc.constantFrom(0, 5, 20),
  repeated: fc.constantFrom(0, 10, 30),
});

describe('Forgetting', () => {
  it('leaves keys linearizable, plain writes included, whatever is lost, repeated or swapped, and whoever crashes', async () => {
    let forgotten = 0;
    let plain = 0;
    await fc.assert(
      fc.asyncProperty(fc.nat(), faultsDrawn, async (seed, drawn) => {
        const run = await runWorld(seed, drawn);
        forgotten += run.forgotten;
        plain += run.calls.filter(({ client, outcome }) => client === 'plain' && outcome === 'ok').length;
        expect(run.problem).to.equal(undefined);
      }),
      { numRuns: RUNS },
    );
    expect(forgotten, 'states forgotten').to.be.above(RUNS);
    expect(plain, 'plain writes').to.be.above(RUNS);
  });

  /** Whether any of so many seeds shows a bug. */
  const isCaught = async (seeds: number, changes: Parameters<typeof runWorld>[2]): Promise<boolean> => {
    for (let seed = 1; seed <= seeds; seed++) {
      const { problem } = await runWorld(seed, { crashes: 1, lost: 20, repeated: 10 }, changes);
      if (problem !== undefined) return true;
    }
    return false;
  };

  it('would lose plain writes if who still has the delete decided alone', async () => {
    expect(await isCaught(1000, { ignoresPlain: true })).to.equal(true);
  });

  it('would bring values back if an acceptor that has forgotten had no floor', async () => {
    const log: WorldOptions['log'] = (options) => {
      const made = new AcceptorLog(options);
      const floorOf = made.floorOf.bind(made);
      return Object.assign(made, { floorOf: (slot: number) => (made.size === 0 ? NO_BALLOT : floorOf(slot)) });
    };
    expect(await isCaught(1000, { log })).to.equal(true);
  });
});

describe('Consensus.giveUp', () => {
  for (const isGivenUp of [true, false]) {
    it(`${isGivenUp ? 'keeps' : 'is what keeps'} an acceptor that comes back from bringing back what others have forgotten meanwhile${isGivenUp ? '' : ': without it, it does'}`, async () => {
      const world = new ConsensusWorld(3, { nodes: 4, lost: 0, repeated: 0 });
      const ask = async (node: number, entry?: string): Promise<string> => {
        let seen = 'no answer';
        const run = (before: Buffer): { entry: Buffer; reply: Buffer } => ({
          entry: entry === undefined ? before : Buffer.from(entry),
          reply: before,
        });
        const end = (_outcome: string, reply?: Buffer): void => void (seen = String(reply));
        world.nodes[node].turn((consensus) => consensus.submit(KEY, { run, end }));
        await world.runFor(1400);
        return seen;
      };
      const change = async (from: number[], to: number[]): Promise<void> => {
        world.useSets([from, to]);
        while (!from.every((i) => world.nodes[i].consensus?.hasMoved === true)) await world.runFor(100);
        world.useSets([to]);
      };
      world.sets = [[0, 1, 2]];
      await ask(0, '000001:value');
      await change([0, 1, 2], [0, 1, 3]);
      await ask(0, '000002:');
      const acceptors = [0, 1, 3].map((i) => world.nodes[i]);
      for (const node of acceptors) node.settled = 2;
      const deleted = [...(world.nodes[0].consensus?.deletedKeys() ?? [])][0];
      if (deleted === undefined) throw new Error('the key is not deleted');
      const floor = world.nodes[0].consensus?.promisedHere(KEY.toString('latin1')) ?? NO_BALLOT;
      for (const node of acceptors) {
        node.turn((consensus) => {
          expect(consensus.revoke(deleted, floor)?.holding).to.equal(Holding.DELETE);
          expect(consensus.forget(KEY, deleted.accepted, floor)).to.equal(true);
          expect(consensus.isEraOne(KEY)).to.equal(false);
        });
      }
      const comingBack = world.nodes[2];
      comingBack.plain.clear();
      comingBack.turn((consensus) => void (isGivenUp && consensus.giveUp(() => true)));
      await change([0, 1, 3], [0, 2, 3]);
      expect(await ask(3)).to.equal(isGivenUp ? '000002:' : '000001:value');
    });
  }
});

describe('acceptors', () => {
  const state: AcceptorState = { promised: at(6), accepted: at(5), entry: 'e' };

  it('promise and accept nothing up to the floor, but say again what they have accepted', () => {
    expect(promise(state, at(9), at(9))).to.equal(undefined);
    expect(promise(state, at(9), at(10))).to.deep.equal({ ...state, promised: at(10) });
    expect(promise(FRESH_STATE, at(9), at(8))).to.equal(undefined);
    expect(accept(state, at(9), at(9), 'f', at(10))).to.equal(undefined);
    expect(accept(state, at(5), at(6), 'f', at(7))).to.deep.equal({ promised: at(7), accepted: at(6), entry: 'f' });
    expect(accept(state, at(9), at(5), 'e', at(6))).to.equal(state);
    expect(accept(FRESH_STATE, at(9), at(8), 'f', at(9))).to.equal(undefined);
  });

  it('forget nothing else, nor what may yet be decided', () => {
    expect(mayForget(state, at(5), at(6))).to.equal(true);
    expect(mayForget(FRESH_STATE, at(5), at(6))).to.equal(true);
    expect(mayForget({ ...state, accepted: NO_BALLOT }, at(5), at(6))).to.equal(true);
    expect(mayForget(state, at(4), at(6)), 'something else').to.equal(false);
    expect(mayForget(state, at(5), at(5)), 'promised more').to.equal(false);
  });
});

describe('Proposal.standing', () => {
  const proposedBy = (round: number): Proposal => {
    const run = (entry: Buffer): { entry: Buffer; reply: Buffer } => ({ entry, reply: entry });
    const proposal = new Proposal({ run, end: () => undefined }, 0);
    proposal.proposeOn(KEY, at(round));
    return proposal;
  };

  it('is unknown of what was proposed up to the floor, if nothing is accepted: perhaps it was, and is forgotten', () => {
    expect(proposedBy(4).standing(NO_BALLOT, at(4))).to.equal('unknown');
    expect(proposedBy(5).standing(NO_BALLOT, at(4))).to.equal('open');
    expect(proposedBy(4).standing(at(3), at(9))).to.equal('open');
    expect(proposedBy(4).standing(at(4), at(9))).to.equal('included');
  });
});

describe('Forgetting.isAgreed', () => {
  const deleted = { key: KEY, accepted: at(3), stamp: 7 };
  const members = ['a', 'b', 'c'];
  const vote = (promised: number, holding: Holding = Holding.DELETE): Vote => ({ holding, promised: at(promised) });

  it('takes the votes of all, and a floor that none of them has promised more than', () => {
    const forgetting = new Forgetting(deleted, members, at(4));
    expect(forgetting.floor).to.deep.equal(at(4));
    forgetting.voted('a', vote(4));
    forgetting.voted('b', vote(0));
    expect(forgetting.isAgreed, 'one is missing').to.equal(false);
    forgetting.voted('c', vote(6));
    expect(forgetting.isAgreed, 'one has promised more').to.equal(false);
    expect(forgetting.raise()).to.equal(true);
    expect(forgetting.floor).to.deep.equal(at(6));
    for (const member of members) forgetting.voted(member, vote(6));
    expect(forgetting.isAgreed).to.equal(true);
  });

  it('is not so if one of them has something else, or a plain write', () => {
    for (const holding of [Holding.OTHER, Holding.PLAIN]) {
      const forgetting = new Forgetting(deleted, members, NO_BALLOT);
      expect(forgetting.floor).to.deep.equal(at(3));
      for (const member of members) forgetting.voted(member, vote(0, member === 'b' ? holding : Holding.DELETE));
      expect(forgetting.isAgreed).to.equal(false);
      expect(forgetting.raise()).to.equal(false);
      expect(forgetting.isWritten).to.equal(holding === Holding.PLAIN);
    }
  });
});
