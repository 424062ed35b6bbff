import { expect } from 'chai';
import { Harness } from './harness.js';

const NOT_AN_INTEGER = 'ERR value is not an integer or out of range';
const DB_OUT_OF_RANGE = 'ERR DB index is out of range';

describe('database commands', () => {
  let db: Harness;
  beforeEach(() => {
    db = new Harness();
  });

  it('SELECT keeps databases apart', () => {
    db.run('SET', 'k', '0');
    expect(db.run('SELECT', 15)).to.equal('OK');
    expect(db.run('GET', 'k')).to.equal(null);
    db.run('SET', 'k', '15');
    expect(db.run('DBSIZE')).to.equal(1);
    db.run('SELECT', 0);
    expect(db.run('GET', 'k')).to.equal('0');
  });

  it('SELECT refuses what is no database', () => {
    expect(db.error('SELECT', 16)).to.equal(DB_OUT_OF_RANGE);
    expect(db.error('SELECT', -1)).to.equal(DB_OUT_OF_RANGE);
    expect(db.error('SELECT', 'x')).to.equal(NOT_AN_INTEGER);
    expect(db.error('SELECT', '9223372036854775808')).to.equal(NOT_AN_INTEGER);
    expect(db.error('SELECT', '2147483648')).to.equal(
      'ERR value is out of range, value must between -2147483648 and 2147483647',
    );
    expect(db.databaseNumber).to.equal(0);
  });

  it('FLUSHDB empties one database, FLUSHALL all', () => {
    for (const number of [0, 1, 2]) {
      db.run('SELECT', number);
      db.run('MSET', 'a', '1', 'b', '2');
    }
    expect(db.run('FLUSHDB')).to.equal('OK');
    expect(db.run('DBSIZE')).to.equal(0);
    db.run('SELECT', 1);
    expect(db.run('DBSIZE')).to.equal(2);
    expect(db.run('FLUSHALL', 'ASYNC')).to.equal('OK');
    for (const number of [0, 1, 2]) {
      db.run('SELECT', number);
      expect(db.run('DBSIZE')).to.equal(0);
    }
    expect(db.run('FLUSHDB', 'sync')).to.equal('OK');
    expect(db.replayed().keyspace.keyCount).to.equal(0);
  });

  it('FLUSHDB and FLUSHALL refuse other words', () => {
    db.run('SET', 'k', 'v');
    for (const words of [['NOW'], ['SYNC', 'SYNC'], ['']]) {
      expect(db.error('FLUSHDB', ...words)).to.equal('ERR syntax error');
      expect(db.error('FLUSHALL', ...words)).to.equal('ERR syntax error');
    }
    expect(db.run('DBSIZE')).to.equal(1);
  });

  it('SWAPDB exchanges two databases, for a restart too', () => {
    db.run('SET', 'k', 'zero');
    expect(db.run('SWAPDB', 0, 3)).to.equal('OK');
    expect(db.run('GET', 'k')).to.equal(null);
    db.run('SET', 'k', 'three');
    db.run('SELECT', 3);
    expect(db.run('GET', 'k')).to.equal('zero');
    const copy = db.replayed();
    expect(copy.run('GET', 'k')).to.equal('three');
    copy.run('SELECT', 3);
    expect(copy.run('GET', 'k')).to.equal('zero');
  });

  it('SWAPDB looks at both numbers before their range', () => {
    expect(db.error('SWAPDB', 'x', 'x')).to.equal('ERR invalid first DB index');
    expect(db.error('SWAPDB', 99, 'x')).to.equal('ERR invalid second DB index');
    expect(db.error('SWAPDB', '99999999999', 0)).to.equal('ERR invalid first DB index');
    expect(db.error('SWAPDB', 0, 99)).to.equal(DB_OUT_OF_RANGE);
    expect(db.error('SWAPDB', -1, 0)).to.equal(DB_OUT_OF_RANGE);
    expect(db.run('SWAPDB', 2, 2)).to.equal('OK');
    expect(db.takeWrites()).to.equal(false);
  });
});
