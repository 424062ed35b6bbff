import { expect } from 'chai';
import { WriteHistory } from '../../../scripts/crash/write-history.js';
import { WriteMix } from '../../../scripts/crash/write-mix.js';

/** Numbers from 0 to 1, the same every time. */
function numbers(): () => number {
  let state = 7;
  return () => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) / 2 ** 32;
}

describe('WriteMix', () => {
  it('makes writes of every kind, in its own keys only, with no value twice', () => {
    const mix = new WriteMix('w1:', 5, numbers());
    const history = new WriteHistory();
    const names = new Set<string>();
    const values = new Set<string>();
    for (let i = 0; i < 20_000; i++) {
      const { command, effects } = mix.next(history.state);
      names.add(command[0]);
      history.record(effects);
      for (const [key] of effects) expect(key).to.match(/^w1:n?\d+$/);
      if (command[0] === 'SET') {
        expect(values.has(command[2])).to.equal(false);
        values.add(command[2]);
      }
    }
    expect([...names].sort()).to.deep.equal(['APPEND', 'DEL', 'INCR', 'MSET', 'RENAME', 'SET']);
    expect(mix.sequence).to.be.greaterThan(10_000);
  });

  it('says what INCR, APPEND and DEL answer', () => {
    const mix = new WriteMix('k', 0, () => 0);
    const state = new Map([
      ['kn0', '41'],
      ['k0', 'abc'],
    ]);
    expect(mix.increment(state)).to.deep.equal({ command: ['INCR', 'kn0'], effects: [['kn0', '42']], reply: 42 });
    expect(mix.append(state)).to.deep.equal({ command: ['APPEND', 'k0', '+0'], effects: [['k0', 'abc+0']], reply: 5 });
    expect(mix.remove(state)).to.deep.equal({
      command: ['DEL', 'k0', 'k1'],
      effects: [
        ['k0', undefined],
        ['k1', undefined],
      ],
      reply: 1,
    });
  });
});
