import { expect } from 'chai';
import fc from 'fast-check';

import { Harness, digestOf, exchange } from './harness.js';

const KEY = Buffer.from('n');

function counting(origin = 1, isReplicated = false): Harness {
  const harness = new Harness(undefined, origin, { isReplicated });
  harness.keyspace.declared.declare(['n*'], []);
  return harness;
}

describe('Declared counters', () => {
  it('answer as strings do', () => {
    const harness = counting();
    expect(harness.run('INCR', 'n')).to.equal(1);
    expect(harness.run('INCRBY', 'n', 41)).to.equal(42);
    expect(harness.run('DECR', 'n')).to.equal(41);
    expect(harness.run('DECRBY', 'n', 50)).to.equal(-9);
    expect(harness.run('GET', 'n')).to.equal('-9');
    expect(harness.run('STRLEN', 'n')).to.equal(2);
    expect(harness.run('MGET', 'n')).to.deep.equal(['-9']);
    expect(harness.run('TYPE', 'n')).to.equal('string');
    expect(harness.run('OBJECT', 'ENCODING', 'n')).to.equal('int');
    expect(harness.run('SCAN', 0, 'TYPE', 'string')).to.deep.equal(['0', ['n']]);
    expect(harness.run('VGET', 'n')).to.have.lengthOf(2);
    expect(harness.run('DBSIZE')).to.equal(1);
    harness.run('RESTORE', 'copy', 0, Buffer.from(harness.run('DUMP', 'n') as string, 'latin1'));
    expect(harness.run('GET', 'copy')).to.equal('-9');
    expect(harness.replayed().run('GET', 'n')).to.equal('-9');
    expect(harness.run('DEL', 'n')).to.equal(1);
    expect(harness.run('INCR', 'n')).to.equal(1);
  });

  it('refuse what is no number, and sums beyond 64 bits', () => {
    const harness = counting();
    harness.run('SET', 'n', 'text');
    expect(harness.error('INCR', 'n')).to.equal('ERR value is not an integer or out of range');
    harness.run('SET', 'n', 2n ** 63n - 2n);
    expect(harness.run('INCR', 'n')).to.equal(2n ** 63n - 1n);
    expect(harness.error('INCR', 'n')).to.equal('ERR increment or decrement would overflow');
    expect(harness.error('INCRBY', 'n', 'x')).to.equal('ERR value is not an integer or out of range');
    harness.run('HSET', 'nh', 'f', 1);
    expect(harness.error('INCR', 'nh')).to.match(/^WRONGTYPE/);
    expect(harness.run('GET', 'n')).to.equal(String(2n ** 63n - 1n));
  });

  it('keep their expiry while they count, and lose it as SET loses it', () => {
    const harness = counting();
    harness.run('INCR', 'n');
    harness.run('EXPIRE', 'n', 100);
    harness.run('INCR', 'n');
    expect(harness.run('TTL', 'n')).to.equal(100);
    harness.run('SET', 'n', 5, 'EX', 50);
    expect(harness.run('INCR', 'n')).to.equal(6);
    expect(harness.run('TTL', 'n')).to.equal(50);
    harness.run('SET', 'n', 7);
    expect(harness.run('TTL', 'n')).to.equal(-1);
    harness.run('PEXPIRE', 'n', 10);
    expect(harness.replayed().run('PTTL', 'n')).to.equal(10);
    harness.advance(11);
    expect(harness.run('INCR', 'n')).to.equal(1);
    expect(harness.run('TTL', 'n')).to.equal(-1);
    expect(harness.replayed().run('GET', 'n')).to.equal('1');
  });

  it('become plain strings by what changes their text, with their expiry', () => {
    for (const [words, value] of [
      [['APPEND', 'n', '0'], '120'],
      [['SETRANGE', 'n', '0', '3'], '32'],
      [['INCRBYFLOAT', 'n', '0.5'], '12.5'],
      [['SETBIT', 'n', '7', '0'], '02'],
    ] as const) {
      const harness = counting();
      harness.run('SET', 'n', 5);
      harness.run('INCRBY', 'n', 7);
      harness.run('EXPIRE', 'n', 30);
      const [name, ...args] = words;
      harness.run(name, ...args);
      for (const side of [harness, harness.replayed()]) {
        expect(side.run('GET', 'n'), name).to.equal(value);
        expect(side.run('TTL', 'n'), name).to.equal(30);
        const ref = side.keyspace.find(side.keyspace.database(0), KEY, 0, KEY.length);
        expect(side.keyspace.heap.type(ref), name).to.equal(1);
      }
    }
  });

  it('go on from a plain string that was there, with its expiry', () => {
    const harness = new Harness(undefined, 1, { isReplicated: true });
    harness.run('SET', 'n', 100, 'EX', 60);
    harness.keyspace.declared.declare(['n*'], []);
    expect(harness.run('INCRBY', 'n', 5)).to.equal(105);
    expect(harness.run('TTL', 'n')).to.equal(60);
    const restarted = harness.replayed();
    expect(restarted.run('GET', 'n')).to.equal('105');
    expect(restarted.run('TTL', 'n')).to.equal(60);
    // Counters they stay, even if the configuration does not say so any more.
    expect(restarted.run('INCR', 'n')).to.equal(106);
    const ref = restarted.keyspace.find(restarted.keyspace.database(0), KEY, 0, KEY.length);
    expect(restarted.keyspace.heap.type(ref)).to.equal(8);
  });

  it('are copied and renamed with what they show', () => {
    const harness = counting();
    harness.run('INCRBY', 'n', 5);
    harness.run('EXPIRE', 'n', 30);
    harness.run('COPY', 'n', 'other');
    harness.run('RENAME', 'n', 'n2');
    for (const side of [harness, harness.replayed()]) {
      for (const key of ['other', 'n2']) {
        expect(side.run('GET', key)).to.equal('5');
        expect(side.run('TTL', key)).to.equal(30);
      }
    }
    expect(harness.run('INCR', 'n2')).to.equal(6);
  });

  it('add up what two sides have counted, and a SET of one side takes away what it knew', () => {
    const [left, right] = [counting(1, true), counting(2, true)];
    left.run('SET', 'n', 10);
    exchange(left, right);
    left.run('INCR', 'n');
    right.run('INCRBY', 'n', 20);
    right.run('DECR', 'n');
    exchange(left, right);
    for (const side of [left, right]) expect(side.run('GET', 'n')).to.equal('30');
    right.advance(1);
    right.run('SET', 'n', 0);
    exchange(left, right);
    expect(left.run('INCR', 'n')).to.equal(1);
    exchange(left, right);
    expect(digestOf(left, KEY)).to.deep.equal(digestOf(right, KEY));
    expect(right.run('GET', 'n')).to.equal('1');
  });

  it('lose nothing that others have, of a node that has lost the end of its log', () => {
    const [node, replica] = [counting(1, true), counting(2, true)];
    node.run('INCRBY', 'n', 3);
    const durable = node.takeBatch() ?? Buffer.alloc(0);
    node.run('INCRBY', 'n', 40);
    replica.merge(durable);
    replica.merge(node.takeBatch() ?? Buffer.alloc(0));
    expect(replica.run('GET', 'n')).to.equal('43');
    // The power fails: what was not durable is gone here. Started anew, it counts on before it has heard of anybody.
    const restarted = new Harness(undefined, 1, { isReplicated: true, nowMs: node.nowMs + 5 });
    restarted.keyspace.declared.declare(['n*'], []);
    restarted.keyspace.random.uint32();
    restarted.merge(durable);
    expect(restarted.run('INCR', 'n')).to.equal(4);
    exchange(restarted, replica);
    expect(replica.run('GET', 'n')).to.equal('44');
  });

  it('show the sum of all increments that are known, whatever comes in which order, and however often', () => {
    const NODES = 3;
    const steps = fc.array(
      fc.oneof(
        fc.record({ node: fc.nat(NODES - 1), by: fc.integer({ min: -50, max: 50 }) }),
        fc.record({ node: fc.nat(NODES - 1), which: fc.nat(1000) }),
      ),
      { maxLength: 40 },
    );
    const property = fc.property(steps, (list) => {
      const nodes = Array.from({ length: NODES }, (_, i) => counting(i + 1, true));
      const sent: Buffer[] = [];
      let total = 0;
      for (const step of list) {
        if ('by' in step) {
          nodes[step.node].run('INCRBY', 'n', step.by);
          total += step.by;
          sent.push(nodes[step.node].takeBatch() ?? Buffer.alloc(0));
        } else if (sent.length > 0) nodes[step.node].merge(sent[step.which % sent.length]);
      }
      for (const node of nodes) {
        for (const batch of sent.toReversed()) node.merge(batch);
        expect(node.run('GET', 'n')).to.equal(sent.length === 0 ? null : String(total));
        expect(digestOf(node, KEY)).to.deep.equal(digestOf(nodes[0], KEY));
      }
    });
    fc.assert(property, { numRuns: 100 });
  }).timeout(20_000);
});
