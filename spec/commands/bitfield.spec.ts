import { expect } from 'chai';
import { Harness } from './harness.js';

const TYPE_ERROR = 'ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.';
const OFFSET_ERROR = 'ERR bit offset is not an integer or out of range';
const SYNTAX_ERROR = 'ERR syntax error';

describe('BITFIELD', () => {
  let db: Harness;
  beforeEach(() => {
    db = new Harness();
  });

  it('runs its operations in order', () => {
    expect(
      db.run('BITFIELD', 'k', 'SET', 'u8', 0, 255, 'GET', 'u4', 4, 'INCRBY', 'u8', '#0', 2, 'get', 'i8', 0),
    ).to.deep.equal([0, 15, 1, 1]);
    expect(db.run('GET', 'k')).to.equal('\x01');
    expect(db.run('BITFIELD', 'k')).to.deep.equal([]);
  });

  it('reaches all widths, and beyond the end of the string', () => {
    expect(db.run('BITFIELD', 'k', 'SET', 'i64', 1, '-9223372036854775808', 'GET', 'i64', 1)).to.deep.equal([
      0,
      -9223372036854775808n,
    ]);
    expect(db.run('BITFIELD', 'k', 'SET', 'u63', '#3', '9223372036854775807')).to.deep.equal([0]);
    expect(db.run('BITFIELD', 'k', 'GET', 'u63', 63 * 3, 'GET', 'u8', 1000)).to.deep.equal([9223372036854775807n, 0]);
    expect(db.run('STRLEN', 'k')).to.equal(Math.ceil((63 * 4) / 8));
  });

  it('OVERFLOW says what becomes of the operations behind it', () => {
    const increments = ['INCRBY', 'u2', 0, 3, 'OVERFLOW', 'SAT', 'INCRBY', 'u2', 0, 3, 'INCRBY', 'u2', 0, 1];
    expect(db.run('BITFIELD', 'k', ...increments)).to.deep.equal([3, 3, 3]);
    expect(db.run('BITFIELD', 'k', 'INCRBY', 'u2', 0, 2)).to.deep.equal([1]);
    expect(db.run('BITFIELD', 'k', 'overflow', 'fail', 'INCRBY', 'u2', 0, 3, 'SET', 'u2', 0, 4)).to.deep.equal([
      null,
      null,
    ]);
    expect(db.run('BITFIELD', 'k', 'GET', 'u2', 0)).to.deep.equal([1]);
  });

  it('grows the string even for an operation that fails', () => {
    expect(db.run('BITFIELD', 'k', 'OVERFLOW', 'FAIL', 'INCRBY', 'u2', 1000, 100)).to.deep.equal([null]);
    expect(db.run('STRLEN', 'k')).to.equal(126);
  });

  it('only reading makes no key, keeps the expiry and writes nothing', () => {
    expect(db.run('BITFIELD', 'none', 'GET', 'u8', 0, 'OVERFLOW', 'SAT')).to.deep.equal([0]);
    expect(db.run('EXISTS', 'none')).to.equal(0);
    db.run('SET', 'k', 'a', 'EX', 10);
    db.run('BITFIELD', 'k', 'SET', 'u8', 8, 1);
    expect(db.run('TTL', 'k')).to.equal(10);
    db.takeWrites();
    db.run('BITFIELD', 'k', 'GET', 'u8', 0);
    db.run('BITFIELD', 'k', 'SET', 'u8', 8, 1);
    expect(db.takeWrites()).to.equal(false);
  });

  it('changes nothing when one of its operations is refused', () => {
    for (const type of ['u64', 'i65', 'i0', 'x8', 'i', '', '8']) {
      expect(db.error('BITFIELD', 'k', 'SET', 'u8', 0, 1, 'GET', type, 0), type).to.equal(TYPE_ERROR);
    }
    for (const offset of ['-1', 'x', '', '#', '#x', '#-1', '4294967296', '#536870912']) {
      expect(db.error('BITFIELD', 'k', 'SET', 'u8', 0, 1, 'GET', 'u8', offset), offset).to.equal(OFFSET_ERROR);
    }
    for (const words of [['GET', 'u8'], ['SET', 'u8', '0'], ['INCRBY', 'u8', '0'], ['FOO', 'u8', '0'], ['OVERFLOW']]) {
      expect(db.error('BITFIELD', 'k', 'SET', 'u8', 0, 1, ...words), words.join(' ')).to.equal(SYNTAX_ERROR);
    }
    expect(db.error('BITFIELD', 'k', 'OVERFLOW', 'FOO', 'GET', 'u8', 0)).to.equal(
      'ERR Invalid OVERFLOW type specified',
    );
    expect(db.error('BITFIELD', 'k', 'SET', 'u8', 0, 'x')).to.equal('ERR value is not an integer or out of range');
    expect(db.run('EXISTS', 'k')).to.equal(0);
  });

  it('_RO only reads', () => {
    db.run('SET', 'k', 'a');
    expect(db.run('BITFIELD_RO', 'k', 'GET', 'u8', 0, 'OVERFLOW', 'WRAP', 'GET', 'u1', 1)).to.deep.equal([97, 1]);
    const refusal = 'ERR BITFIELD_RO only supports the GET subcommand';
    expect(db.error('BITFIELD_RO', 'k', 'GET', 'u8', 0, 'INCRBY', 'u8', 0, 1)).to.equal(refusal);
    expect(db.error('BITFIELD_RO', 'k', 'SET', 'u8', 0, 1)).to.equal(refusal);
  });
});
