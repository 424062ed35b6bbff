import { expect } from 'chai';
import { Harness } from './harness.js';

/** What random requests beside redis-server find too seldom (see scripts/fuzz). */
describe('sorted set commands', () => {
  it('read a bound of scores up to its first zero byte', () => {
    const db = new Harness();
    db.run('ZADD', 'z', 0, 'a', 1, 'b');
    expect(db.run('ZRANGEBYSCORE', 'z', '\0', '0')).to.deep.equal(['a']);
    expect(db.run('ZCOUNT', 'z', '(0\0', '1\0x')).to.equal(1);
    expect(db.run('ZREMRANGEBYSCORE', 'z', '1\0', '1')).to.equal(1);
    expect(() => db.run('ZCOUNT', 'z', 'x\0', '1')).to.throw('ERR min or max is not a float');
    expect(() => db.run('ZADD', 'z', '1\0', 'c')).to.throw('ERR value is not a valid float');
  });

  it('read a bound of members that is - or + up to its first zero byte', () => {
    const db = new Harness();
    db.run('ZADD', 'z', 0, 'a', 0, 'b');
    expect(db.run('ZRANGEBYLEX', 'z', '-\0', '+\0x')).to.deep.equal(['a', 'b']);
    expect(() => db.run('ZRANGEBYLEX', 'z', '-x', '+')).to.throw('ERR min or max not valid string range item');
  });

  it('say what is wrong with a COUNT before what is wrong behind it', () => {
    const db = new Harness();
    const refusal = 'ERR count should be greater than 0';
    expect(() => db.run('ZMPOP', 2, 'z', 'y', 'MAX', 'COUNT', 0, 0)).to.throw(refusal);
    expect(() => db.run('BZMPOP', 0.01, 1, 'z', 'MAX', 'COUNT', 'x', 'COUNT', 1)).to.throw(refusal);
    expect(() => db.run('ZMPOP', 1, 'z', 'MAX', 'COUNT', 1, 'COUNT', 1)).to.throw('ERR syntax error');
    expect(() => db.run('ZMPOP', 1, 'z', 'COUNT', 0, 'MAX')).to.throw('ERR syntax error');
  });

  it('answer ZSCAN with integers where Redis has packed them', () => {
    const db = new Harness();
    db.run('ZADD', 'z', '1e17', 'a', '-123456789012345680', 'b', '1e19', 'c', '1.5', 'd');
    const scores = db.run('ZSCAN', 'z', 0) as [string, string[]];
    expect(scores[1]).to.include.members(['100000000000000000', '-123456789012345680', '1e+19', '1.5']);
    db.run('ZADD', 'z', 0, 'long'.repeat(30));
    const unpacked = db.run('ZSCAN', 'z', 0) as [string, string[]];
    expect(unpacked[1]).to.include.members(['1e+17', '-1.2345678901234568e+17', '1e+19', '1.5']);
  });

  it('take a word for an option of ZINCRBY that is one of ZADD, as Redis does', () => {
    const db = new Harness();
    for (const word of ['NX', 'xx', 'CH', 'Incr', 'GT', 'LT']) {
      expect(db.error('ZINCRBY', 'z', word, 'a')).to.equal('ERR syntax error');
    }
    expect(db.error('ZINCRBY', 'z', 'n', 'a')).to.equal('ERR value is not a valid float');
    expect(db.run('ZINCRBY', 'z', 1, 'nx')).to.equal('1');
  });

  it('keep no sign of zero', () => {
    const db = new Harness();
    db.run('ZADD', 'z', '-0', 'a');
    db.run('ZINCRBY', 'z', '-0', 'b');
    expect(db.run('ZRANGE', 'z', 0, -1, 'WITHSCORES')).to.deep.equal(['a', '0', 'b', '0']);
  });
});
