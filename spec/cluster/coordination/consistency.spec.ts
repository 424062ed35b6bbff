import { expect } from 'chai';
import {
  Level,
  consistencyText,
  parseConsistency,
  replicasNeeded,
} from '../../../lib/cluster/coordination/consistency.js';

const BEFORE = { read: Level.QUORUM, write: Level.ALL };

describe('cluster/coordination/consistency', () => {
  it('parseConsistency reads one word for both, or a side of it', () => {
    expect(parseConsistency('any', BEFORE)).to.deep.equal({ read: Level.ONE, write: Level.ANY });
    expect(parseConsistency('Quorum', BEFORE)).to.deep.equal({ read: Level.QUORUM, write: Level.QUORUM });
    expect(parseConsistency('R=3', BEFORE)).to.deep.equal({ read: 3, write: Level.ALL });
    expect(parseConsistency('w=one', BEFORE)).to.deep.equal({ read: Level.QUORUM, write: Level.ONE });
    for (const text of ['', '1', 'R=', 'R=0', 'R=17', 'R=x', 'X=1', 'R=1W=1', 'R=LINEARIZABLE', 'constructor']) {
      expect(parseConsistency(text, BEFORE), text).to.equal(undefined);
    }
  });

  it('parseConsistency reads back whatever consistencyText writes', () => {
    const levels = [Level.ONE, Level.QUORUM, Level.ALL, 2, 16];
    for (const read of levels) {
      for (const write of [...levels, Level.ANY]) {
        let back: { read: number; write: number } | undefined = { read: 9, write: 9 };
        for (const word of consistencyText({ read, write }).split(' ')) {
          back = back && parseConsistency(word, back);
        }
        expect(back).to.deep.equal({ read, write });
      }
    }
  });

  it('replicasNeeded is a majority for QUORUM, and never none', () => {
    expect([1, 2, 3, 4, 5].map((replicas) => replicasNeeded(Level.QUORUM, replicas))).to.deep.equal([1, 2, 2, 3, 3]);
    expect(replicasNeeded(Level.ANY, 3)).to.equal(1);
    expect(replicasNeeded(Level.ALL, 3)).to.equal(3);
    expect(replicasNeeded(7, 3)).to.equal(7);
  });
});
