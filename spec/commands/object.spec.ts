import { expect } from 'chai';
import { Harness } from './harness.js';

describe('OBJECT', () => {
  let db: Harness;
  beforeEach(() => {
    db = new Harness();
    db.run('SET', 'k', 'v');
  });

  it('ENCODING says how Redis would keep the string', () => {
    const table: [string, string][] = [
      ['0', 'int'],
      ['-42', 'int'],
      ['9223372036854775807', 'int'],
      ['-9223372036854775808', 'int'],
      ['9223372036854775808', 'embstr'],
      ['007', 'embstr'],
      ['1.5', 'embstr'],
      ['', 'embstr'],
      ['x'.repeat(44), 'embstr'],
      ['x'.repeat(45), 'raw'],
      ['1'.repeat(45), 'raw'],
    ];
    for (const [value, encoding] of table) {
      db.run('SET', 'k', value);
      expect(db.run('OBJECT', 'ENCODING', 'k'), value).to.equal(encoding);
    }
    expect(db.wire('OBJECT', 'encoding', 'k')).to.equal('$3\r\nraw\r\n');
  });

  it('answers null for a key that is not there', () => {
    for (const name of ['ENCODING', 'REFCOUNT', 'IDLETIME', 'FREQ']) {
      expect(db.wire('OBJECT', name, 'none'), name).to.equal('$-1\r\n');
    }
  });

  it('REFCOUNT is 1', () => {
    expect(db.run('OBJECT', 'REFCOUNT', 'k')).to.equal(1);
  });

  it('IDLETIME counts seconds since the last use', () => {
    db.advance(10_000);
    expect(db.run('OBJECT', 'IDLETIME', 'k')).to.equal(10);
    for (const look of [
      ['EXISTS', 'k'],
      ['TYPE', 'k'],
      ['TTL', 'k'],
      ['OBJECT', 'ENCODING', 'k'],
    ]) {
      db.run(look[0], ...look.slice(1));
      expect(db.run('OBJECT', 'IDLETIME', 'k'), look[0]).to.equal(10);
    }
    db.run('GET', 'k');
    expect(db.run('OBJECT', 'IDLETIME', 'k')).to.equal(0);
  });

  it('IDLETIME begins anew with a write, of the expiry too', () => {
    const writes = [
      ['EXPIRE', 'k', '100'],
      ['PERSIST', 'k'],
      ['SETRANGE', 'k', '0', 'x'],
    ];
    for (const write of writes) {
      db.advance(10_000);
      db.run(write[0], ...write.slice(1));
      expect(db.run('OBJECT', 'IDLETIME', 'k'), write[0]).to.equal(0);
    }
  });

  it('FREQ goes along with RENAME, and a copy begins anew', () => {
    db.access.usesFrequency = true;
    db.access.logFactor = 0;
    db.run('SET', 'new', 'v');
    for (let i = 0; i < 20; i++) db.run('GET', 'new');
    db.run('RENAME', 'new', 'renamed');
    expect(db.run('OBJECT', 'FREQ', 'renamed')).to.equal(26);
    db.run('COPY', 'renamed', 'copy');
    expect(db.run('OBJECT', 'FREQ', 'copy')).to.equal(5);
  });

  it('IDLETIME goes on under a client that does not touch, except by TOUCH', () => {
    db.noTouch = true;
    db.advance(10_000);
    db.run('GET', 'k');
    db.run('MGET', 'k');
    expect(db.run('OBJECT', 'IDLETIME', 'k')).to.equal(10);
    db.run('TOUCH', 'k');
    expect(db.run('OBJECT', 'IDLETIME', 'k')).to.equal(0);
  });

  it('FREQ counts uses, and decays by the minute', () => {
    db.access.usesFrequency = true;
    db.access.logFactor = 0;
    db.run('SET', 'new', 'v');
    expect(db.run('OBJECT', 'FREQ', 'new')).to.equal(5);
    for (let i = 0; i < 20; i++) db.run('GET', 'new');
    expect(db.run('OBJECT', 'FREQ', 'new')).to.equal(25);
    db.advance(3 * 60_000);
    expect(db.run('OBJECT', 'FREQ', 'new')).to.equal(22);
  });

  it('FREQ and IDLETIME want the policy that keeps them', () => {
    const hint =
      'Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.';
    expect(db.error('OBJECT', 'FREQ', 'k')).to.equal(
      `ERR An LFU maxmemory policy is not selected, access frequency not tracked. ${hint}`,
    );
    db.access.usesFrequency = true;
    expect(db.error('OBJECT', 'IDLETIME', 'k')).to.equal(
      `ERR An LFU maxmemory policy is selected, idle time not tracked. ${hint}`,
    );
  });

  it('HELP names each of them', () => {
    const help = (db.run('OBJECT', 'HELP') as string[]).join('\n');
    for (const name of ['ENCODING', 'FREQ', 'IDLETIME', 'REFCOUNT', 'HELP']) expect(help).to.contain(name);
  });
});
