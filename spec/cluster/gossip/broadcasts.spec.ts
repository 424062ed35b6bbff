import { expect } from 'chai';
import { Broadcasts } from '../../../lib/cluster/gossip/broadcasts.js';
import { idOf } from './samples.js';

/** What is taken if there is room for `room` pieces. */
function take(broadcasts: Broadcasts, limit: number, room = Infinity): string[] {
  const taken: string[] = [];
  broadcasts.take(limit, (bytes) => {
    if (taken.length >= room) return false;
    taken.push(bytes.toString());
    return true;
  });
  return taken;
}

describe('Broadcasts', () => {
  it('gives each piece as often as the limit says', () => {
    const broadcasts = new Broadcasts();
    broadcasts.add(idOf(1), Buffer.from('a'));
    expect([take(broadcasts, 2), take(broadcasts, 2), take(broadcasts, 2)]).to.deep.equal([['a'], ['a'], []]);
    expect(broadcasts.size).to.equal(0);
  });

  it('gives what was sent least often first, then what is newest', () => {
    const broadcasts = new Broadcasts();
    broadcasts.add(idOf(1), Buffer.from('a'));
    broadcasts.add(idOf(2), Buffer.from('b'));
    expect(take(broadcasts, 9, 1)).to.deep.equal(['b']);
    expect(take(broadcasts, 9, 1)).to.deep.equal(['a']);
    broadcasts.add(idOf(3), Buffer.from('c'));
    expect(take(broadcasts, 9)).to.deep.equal(['c', 'b', 'a']);
  });

  it('passes over what there is no room for', () => {
    const broadcasts = new Broadcasts();
    broadcasts.add(idOf(1), Buffer.from('short'));
    broadcasts.add(idOf(2), Buffer.from('very long'));
    const taken: string[] = [];
    broadcasts.take(1, (bytes) => bytes.length < 6 && taken.push(bytes.toString()) > 0);
    expect(taken).to.deep.equal(['short']);
    expect(take(broadcasts, 1)).to.deep.equal(['very long']);
  });

  it('has one piece about a member: the newest, with all of its sends before it', () => {
    const broadcasts = new Broadcasts();
    broadcasts.add(idOf(1), Buffer.from('suspect'));
    take(broadcasts, 2);
    broadcasts.add(idOf(1), Buffer.from('alive'));
    expect([take(broadcasts, 2), take(broadcasts, 2), take(broadcasts, 2)]).to.deep.equal([['alive'], ['alive'], []]);
  });

  it('drops what there is to say about a member', () => {
    const broadcasts = new Broadcasts();
    broadcasts.add(idOf(1), Buffer.from('a'));
    broadcasts.drop(idOf(1));
    expect(take(broadcasts, 2)).to.deep.equal([]);
  });
});
