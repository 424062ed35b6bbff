import { expect } from 'chai';
import fc from 'fast-check';

import { decodeContext, encodeContext } from '../../lib/commands/version-context.js';
import { VersionVector } from '../../lib/record/seen.js';
import { firstStampOf } from '../../lib/base/stamp.js';
import { EntryPages } from '../../lib/data/entry-pages.js';
import { START_MS, Harness, digestOf, exchange } from './harness.js';

const KEY = Buffer.from('k');

function start(origin = 1, isReplicated = false): Harness {
  return new Harness(undefined, origin, { isReplicated });
}

/** A context, and the siblings. */
function versionsOf(harness: Harness, key = 'k'): { context: string; values: string[] } {
  const [context, ...values] = harness.run('VGET', key) as string[];
  return { context, values };
}

describe('VSET, VGET, VDEL', () => {
  it('supersede what their context has seen, and nothing else', () => {
    const harness = start();
    expect(versionsOf(harness).values).to.deep.equal([]);
    harness.run('VSET', 'k', '', 'a');
    const seenA = versionsOf(harness).context;
    harness.run('VSET', 'k', '', 'b');
    expect(versionsOf(harness).values).to.deep.equal(['b', 'a']);
    harness.run('VSET', 'k', seenA, 'c');
    expect(versionsOf(harness).values).to.deep.equal(['c', 'b']);
    harness.run('VSET', 'k', versionsOf(harness).context, 'd');
    expect(versionsOf(harness).values).to.deep.equal(['d']);
    expect(harness.run('VDEL', 'k', seenA)).to.equal(0);
    expect(harness.run('VDEL', 'k', versionsOf(harness).context)).to.equal(1);
    expect(harness.run('EXISTS', 'k')).to.equal(0);
    expect(harness.run('DBSIZE')).to.equal(0);
    expect(versionsOf(harness).values).to.deep.equal([]);
  });

  it('are a string for all other commands: the youngest sibling', () => {
    const harness = start();
    harness.run('VSET', 'k', '', 'old');
    harness.run('VSET', 'k', '', 'young one');
    expect(harness.run('GET', 'k')).to.equal('young one');
    expect(harness.run('MGET', 'k', 'none')).to.deep.equal(['young one', null]);
    expect(harness.run('STRLEN', 'k')).to.equal(9);
    expect(harness.run('GETRANGE', 'k', 0, 4)).to.equal('young');
    expect(harness.run('TYPE', 'k')).to.equal('string');
    expect(harness.run('OBJECT', 'ENCODING', 'k')).to.equal('embstr');
    expect(harness.run('SCAN', 0, 'TYPE', 'string')).to.deep.equal(['0', ['k']]);
    expect(harness.run('BITCOUNT', 'k')).to.be.greaterThan(0);
    harness.run('RESTORE', 'copy', 0, Buffer.from(harness.run('DUMP', 'k') as string, 'latin1'));
    expect(harness.run('GET', 'copy')).to.equal('young one');
    expect(harness.run('GETDEL', 'k')).to.equal('young one');
    expect(harness.run('EXISTS', 'k')).to.equal(0);
  });

  it('refuse other types, and contexts that are none of this key', () => {
    const harness = start();
    harness.run('HSET', 'h', 'f', 'v');
    for (const [name, ...words] of [
      ['VGET', 'h'],
      ['VSET', 'h', '', 'v'],
      ['VDEL', 'h', ''],
    ]) {
      expect(harness.error(name, ...words)).to.match(/^WRONGTYPE/);
    }
    harness.run('VSET', 'k', '', 'a');
    const { context } = versionsOf(harness);
    const changed = (context.startsWith('A') ? 'B' : 'A') + context.slice(1);
    const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const alike = context.slice(0, -1) + digits[digits.indexOf(context.slice(-1)) ^ 1];
    expect(Buffer.from(alike, 'base64url'), 'a text of the same bytes').to.deep.equal(
      Buffer.from(context, 'base64url'),
    );
    for (const wrong of [changed, alike, context.slice(0, -1), `${context}A`, 'x', '=', 'a b']) {
      expect(harness.error('VSET', 'k', wrong, 'b')).to.match(/^ERR that is no context of this key/);
      expect(harness.error('VDEL', 'k', wrong)).to.match(/^ERR that is no context of this key/);
    }
    harness.run('VSET', 'other', '', 'a');
    expect(harness.error('VSET', 'other', context, 'b')).to.match(/^ERR that is no context of this key/);
    const ahead = new VersionVector();
    ahead.add({ stamp: firstStampOf(START_MS + 3_600_000), origin: 7, incarnation: 1 });
    expect(harness.error('VSET', 'k', encodeContext(KEY, ahead), 'b')).to.match(/^ERR the context is from a clock/);
    expect(versionsOf(harness).values).to.deep.equal(['a']);
  });

  it('expire as SET does', () => {
    const harness = start();
    harness.run('VSET', 'k', '', 'a', 'EX', 10);
    expect(harness.run('TTL', 'k')).to.equal(10);
    harness.run('VSET', 'k', versionsOf(harness).context, 'b', 'PX', 2500);
    expect(harness.run('PTTL', 'k')).to.equal(2500);
    harness.run('VSET', 'k', versionsOf(harness).context, 'c');
    expect(harness.run('TTL', 'k')).to.equal(-1);
    harness.run('PEXPIRE', 'k', 1000);
    expect(harness.run('PERSIST', 'k')).to.equal(1);
    harness.run('PEXPIRE', 'k', 1000);
    expect(versionsOf(harness).values).to.deep.equal(['c']);
    harness.advance(1001);
    expect(harness.run('GET', 'k')).to.equal(null);
    harness.run('VSET', 'k', '', 'd');
    expect(harness.run('TTL', 'k')).to.equal(-1);
    expect(versionsOf(harness.replayed()).values).to.deep.equal(['d']);
    expect(harness.error('VSET', 'k', '', 'x', 'EX', 0)).to.match(/invalid expire time/);
    expect(harness.error('VSET', 'k', '', 'x', 'KEEPTTL')).to.match(/syntax error/);
  });

  it('make a plain string one sibling: superseded if it was seen, else beside the new one', () => {
    const harness = start();
    harness.run('SET', 'k', 'plain', 'EX', 100);
    const { context, values } = versionsOf(harness);
    expect(values).to.deep.equal(['plain']);
    harness.run('VSET', 'k', '', 'a');
    expect(versionsOf(harness).values).to.deep.equal(['a', 'plain']);
    expect(versionsOf(harness.replayed()).values).to.deep.equal(['a', 'plain']);
    harness.run('SET', 'k', 'plain');
    expect(versionsOf(harness).values).to.deep.equal(['plain']);
    expect(harness.run('VDEL', 'k', context)).to.equal(0);
    harness.run('VSET', 'k', versionsOf(harness).context, 'b');
    expect(versionsOf(harness).values).to.deep.equal(['b']);
    harness.run('APPEND', 'k', '!');
    expect(versionsOf(harness).values).to.deep.equal(['b!']);
    expect(harness.run('VDEL', 'k', versionsOf(harness).context)).to.equal(1);
    expect(harness.run('EXISTS', 'k')).to.equal(0);
  });

  it('make no more siblings than siblings-max: nothing is dropped, and who has seen them goes on', () => {
    const harness = start();
    harness.keyspace.siblings.siblingsMax = 3;
    for (const value of ['a', 'b', 'c']) harness.run('VSET', 'k', '', value);
    expect(harness.error('VSET', 'k', '', 'd')).to.match(/^ERR there are 3 siblings already/);
    expect(versionsOf(harness).values).to.deep.equal(['c', 'b', 'a']);
    harness.run('VSET', 'k', versionsOf(harness).context, 'e');
    expect(versionsOf(harness).values).to.deep.equal(['e']);
  });

  it('are copied, renamed and kept over a restart with all siblings; a context goes on where the key does', () => {
    const harness = start();
    harness.run('VSET', 'k', '', 'a', 'EX', 50);
    harness.run('VSET', 'k', '', 'b', 'EX', 50);
    const { context } = versionsOf(harness);
    harness.run('COPY', 'k', 'copy');
    harness.run('SET', 'target', 'gone');
    harness.run('COPY', 'k', 'target', 'REPLACE');
    harness.run('RENAME', 'copy', 'renamed');
    for (const key of ['k', 'target', 'renamed']) {
      expect(versionsOf(harness, key).values, key).to.deep.equal(['b', 'a']);
      expect(harness.run('TTL', key), key).to.equal(50);
      expect(versionsOf(harness.replayed(), key).values, key).to.deep.equal(['b', 'a']);
    }
    const restarted = harness.replayed();
    restarted.run('VSET', 'k', context, 'c');
    expect(versionsOf(restarted).values).to.deep.equal(['c']);
  });

  it('keep what two sides have written, and what neither had seen is superseded by nobody', () => {
    const [left, right] = [start(1, true), start(2, true)];
    left.run('VSET', 'k', '', 'both know');
    exchange(left, right);
    const { context } = versionsOf(left);
    left.run('VSET', 'k', context, 'left');
    right.advance(5);
    right.run('VSET', 'k', context, 'right');
    exchange(left, right);
    for (const side of [left, right]) expect(versionsOf(side).values).to.deep.equal(['right', 'left']);
    expect(digestOf(left, KEY)).to.deep.equal(digestOf(right, KEY));
    left.run('VSET', 'k', versionsOf(left).context, 'merged');
    right.run('VDEL', 'k', context);
    exchange(left, right);
    for (const side of [left, right]) expect(versionsOf(side).values).to.deep.equal(['merged']);
    expect(digestOf(left, KEY)).to.deep.equal(digestOf(right, KEY));
  });

  it('let a VDEL count for what comes only later', () => {
    const [left, right, late] = [start(1, true), start(2, true), start(3, true)];
    left.run('VSET', 'k', '', 'a');
    const first = left.takeBatch() ?? Buffer.alloc(0);
    right.merge(first);
    expect(late.run('VDEL', 'k', versionsOf(right).context)).to.equal(0);
    late.merge(first);
    expect(versionsOf(late).values).to.deep.equal([]);
    expect(late.run('EXISTS', 'k')).to.equal(0);
  });

  it('lose none that others have, of a node that has lost the end of its log', () => {
    const [node, replica, other] = [start(1, true), start(2, true), start(3, true)];
    node.run('VSET', 'k', '', 'a');
    replica.merge(node.takeBatch() ?? Buffer.alloc(0));
    // The power fails: nothing of that is left here.
    const restarted = new Harness(undefined, 1, { isReplicated: true, nowMs: node.nowMs + 5 });
    restarted.keyspace.random.uint32();
    restarted.run('VSET', 'k', '', 'b');
    const later = restarted.takeBatch() ?? Buffer.alloc(0);
    other.merge(later);
    expect(versionsOf(other).values).to.deep.equal(['b']);
    other.run('VSET', 'k', versionsOf(other).context, 'c');
    exchange(replica, other);
    for (const side of [replica, other]) side.merge(later);
    expect(versionsOf(replica).values).to.deep.equal(['c', 'a']);
  });

  it('have one digest, whatever was seen of what was emptied with its database', () => {
    const [left, right] = [start(1, true), start(2, true)];
    left.run('VSET', 'k', '', 'a');
    const { context } = versionsOf(left);
    const first = left.takeBatch() ?? Buffer.alloc(0);
    left.run('FLUSHDB');
    const emptied = left.takeBatch() ?? Buffer.alloc(0);
    left.run('VSET', 'k', context, 'b');
    const second = left.takeBatch() ?? Buffer.alloc(0);
    for (const batch of [second, first, emptied]) right.merge(batch);
    expect(versionsOf(right).values).to.deep.equal(['b']);
    expect(digestOf(right, KEY)).to.deep.equal(digestOf(left, KEY));
  });

  it('are sent to others whole, on one page', () => {
    const harness = start(1, true);
    for (const value of ['a', 'b', 'c']) harness.run('VSET', 'k', '', value);
    harness.run('VSET', 'k', versionsOf(harness).context, 'd');
    const pages = new EntryPages(harness.keyspace, harness.keyspace.database(0), KEY, 1);
    const other = start(2, true);
    for (let page = pages.next(); page !== undefined; page = pages.next()) other.merge(page);
    expect(versionsOf(other)).to.deep.equal(versionsOf(harness));
    expect(digestOf(other, KEY)).to.deep.equal(digestOf(harness, KEY));
  });
});

describe('Keys that keep siblings', () => {
  function declared(origin = 1, isReplicated = false): Harness {
    const harness = start(origin, isReplicated);
    harness.keyspace.declared.declare(
      ['n:*'],
      [
        { keepsSiblings: false, pattern: 'lww*' },
        { keepsSiblings: true, pattern: '[kl]*' },
      ],
    );
    return harness;
  }

  it('keep for SET what the other side has written, and supersede all that is known', () => {
    const [left, right] = [declared(1, true), declared(2, true)];
    left.run('SET', 'k', 'left');
    right.advance(5);
    right.run('MSET', 'k', 'right', 'lww', 'x');
    exchange(left, right);
    for (const side of [left, right]) {
      expect(side.run('GET', 'k')).to.equal('right');
      expect(versionsOf(side).values).to.deep.equal(['right', 'left']);
    }
    left.run('SET', 'k', 'one', 'EX', 9);
    exchange(left, right);
    for (const side of [left, right]) {
      expect(versionsOf(side).values).to.deep.equal(['one']);
      expect(side.run('TTL', 'k')).to.equal(9);
    }
    right.run('APPEND', 'k', '!');
    right.run('SETRANGE', 'k', 0, 'O');
    exchange(left, right);
    for (const side of [left, right]) {
      expect(versionsOf(side).values).to.deep.equal(['One!']);
      expect(side.run('TTL', 'k')).to.equal(9);
    }
    expect(digestOf(left, KEY)).to.deep.equal(digestOf(right, KEY));
  });

  it('are those of the first rule that fits', () => {
    const harness = declared();
    harness.run('SET', 'lww', 'a');
    harness.run('SET', 'l', 'a');
    const types = ['lww', 'l'].map((key) =>
      harness.keyspace.find(harness.keyspace.database(0), Buffer.from(key), 0, key.length),
    );
    expect(types.map((ref) => harness.keyspace.heap.type(ref))).to.deep.equal([1, 7]);
  });

  it('take strings of any length, changed in part too', () => {
    const harness = declared();
    harness.run('SET', 'k', 'x'.repeat(100_000));
    harness.run('SETRANGE', 'k', 99_999, 'yz');
    harness.run('SETBIT', 'k', 0, 1);
    expect(harness.run('STRLEN', 'k')).to.equal(100_001);
    expect(harness.run('GETRANGE', 'k', 99_998, -1)).to.equal('xyz');
    expect(versionsOf(harness.replayed()).values).to.have.lengthOf(1);
    expect(harness.replayed().run('STRLEN', 'k')).to.equal(100_001);
  });

  it('work with SET NX, XX, GET, IFEQ, GETSET and GETEX as others do', () => {
    const harness = declared();
    expect(harness.run('SET', 'k', 'a', 'NX')).to.equal('OK');
    expect(harness.run('SET', 'k', 'b', 'NX')).to.equal(null);
    expect(harness.run('SET', 'k', 'b', 'XX', 'GET')).to.equal('a');
    expect(harness.run('SET', 'k', 'c', 'IFEQ', 'b', 'EX', 5)).to.equal('OK');
    expect(harness.run('SET', 'k', 'd', 'KEEPTTL')).to.equal('OK');
    expect(harness.run('TTL', 'k')).to.equal(5);
    expect(harness.run('GETSET', 'k', 'e')).to.equal('d');
    expect(harness.run('GETEX', 'k', 'EX', 7)).to.equal('e');
    expect(harness.run('TTL', 'k')).to.equal(7);
    expect(harness.run('CAS', 'k', 'e', 'f')).to.equal(1);
    expect(versionsOf(harness).values).to.deep.equal(['f']);
    expect(harness.run('SET', 'k', 'g', 'PXAT', 1)).to.equal('OK');
    expect(harness.run('EXISTS', 'k')).to.equal(0);
  });
});

describe('Siblings', () => {
  /** What somebody knows, said with sets: every write, and which of them others have superseded. */
  interface Knowledge {
    readonly known: ReadonlySet<string>;
    readonly superseded: ReadonlySet<string>;
  }

  const NOTHING: Knowledge = { known: new Set(), superseded: new Set() };

  function union(a: Knowledge, b: Knowledge): Knowledge {
    return {
      known: new Set([...a.known, ...b.known]),
      superseded: new Set([...a.superseded, ...b.superseded]),
    };
  }

  function living({ known, superseded }: Knowledge): string[] {
    return [...known].filter((id) => !superseded.has(id)).sort();
  }

  const NODES = 3;
  const steps = fc.array(
    fc.oneof(
      fc.record({
        kind: fc.constantFrom('write', 'delete', 'set', 'look'),
        node: fc.nat(NODES - 1),
        client: fc.nat(2),
      }),
      fc.record({ kind: fc.constant('deliver'), node: fc.nat(NODES - 1), which: fc.nat(1000) }),
      fc.record({ kind: fc.constant('wait'), node: fc.nat(NODES - 1), ms: fc.nat(3) }),
    ),
    { maxLength: 40 },
  );

  it('are those writes that no known write has seen, whatever comes in which order, and however often (a dumb twin)', () => {
    const property = fc.property(steps, (list) => {
      const nodes = Array.from({ length: NODES }, (_, i) => start(i + 1, true));
      for (const { keyspace } of nodes) {
        keyspace.siblings.siblingsMax = 1000;
        keyspace.declared.declare([], [{ keepsSiblings: true, pattern: '*' }]);
      }
      const knows = nodes.map(() => NOTHING);
      const clients = Array.from({ length: 3 }, () => ({ context: '', seen: [] as readonly string[] }));
      const sent: { batch: Buffer; state: Knowledge }[] = [];
      let written = 0;
      for (const step of list) {
        const node = nodes[step.node];
        if ('ms' in step) node.advance(step.ms);
        else if ('which' in step) {
          if (sent.length === 0) continue;
          const { batch, state } = sent[step.which % sent.length];
          node.merge(batch);
          knows[step.node] = union(knows[step.node], state);
        } else {
          const client = clients[step.client];
          if (step.kind === 'look') {
            const { context, values } = versionsOf(node);
            clients[step.client] = { context, seen: [...values, ...knows[step.node].superseded] };
            expect([...values].sort()).to.deep.equal(living(knows[step.node]));
            continue;
          }
          const id = `${++written}`;
          const covered = step.kind === 'set' ? [...knows[step.node].known] : client.seen;
          if (step.kind === 'write') node.run('VSET', 'k', client.context, id);
          else if (step.kind === 'set') node.run('SET', 'k', id);
          else node.run('VDEL', 'k', client.context);
          const known = new Set(step.kind === 'delete' ? covered : [...covered, id]);
          knows[step.node] = union(knows[step.node], { known, superseded: new Set(covered) });
          const batch = node.takeBatch();
          if (batch !== undefined) sent.push({ batch, state: knows[step.node] });
        }
        expect(versionsOf(node).values.sort()).to.deep.equal(living(knows[step.node]));
      }
      for (const [i, node] of nodes.entries()) {
        for (const { batch } of sent) node.merge(batch);
        knows[i] = sent.reduce((all, { state }) => union(all, state), knows[i]);
        expect(versionsOf(node).values.sort()).to.deep.equal(living(knows[i]));
        expect(digestOf(node, KEY)).to.deep.equal(digestOf(nodes[0], KEY));
      }
    });
    fc.assert(property, { numRuns: 120 });
  }).timeout(20_000);
});

describe('decodeContext', () => {
  it('gives what encodeContext was given, for that key alone, and refuses any other text', () => {
    const vectors = fc.array(fc.tuple(fc.nat(65535), fc.integer({ min: 1, max: 2 ** 52 })), { maxLength: 5 });
    const property = fc.property(fc.string(), vectors, fc.string(), (key, pairs, other) => {
      const vector = new VersionVector();
      for (const [origin, stamp] of pairs) vector.add({ stamp, origin, incarnation: origin + 1 });
      const text = encodeContext(Buffer.from(key), vector);
      expect(decodeContext(Buffer.from(key), text)?.dots()).to.deep.equal(vector.dots());
      if (other !== key) expect(decodeContext(Buffer.from(other), text)).to.equal(undefined);
      if (other !== text && other !== '') expect(decodeContext(Buffer.from(key), other)).to.equal(undefined);
    });
    fc.assert(property);
  });
});
