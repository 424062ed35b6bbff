import { expect } from 'chai';
import fc from 'fast-check';
import type { AcceptorState, PaxosAnswer, PaxosRequest } from '../../../lib/cluster/topology/paxos.js';
import { FRESH_ACCEPTOR, Proposer, accept, compareBallots, majorityOf } from '../../../lib/cluster/topology/paxos.js';

/** A voter with a disk. */
interface Voter {
  memory: AcceptorState;
  disk: AcceptorState;
}

type Message =
  | { readonly to: 'voter'; readonly voter: number; readonly from: number; readonly request: PaxosRequest }
  | { readonly to: 'proposer'; readonly voter: number; readonly from: number; readonly answer: PaxosAnswer };

/** What of an acceptor's state a voter writes to its disk: the whole, or less, which is the planted bug. */
type Persist = (state: AcceptorState) => AcceptorState;

const persistAll: Persist = (state) => state;
const forgetPromise: Persist = ({ accepted }) => ({ promised: accepted?.ballot, accepted });

/**
 * Some voters, and proposers that duel; messages lie in a bag from which any may be taken, again and again, or lost.
 * A proposer that begins again takes its next round, with another value.
 */
class Duel {
  readonly decided = new Set<string>();
  readonly bag: Message[] = [];
  private readonly voters: Voter[];
  private readonly rounds: number[];
  private readonly proposers: (Proposer | undefined)[];
  private readonly persist: Persist;

  constructor(voterCount: number, proposerCount: number, persist: Persist) {
    this.voters = Array.from({ length: voterCount }, () => ({ memory: FRESH_ACCEPTOR, disk: FRESH_ACCEPTOR }));
    this.rounds = new Array<number>(proposerCount).fill(0);
    this.proposers = new Array<Proposer | undefined>(proposerCount).fill(undefined);
    this.persist = persist;
  }

  begin(proposer: number, minRound = 0): void {
    const round = Math.max(this.rounds[proposer], minRound) + 1;
    this.rounds[proposer] = round;
    const begun = new Proposer({ round, proposer: `p${proposer}` }, `v${proposer}.${round}`, this.voters.length);
    this.proposers[proposer] = begun;
    this.send(proposer, begun.prepare);
  }

  crash(voter: number): void {
    this.voters[voter].memory = this.voters[voter].disk;
  }

  /** Delivers a message, which stays in the bag if `isKept`. */
  deliver(index: number, isKept: boolean): void {
    const message = this.bag[index];
    if (!isKept) this.bag.splice(index, 1);
    if (message.to === 'voter') {
      const voter = this.voters[message.voter];
      const { state, answer } = accept(voter.memory, message.request);
      voter.memory = state;
      voter.disk = this.persist(state);
      this.bag.push({ to: 'proposer', voter: message.voter, from: message.from, answer });
      return;
    }
    const step = this.proposers[message.from]?.onAnswer(`${message.voter}`, message.answer);
    if (step?.kind === 'send') this.send(message.from, step.request);
    if (step?.kind === 'decided') this.decided.add(step.value);
    if (step?.kind === 'beaten') this.rounds[message.from] = Math.max(this.rounds[message.from], step.round);
  }

  private send(from: number, request: PaxosRequest): void {
    this.voters.forEach((_voter, voter) => this.bag.push({ to: 'voter', voter, from, request }));
  }
}

type Event = readonly [kind: number, number: number];
const events = fc.array(fc.tuple(fc.nat(19), fc.nat(1000)), { minLength: 20, maxLength: 250 });

/** Runs a schedule: mostly deliveries; losses, repetitions, crashes, and proposers that begin again. */
function run(duel: Duel, schedule: readonly Event[], voterCount: number, proposerCount: number): void {
  duel.begin(0);
  if (proposerCount > 1) duel.begin(1);
  for (const [kind, number] of schedule) {
    if (kind === 0) duel.crash(number % voterCount);
    else if (kind === 1) duel.begin(number % proposerCount);
    else if (duel.bag.length === 0) duel.begin(number % proposerCount);
    else if (kind === 2) duel.bag.splice(number % duel.bag.length, 1);
    else duel.deliver(number % duel.bag.length, kind === 3);
  }
}

/** Delivers everything, in every order, with a crash of one voter before any delivery or never; calls `check` at each state. */
function explore(build: () => Duel, path: readonly number[], depthMax: number, check: (duel: Duel) => void): number {
  const duel = build();
  for (const step of path) duel.deliver(step, false);
  check(duel);
  if (path.length === depthMax) return 1;
  let count = 1;
  const kinds = new Set<string>();
  for (let index = 0; index < duel.bag.length; index++) {
    const kind = JSON.stringify(duel.bag[index]);
    if (kinds.has(kind)) continue;
    kinds.add(kind);
    count += explore(build, [...path, index], depthMax, check);
  }
  return count;
}

describe('Proposer and accept', () => {
  it('decide at most one value, in any schedule', () => {
    let decisions = 0;
    fc.assert(
      fc.property(
        events,
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 3 }),
        (schedule, voterCount, proposerCount) => {
          const duel = new Duel(voterCount, proposerCount, persistAll);
          run(duel, schedule, voterCount, proposerCount);
          expect(duel.decided.size).to.be.at.most(1);
          decisions += duel.decided.size;
        },
      ),
      { numRuns: 2000 },
    );
    expect(decisions).to.be.above(500);
  });

  it('decide at most one value, in every order of the first deliveries of a duel of two', () => {
    const build = (): Duel => {
      const duel = new Duel(2, 2, persistAll);
      duel.begin(0);
      duel.begin(1);
      return duel;
    };
    const count = explore(build, [], 7, (duel) => expect(duel.decided.size).to.be.at.most(1));
    expect(count).to.be.above(3000);
  });

  it('would decide two if promises were not durable: the schedules find that', () => {
    const findsNothing = (): void =>
      fc.assert(
        fc.property(events, (schedule) => {
          const duel = new Duel(3, 2, forgetPromise);
          run(duel, schedule, 3, 2);
          expect(duel.decided.size).to.be.at.most(1);
        }),
        { numRuns: 20_000, seed: 5, endOnFailure: true },
      );
    expect(findsNothing).to.throw('Property failed');
  });

  it('decide as soon as it is quiet, whatever was before', () => {
    fc.assert(
      fc.property(events, (schedule) => {
        const duel = new Duel(3, 2, persistAll);
        run(duel, schedule, 3, 2);
        const decided = [...duel.decided];
        duel.bag.length = 0;
        duel.begin(0, 1000);
        while (duel.bag.length > 0) duel.deliver(0, false);
        expect(duel.decided.size).to.equal(1);
        if (decided.length === 1) expect([...duel.decided]).to.deep.equal(decided);
      }),
      { numRuns: 300 },
    );
  });
});

describe('compareBallots', () => {
  it('goes by the round, then by the proposer', () => {
    const ballots = [
      { round: 1, proposer: 'a' },
      { round: 1, proposer: 'b' },
      { round: 2, proposer: 'a' },
    ];
    ballots.forEach((a, i) =>
      ballots.forEach((b, j) => expect(Math.sign(compareBallots(a, b))).to.equal(Math.sign(i - j))),
    );
  });
});

describe('majorityOf', () => {
  it('is more than half', () => {
    expect([1, 2, 3, 4, 5, 6, 7].map(majorityOf)).to.deep.equal([1, 2, 2, 3, 3, 4, 4]);
  });
});
