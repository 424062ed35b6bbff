import { expect } from 'chai';
import fc from 'fast-check';
import { Harness } from './harness.js';

const SYNTAX_ERROR = 'ERR syntax error';

/** Scans a whole database; returns the keys as they came. */
function scanAll(db: Harness, ...options: (string | number)[]): string[] {
  const found: string[] = [];
  let cursor = '0';
  do {
    const [next, keys] = db.run('SCAN', cursor, ...options) as [string, string[]];
    found.push(...keys);
    cursor = next;
  } while (cursor !== '0');
  return found;
}

function fill(db: Harness, count: number): string[] {
  const names = Array.from({ length: count }, (_, i) => `key:${i}`);
  for (const name of names) db.run('SET', name, 'v');
  return names.sort();
}

describe('scan commands', () => {
  let db: Harness;
  beforeEach(() => {
    db = new Harness();
  });

  it('SCAN comes by every key once', () => {
    const names = fill(db, 2000);
    for (const count of [1, 7, 10, 1000, 5000, '9223372036854775807']) {
      expect(scanAll(db, 'COUNT', count).sort(), `count ${count}`).to.deep.equal(names);
    }
    expect(scanAll(db).sort()).to.deep.equal(names);
  });

  it('SCAN answers with about as many keys as it was asked for', () => {
    fill(db, 1000);
    const [cursor, keys] = db.run('SCAN', 0, 'COUNT', 50) as [string, string[]];
    expect(keys.length).to.equal(50);
    expect(cursor).to.match(/^[1-9]\d*$/);
    expect(Number(cursor)).to.be.lessThan(2 ** 53);
  });

  it('SCAN returns what stays all the while, whatever else comes and goes', () => {
    const change = fc.tuple(fc.boolean(), fc.nat(40));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), fc.integer({ min: 1, max: 9 }), (changes, count) => {
        const h = new Harness();
        const stays = fill(h, 60);
        const pending = [...changes];
        const found = new Set<string>();
        let cursor = '0';
        do {
          const [next, keys] = h.run('SCAN', cursor, 'COUNT', count) as [string, string[]];
          for (const key of keys) found.add(key);
          cursor = next;
          for (const [adds, i] of pending.splice(0, 5))
            h.run(adds ? 'SETNX' : 'DEL', `other:${i}`, ...(adds ? ['v'] : []));
        } while (cursor !== '0');
        expect(stays.filter((name) => !found.has(name))).to.deep.equal([]);
      }),
      { numRuns: 40 },
    );
  });

  it('SCAN with MATCH and TYPE leaves out what does not fit', () => {
    db.run('MSET', 'apple', '1', 'apricot', '2', 'bean', '3', '', '4');
    expect(scanAll(db, 'MATCH', 'ap*').sort()).to.deep.equal(['apple', 'apricot']);
    expect(scanAll(db, 'match', '*', 'type', 'STRING').length).to.equal(4);
    expect(scanAll(db, 'TYPE', 'hash')).to.deep.equal([]);
    expect(scanAll(db, 'MATCH', 'x*', 'MATCH', 'b*')).to.deep.equal(['bean']);
    expect(scanAll(db, 'MATCH', '')).to.deep.equal(['']);
  });

  it('SCAN leaves out keys that have expired, and removes them', () => {
    const names = fill(db, 50);
    for (const name of names.slice(0, 20)) db.run('PEXPIRE', name, 10);
    db.advance(10);
    expect(scanAll(db).sort()).to.deep.equal(names.slice(20));
    expect(db.run('DBSIZE')).to.equal(30);
    expect(db.keyspace.expiredCount).to.equal(20);
  });

  it('SCAN takes for a cursor what C takes for a number', () => {
    db.run('SET', 'a', 1);
    for (const cursor of ['', '\0', '0\0x', '+0', '-0', '00']) {
      expect(db.run('SCAN', cursor), cursor).to.deep.equal(['0', ['a']]);
    }
    for (const cursor of ['-1', '18446744073709551615', '-18446744073709551615']) {
      expect(db.run('SCAN', cursor), cursor).to.deep.equal(['0', []]);
    }
  });

  it('SCAN refuses what is no cursor and no option', () => {
    for (const cursor of ['x', '-', '+', ' 0', '0 ', '1.5', '0x1', '18446744073709551616', '-18446744073709551616']) {
      expect(db.error('SCAN', cursor), cursor).to.equal('ERR invalid cursor');
    }
    for (const options of [['COUNT'], ['COUNT', '0'], ['COUNT', '-1'], ['MATCH'], ['FOO', 'x'], ['TYPE']]) {
      expect(db.error('SCAN', 0, ...options), options.join(' ')).to.equal(SYNTAX_ERROR);
    }
    expect(db.error('SCAN', 0, 'COUNT', 'x')).to.equal('ERR value is not an integer or out of range');
  });

  it('SCAN is at its end with a cursor beyond all positions', () => {
    fill(db, 10);
    for (const cursor of ['9007199254740991', '9007199254740992', '18446744073709551615']) {
      expect(db.run('SCAN', cursor)).to.deep.equal(['0', []]);
    }
    expect(db.wire('SCAN', '9007199254740992')).to.equal('*2\r\n$1\r\n0\r\n*0\r\n');
  });

  it('KEYS returns what matches', () => {
    db.run('MSET', 'apple', '1', 'apricot', '2', 'bean', '3', '', '4');
    expect((db.run('KEYS', '*') as string[]).sort()).to.deep.equal(['', 'apple', 'apricot', 'bean']);
    expect((db.run('KEYS', 'ap[pr]*') as string[]).sort()).to.deep.equal(['apple', 'apricot']);
    expect(db.run('KEYS', '?????n')).to.deep.equal([]);
    db.run('PEXPIRE', 'bean', 5);
    db.advance(5);
    expect(db.run('KEYS', 'b*')).to.deep.equal([]);
  });

  it('RANDOMKEY returns any key, in time every one', () => {
    expect(db.run('RANDOMKEY')).to.equal(null);
    const names = fill(db, 20);
    const seen = new Set(Array.from({ length: 2000 }, () => db.run('RANDOMKEY') as string));
    expect([...seen].sort()).to.deep.equal(names);
  });

  it('RANDOMKEY returns none that has expired', () => {
    const names = fill(db, 20);
    for (const name of names.slice(1)) db.run('PEXPIRE', name, 5);
    db.advance(5);
    for (let i = 0; i < 20; i++) expect(db.run('RANDOMKEY')).to.equal(names[0]);
    db.run('PEXPIRE', names[0], 5);
    db.advance(5);
    expect(db.run('RANDOMKEY')).to.equal(null);
  });
});
