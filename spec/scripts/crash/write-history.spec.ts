import { expect } from 'chai';
import fc from 'fast-check';
import { WriteHistory, type Effect } from '../../../scripts/crash/write-history.js';

const CRASH_MS = 1000;

/** Writes of one or two effects over a few keys; no value comes twice. */
const writes = fc
  .array(fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.boolean()), { minLength: 1, maxLength: 2 }), {
    maxLength: 20,
  })
  .map((all) => all.map((write, i) => write.map(([key, sets], j): Effect => [key, sets ? `${i}.${j}` : undefined])));

function historyOf(all: readonly (readonly Effect[])[], acknowledged: number): WriteHistory {
  const history = new WriteHistory(new Map([['a', 'before']]));
  for (const write of all) history.record(write);
  for (let i = 0; i < acknowledged; i++) history.acknowledge(i);
  return history;
}

describe('WriteHistory', () => {
  it('explains every state that it went through, and says how many acknowledged writes it lacks', () => {
    fc.assert(
      fc.property(writes, fc.nat(), fc.nat(), (all, cutSeed, acknowledgedSeed) => {
        const cut = cutSeed % (all.length + 1);
        const acknowledged = acknowledgedSeed % (all.length + 1);
        const history = historyOf(all, acknowledged);
        const found = history.stateAt(cut);
        const verdict = history.judge(found, CRASH_MS);
        // Writes that change nothing may make it later.
        expect(verdict.cut).to.be.at.least(cut);
        expect(history.stateAt(verdict.cut ?? -1)).to.deep.equal(found);
        expect(verdict.lost).to.equal(Math.max(0, acknowledged - (verdict.cut ?? 0)));
        expect(verdict.lostMs).to.equal(verdict.lost === 0 ? 0 : CRASH_MS - (verdict.cut ?? 0));
      }),
    );
  });

  it('explains no state that it did not go through', () => {
    const history = historyOf([[['a', '1']], [['b', '2']], [['c', '3']]], 3);
    const verdict = history.judge(
      new Map([
        ['a', '1'],
        ['c', '3'],
      ]),
      CRASH_MS,
    );
    expect(verdict.cut).to.equal(undefined);
    expect(verdict.strangers).to.deep.equal(["b: expected '2', found none"]);
  });

  it('takes no half of a write that changes two keys', () => {
    const history = historyOf(
      [
        [
          ['a', '1'],
          ['b', '1'],
        ],
      ],
      0,
    );
    expect(history.judge(new Map([['a', '1']]), CRASH_MS).cut).to.equal(undefined);
    expect(history.judge(new Map([['a', 'before']]), CRASH_MS).cut).to.equal(0);
  });

  it('finds what was never sent', () => {
    const history = historyOf([[['a', '1']]], 1);
    expect(history.judge(new Map([['a', '2']]), CRASH_MS).cut).to.equal(undefined);
    const strange = new Map([
      ['a', '1'],
      ['x', '1'],
    ]);
    expect(history.judge(strange, CRASH_MS).strangers).to.deep.equal(["x: expected none, found '1'"]);
  });

  it('does not explain what was refused', () => {
    const history = historyOf([[['a', '1']], [['a', '2']]], 1);
    history.refuseRest();
    expect(history.judge(new Map([['a', '2']]), CRASH_MS).cut).to.equal(undefined);
    expect(history.judge(new Map([['a', '1']]), CRASH_MS).cut).to.equal(1);
  });

  it('acknowledges no more than was sent', () => {
    const history = historyOf([[['a', '1']]], 1);
    expect(() => history.acknowledge(0)).to.throw('a write was acknowledged that was not sent');
  });
});
