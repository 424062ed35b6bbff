import { expect } from 'chai';

import { KEYSPACE_EVENT } from '../../lib/commands/notify.js';
import { Harness } from './harness.js';

const ALL = -1;
const WITHOUT_NEW = ALL & ~KEYSPACE_EVENT.newKey;

describe('notify', () => {
  let harness: Harness;
  let heard: string[];

  beforeEach(() => {
    harness = new Harness();
    heard = [];
    const { keyspace } = harness;
    keyspace.events.classes = WITHOUT_NEW;
    keyspace.events.listen((event, db, key, start, end) => {
      heard.push(`${event} ${db.id} ${Buffer.from(key.subarray(start, end)).toString('latin1')}`);
    });
  });

  /** Runs a command; returns the events that it told. */
  function eventsOf(name: string, ...args: (string | number)[]): string[] {
    heard.length = 0;
    harness.run(name, ...args);
    return [...heard];
  }

  it('tells what Redis tells of strings', () => {
    expect(eventsOf('set', 'a', 1)).to.eql(['set 0 a']);
    expect(eventsOf('set', 'a', 1, 'ex', 10)).to.eql(['set 0 a', 'expire 0 a']);
    expect(eventsOf('set', 'a', 1, 'nx')).to.eql([]);
    expect(eventsOf('set', 'a', 2, 'keepttl')).to.eql(['set 0 a']);
    expect(eventsOf('setex', 'a', 10, 1)).to.eql(['set 0 a', 'expire 0 a']);
    expect(eventsOf('getset', 'a', 2)).to.eql(['set 0 a']);
    expect(eventsOf('mset', 'a', 1, 'b', 2)).to.eql(['set 0 a', 'set 0 b']);
    expect(eventsOf('msetnx', 'a', 1, 'c', 2)).to.eql([]);
    expect(eventsOf('incr', 'a')).to.eql(['incrby 0 a']);
    expect(eventsOf('decrby', 'a', '9223372036854775')).to.eql(['incrby 0 a']);
    expect(eventsOf('incrbyfloat', 'a', '0.5')).to.eql(['incrbyfloat 0 a']);
    expect(eventsOf('append', 'b', 'x')).to.eql(['append 0 b']);
    expect(eventsOf('setrange', 'b', 5, 'x')).to.eql(['setrange 0 b']);
    expect(eventsOf('setrange', 'b', 5, '')).to.eql([]);
    expect(eventsOf('getex', 'b', 'ex', 10)).to.eql(['expire 0 b']);
    expect(eventsOf('getex', 'b', 'persist')).to.eql(['persist 0 b']);
    expect(eventsOf('getex', 'b', 'persist')).to.eql([]);
    expect(eventsOf('getex', 'b', 'pxat', 1)).to.eql(['del 0 b']);
    expect(eventsOf('getdel', 'a')).to.eql(['del 0 a']);
  });

  it('tells what Redis tells of bits', () => {
    expect(eventsOf('setbit', 'a', 7, 1)).to.eql(['setbit 0 a']);
    expect(eventsOf('setbit', 'a', 7, 1)).to.eql([]);
    expect(eventsOf('bitfield', 'a', 'set', 'u8', 0, 2)).to.eql(['setbit 0 a']);
    expect(eventsOf('bitop', 'not', 'b', 'a')).to.eql(['set 0 b']);
    expect(eventsOf('bitop', 'and', 'b', 'none')).to.eql(['keymiss 0 none', 'del 0 b']);
  });

  it('tells what Redis tells of keys', () => {
    harness.run('mset', 'a', 1, 'b', 2, 'c', 3);
    expect(eventsOf('del', 'a', 'none', 'b')).to.eql(['del 0 a', 'del 0 b']);
    expect(eventsOf('expire', 'c', 100)).to.eql(['expire 0 c']);
    expect(eventsOf('persist', 'c')).to.eql(['persist 0 c']);
    expect(eventsOf('rename', 'c', 'd')).to.eql(['rename_from 0 c', 'rename_to 0 d']);
    expect(eventsOf('rename', 'd', 'd')).to.eql([]);
    expect(eventsOf('copy', 'd', 'e', 'db', 3)).to.eql(['copy_to 3 e']);
    expect(eventsOf('move', 'd', 2)).to.eql(['move_from 0 d', 'move_to 2 d']);
    harness.run('select', 3);
    expect(eventsOf('expireat', 'e', 1)).to.eql(['del 3 e']);
  });

  it('tells what Redis tells of a RESTORE', () => {
    harness.run('set', 'a', 'value');
    const payload = harness.run('dump', 'a') as string;
    const restore = (...args: (string | number)[]): string[] => eventsOf('restore', ...args);
    expect(restore('b', 0, payload)).to.eql(['restore 0 b']);
    expect(restore('b', 1, payload, 'replace', 'absttl')).to.eql(['del 0 b']);
    expect(restore('b', 1, payload, 'absttl')).to.eql([]);
  });

  it('tells of ringkv’s own conditional changes', () => {
    harness.run('set', 'a', 1);
    expect(eventsOf('cas', 'a', 1, 2, 'ex', 10)).to.eql(['set 0 a', 'expire 0 a']);
    expect(eventsOf('cas', 'a', 1, 2)).to.eql([]);
    expect(eventsOf('delex', 'a', 'ifeq', 1)).to.eql([]);
    expect(eventsOf('cad', 'a', 2)).to.eql(['del 0 a']);
  });

  it('tells of keys that have expired, once', () => {
    harness.run('set', 'a', 1, 'px', 10);
    harness.advance(10);
    expect(eventsOf('get', 'a')).to.eql(['expired 0 a', 'keymiss 0 a']);
    expect(eventsOf('exists', 'a')).to.eql(['keymiss 0 a']);
  });

  it('tells of a key that is evicted', () => {
    harness.run('set', 'a', 1);
    heard.length = 0;
    const { keyspace } = harness;
    const db = keyspace.database(0);
    keyspace.evict(db, keyspace.find(db, Buffer.from('a'), 0, 1));
    expect(heard).to.eql(['evicted 0 a']);
  });

  it('tells of new keys before anything else, and of those that take the place of others', () => {
    harness.keyspace.events.classes = ALL;
    expect(eventsOf('set', 'a', 1)).to.eql(['new 0 a', 'set 0 a']);
    expect(eventsOf('set', 'a', 1)).to.eql(['set 0 a']);
    expect(eventsOf('incr', 'b')).to.eql(['new 0 b', 'incrby 0 b']);
    expect(eventsOf('rename', 'a', 'b')).to.eql(['new 0 b', 'rename_from 0 a', 'rename_to 0 b']);
    const payload = harness.run('dump', 'b') as string;
    expect(eventsOf('restore', 'b', 0, payload, 'replace')).to.eql(['new 0 b', 'restore 0 b']);
  });

  it('does not take what another value takes the place of for new', () => {
    harness.keyspace.events.classes = ALL;
    harness.run('zadd', 'z', 1, 'a');
    expect(eventsOf('zunionstore', 'stored', 1, 'z')).to.eql(['new 0 stored', 'zunionstore 0 stored']);
    expect(eventsOf('zunionstore', 'stored', 1, 'z')).to.eql(['zunionstore 0 stored']);
    expect(eventsOf('sort', 'z', 'by', 'x', 'store', 'stored')).to.eql(['sortstore 0 stored']);
    expect(eventsOf('bitop', 'not', 'stored', 'none')).to.eql(['keymiss 0 none', 'del 0 stored']);
    expect(eventsOf('set', 'other', 1)).to.eql(['new 0 other', 'set 0 other']);
  });

  it('tells nothing of operations that failed, nor of looks at how values are kept', () => {
    expect(eventsOf('bitfield', 'b', 'overflow', 'fail', 'incrby', 'u8', 0, 256)).to.eql([]);
    expect(harness.run('strlen', 'b')).to.equal(1);
    expect(eventsOf('bitfield', 'b', 'set', 'u8', 100, 0)).to.eql(['setbit 0 b']);
    expect(eventsOf('object', 'encoding', 'none')).to.eql([]);
    expect(eventsOf('exists', 'none')).to.eql(['keymiss 0 none']);
  });

  it('tells nothing of a class that is off', () => {
    harness.keyspace.events.classes = KEYSPACE_EVENT.generic;
    expect(eventsOf('set', 'a', 1, 'ex', 10)).to.eql(['expire 0 a']);
  });

  it('tells of no missing source of a sorted set behind one of another type', () => {
    harness.run('set', 'text', 'x');
    heard.length = 0;
    expect(() => harness.run('zunion', 3, 'first', 'text', 'second')).to.throw('WRONGTYPE');
    expect(heard).to.eql(['keymiss 0 first']);
    heard.length = 0;
    expect(() => harness.run('zdiffstore', 'to', 2, 'text', 'second')).to.throw('WRONGTYPE');
    expect(heard).to.eql([]);
  });
});

describe('KeyEvents', () => {
  it('collects events, to be told or forgotten', () => {
    const harness = new Harness();
    const { events } = harness.keyspace;
    const heard: string[] = [];
    events.classes = KEYSPACE_EVENT.string;
    events.listen((event, _db, key, start, end) => heard.push(event + key.subarray(start, end).toString()));
    events.collect(() => {
      harness.run('set', 'a', 1);
    });
    const collected = events.collect(() => {
      harness.run('set', 'b', 1);
      harness.run('append', 'c', 1);
    });
    expect(heard).to.eql([]);
    events.tellCollected(collected, harness.keyspace.database(0));
    expect(heard).to.eql(['setb', 'appendc']);
    harness.run('set', 'd', 1);
    expect(heard).to.eql(['setb', 'appendc', 'setd']);
  });
});
