import { expect } from 'chai';
import { ActiveExpiry } from '../../lib/data/active-expiry.js';
import type { Clock } from '../../lib/host/ports.js';
import { START_MS, Harness } from './harness.js';

const COMMANDS = ['hexpire', 'hpexpire', 'hexpireat', 'hpexpireat'];
const FROZEN: Clock = { wallMs: () => 0, wallUs: () => 0, monotonicUs: () => 0, threadCpuUs: () => 0 };

/** A hash with fields a, b and c; with `size`, so many more that it is large. */
function filled(size = 0): Harness {
  const harness = new Harness();
  harness.run('hset', 'h', 'a', 1, 'b', 2, 'c', 3);
  for (let i = 0; i < size; i++) harness.run('hset', 'h', `f${i}`, i);
  return harness;
}

describe('commands/hash-expiry', () => {
  for (const size of [0, 500]) {
    const kind = size === 0 ? 'a small hash' : 'a large hash';

    it(`HEXPIRE and its kin let fields of ${kind} expire, each by itself`, () => {
      const harness = filled(size);
      expect(harness.run('hexpire', 'h', 10, 'fields', 2, 'a', 'nosuch')).to.deep.equal([1, -2]);
      expect(harness.run('hpexpire', 'h', 2500, 'FIELDS', 1, 'b')).to.deep.equal([1]);
      expect(harness.run('httl', 'h', 'fields', 4, 'a', 'b', 'c', 'd')).to.deep.equal([10, 3, -1, -2]);
      expect(harness.run('hpttl', 'h', 'fields', 2, 'a', 'b')).to.deep.equal([10_000, 2500]);
      expect(harness.run('hexpiretime', 'h', 'fields', 2, 'a', 'c')).to.deep.equal([START_MS / 1000 + 10, -1]);
      expect(harness.run('hpexpiretime', 'h', 'fields', 1, 'b')).to.deep.equal([START_MS + 2500]);
      harness.advance(2500);
      expect(harness.run('hlen', 'h')).to.equal(size + 2);
      expect(harness.run('hmget', 'h', 'a', 'b', 'c')).to.deep.equal(['1', null, '3']);
      harness.advance(7500);
      expect(harness.run('hmget', 'h', 'a', 'b', 'c')).to.deep.equal([null, null, '3']);
      expect((harness.run('hgetall', 'h') as unknown[]).length).to.equal(2 * (size + 1));
      expect(harness.replayed().run('hlen', 'h')).to.equal(size + 1);
      expect(harness.run('ttl', 'h')).to.equal(-1);
    });

    it(`takes fields of ${kind} away that nobody asks for`, () => {
      const harness = filled(size);
      const expiry = new ActiveExpiry(harness.keyspace, FROZEN);
      harness.run('hpexpire', 'h', 100, 'fields', 1, 'a');
      harness.run('hpexpire', 'h', 50, 'fields', 1, 'b');
      harness.run('hset', 'brief', 'f', 1);
      harness.run('hpexpire', 'brief', 70, 'fields', 1, 'f');
      for (const [ms, gone, keys] of [
        [49, 0, 2],
        [1, 1, 2],
        [20, 2, 1],
        [29, 2, 1],
        [1, 3, 1],
      ]) {
        harness.advance(ms);
        while (expiry.run(1000));
        expect([harness.keyspace.hashes.expiredCount, harness.run('dbsize')], `${ms}`).to.deep.equal([gone, keys]);
      }
      const copy = harness.replayed();
      expect([copy.run('dbsize'), copy.run('hlen', 'h')]).to.deep.equal([1, size + 1]);
    });

    it(`lets fields of ${kind} expire in the background after a restart, too`, () => {
      const harness = filled(size);
      harness.run('hpexpire', 'h', 50, 'fields', 2, 'a', 'b');
      const copy = harness.replayed();
      const expiry = new ActiveExpiry(copy.keyspace, FROZEN);
      copy.advance(50);
      while (expiry.run(1000));
      expect(copy.keyspace.hashes.expiredCount).to.equal(2);
    });
  }

  it('hides expired fields while nothing may be removed', () => {
    for (const size of [0, 500]) {
      const harness = filled(size);
      harness.run('hpexpire', 'h', 50, 'fields', 2, 'a', 'b');
      harness.advance(50);
      harness.takeWrites();
      harness.keyspace.removesExpired = false;
      expect([harness.run('hlen', 'h'), harness.run('hexists', 'h', 'a')]).to.deep.equal([size + 1, 0]);
      expect((harness.run('hgetall', 'h') as unknown[]).length).to.equal(2 * (size + 1));
      expect((harness.run('hrandfield', 'h', 1000) as unknown[]).length).to.equal(size + 1);
      expect(harness.takeWrites()).to.equal(false);
    }
  });

  it('HEXPIRE takes a condition on the expiry that is there', () => {
    const harness = filled();
    const set = (seconds: number, condition: string): unknown =>
      harness.run('hexpire', 'h', seconds, condition, 'fields', 2, 'a', 'b');
    harness.run('hexpire', 'h', 100, 'fields', 1, 'a');
    expect(set(200, 'xx')).to.deep.equal([1, 0]);
    expect(set(100, 'gt')).to.deep.equal([0, 0]);
    expect(set(300, 'GT')).to.deep.equal([1, 0]);
    expect(set(50, 'lt')).to.deep.equal([1, 1]);
    expect(set(60, 'lt')).to.deep.equal([0, 0]);
    expect(harness.run('hexpire', 'h', 10, 'nx', 'fields', 3, 'a', 'b', 'c')).to.deep.equal([0, 0, 1]);
  });

  it('HEXPIRE with a time that has passed removes the field at once, and the hash with the last', () => {
    for (const command of COMMANDS) {
      const harness = filled();
      expect(harness.run(command, 'h', 0, 'fields', 2, 'a', 'nosuch'), command).to.deep.equal([2, -2]);
      expect(harness.run(command, 'h', 0, 'fields', 2, 'b', 'c'), command).to.deep.equal([2, 2]);
      expect(harness.run('exists', 'h')).to.equal(0);
    }
  });

  it('HPERSIST lets a field stay; HSET does so too, and HINCRBY does not', () => {
    const harness = filled();
    harness.run('hexpire', 'h', 100, 'fields', 3, 'a', 'b', 'c');
    expect(harness.run('hpersist', 'h', 'fields', 2, 'a', 'nosuch')).to.deep.equal([1, -2]);
    expect(harness.run('hpersist', 'h', 'fields', 1, 'a')).to.deep.equal([-1]);
    harness.run('hset', 'h', 'b', 7);
    harness.run('hincrby', 'h', 'c', 7);
    harness.run('hincrbyfloat', 'h', 'c', '0.5');
    expect(harness.run('httl', 'h', 'fields', 3, 'a', 'b', 'c')).to.deep.equal([-1, -1, 100]);
  });

  it('answers -2 for each field where there is no hash', () => {
    const harness = new Harness();
    for (const command of COMMANDS)
      expect(harness.run(command, 'no', 10, 'fields', 2, 'a', 'b')).to.deep.equal([-2, -2]);
    for (const command of ['httl', 'hpttl', 'hexpiretime', 'hpexpiretime', 'hpersist']) {
      expect(harness.run(command, 'no', 'fields', 2, 'a', 'b')).to.deep.equal([-2, -2]);
    }
  });

  it('refuses what is no time, no number of fields, and no hash', () => {
    const harness = filled();
    harness.run('set', 'text', 'v');
    const error = (...words: (string | number)[]): string => harness.error('hexpire', ...words);
    expect(error('h', 'x', 'fields', 1, 'a')).to.equal('ERR value is not an integer or out of range');
    expect(error('h', -1, 'fields', 1, 'a')).to.equal('ERR invalid expire time, must be >= 0');
    expect(error('h', 2 ** 46, 'fields', 1, 'a')).to.equal("ERR invalid expire time in 'hexpire' command");
    expect(error('h', 1, 'field', 1, 'a')).to.match(/^ERR Mandatory argument FIELDS is missing/);
    expect(error('h', 1, 'nx', 'xx', 'fields', 1, 'a')).to.match(/^ERR Mandatory argument FIELDS is missing/);
    expect(error('h', 1, 'fields', 0, 'a')).to.equal('ERR Parameter `numFields` should be greater than 0');
    expect(error('h', 1, 'fields', 2, 'a')).to.match(/^ERR The `numfields` parameter must match/);
    expect(harness.error('httl', 'h', 'fields', 'x', 'a')).to.equal('ERR Number of fields must be a positive integer');
    expect(error('text', 1, 'fields', 1, 'a')).to.match(/^WRONGTYPE/);
  });

  it('tells of what happens to fields', () => {
    const harness = filled();
    const { events } = harness.keyspace;
    const told: string[] = [];
    events.classes = -1;
    events.listen((event, _, key, start, end) =>
      told.push(`${event} ${Buffer.from(key.subarray(start, end)).toString()}`),
    );
    harness.run('hexpire', 'h', 10, 'fields', 2, 'a', 'b');
    harness.run('hpersist', 'h', 'fields', 1, 'a');
    harness.run('hexpire', 'h', 0, 'fields', 1, 'c');
    harness.advance(10_000);
    harness.run('hexists', 'h', 'b');
    harness.run('hpexpire', 'h', 1, 'fields', 1, 'a');
    harness.advance(1);
    harness.run('hlen', 'h');
    expect(told).to.deep.equal(['hexpire h', 'hpersist h', 'hdel h', 'hexpired h', 'hexpire h', 'hexpired h', 'del h']);
  });
});
