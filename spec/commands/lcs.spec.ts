import { expect } from 'chai';
import { Harness } from './harness.js';

describe('LCS', () => {
  let db: Harness;
  beforeEach(() => {
    db = new Harness();
    db.run('MSET', 'a', 'ohmytext', 'b', 'mynewtext');
  });

  it('answers with the subsequence, its length, or where it is', () => {
    expect(db.wire('LCS', 'a', 'b')).to.equal('$6\r\nmytext\r\n');
    expect(db.run('LCS', 'a', 'b', 'LEN')).to.equal(6);
    const last = [
      [4, 7],
      [5, 8],
    ];
    const first = [
      [2, 3],
      [0, 1],
    ];
    expect(db.run('LCS', 'a', 'b', 'idx')).to.deep.equal(['matches', [last, first], 'len', 6]);
    expect(db.run('LCS', 'a', 'b', 'IDX', 'MINMATCHLEN', 4)).to.deep.equal(['matches', [last], 'len', 6]);
    expect(db.run('LCS', 'a', 'b', 'IDX', 'WITHMATCHLEN', 'MINMATCHLEN', -1)).to.deep.equal([
      'matches',
      [
        [...last, 4],
        [...first, 2],
      ],
      'len',
      6,
    ]);
  });

  it('is a map in RESP3', () => {
    db.reply.resp = 3;
    expect(db.wire('LCS', 'a', 'none', 'IDX')).to.equal('%2\r\n$7\r\nmatches\r\n*0\r\n$3\r\nlen\r\n:0\r\n');
  });

  it('takes a key that is not there for an empty string', () => {
    expect(db.run('LCS', 'a', 'none')).to.equal('');
    expect(db.run('LCS', 'none', 'none', 'LEN')).to.equal(0);
    db.run('PEXPIRE', 'b', 1);
    db.advance(1);
    expect(db.run('LCS', 'a', 'b')).to.equal('');
    expect(db.run('LCS', 'a', 'a')).to.equal('ohmytext');
  });

  it('refuses what is no option, and strings that are too long', () => {
    const both = 'ERR If you want both the length and indexes, please just use IDX.';
    expect(db.error('LCS', 'a', 'b', 'LEN', 'IDX')).to.equal(both);
    expect(db.error('LCS', 'a', 'b', 'FOO')).to.equal('ERR syntax error');
    expect(db.error('LCS', 'a', 'b', 'MINMATCHLEN')).to.equal('ERR syntax error');
    expect(db.error('LCS', 'a', 'b', 'MINMATCHLEN', 'x')).to.equal('ERR value is not an integer or out of range');
    db.valueBytesMax = 9 * 10 * 4 - 1;
    expect(db.error('LCS', 'a', 'b')).to.equal(
      'ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len',
    );
    db.valueBytesMax++;
    expect(db.run('LCS', 'a', 'b')).to.equal('mytext');
  });
});
