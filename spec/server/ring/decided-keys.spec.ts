import { expect } from 'chai';
import { MessageKind } from '../../../lib/cluster/message-kind.js';
import { requestOf } from '../node-bench.js';
import { RingBench } from './ring-bench.js';

/** Who proposes: whoever sends this. */
const PROPOSING: readonly number[] = [MessageKind.PREPARE, MessageKind.ACCEPT];

describe('DecidedKeys', () => {
  /** Runs what is asked for, and returns which nodes have proposed anything meanwhile. */
  const proposersOf = async (ring: RingBench): Promise<number[]> => {
    const proposers = new Set<number>();
    await ring.settle(({ message, kind }) => {
      if (PROPOSING.includes(kind)) proposers.add(ring.ids.indexOf(message.from));
      return true;
    });
    return [...proposers];
  };

  it('has a replica propose itself about a key that its clients alone use, until others do', async () => {
    const ring = await RingBench.start(3);
    const [first, second, third] = ring.replicasOf('k');
    const [b, c] = [second, third].map((i) => ring.nodes[i].connect());
    b.send('SETNX', 'k', '0');
    expect(await proposersOf(ring)).to.deep.equal([first]);
    for (const [value, proposer] of [
      ['x', first],
      ['0', first],
      ['1', second],
      ['2', second],
    ] as const) {
      b.send('GETSET', 'k', value);
      expect(await proposersOf(ring)).to.deep.equal([proposer]);
    }
    c.send('GETSET', 'k', '3');
    expect(await proposersOf(ring)).to.deep.equal([first]);
    b.send('GETSET', 'k', '4');
    expect(await proposersOf(ring)).to.deep.equal([first]);
    expect(b.replies()).to.deep.equal([1, '0', 'x', '0', '1', '3']);
    expect(c.replies()).to.deep.equal(['2']);
    await ring.advance(200);
    for (const proposer of [first, first, second]) {
      b.send('INCR', 'k');
      expect(await proposersOf(ring)).to.deep.equal([proposer]);
    }
    expect(b.replies()).to.deep.equal([5, 6, 7]);
  });

  it('has who acts for a key propose about it if that was watched', async () => {
    const ring = await RingBench.start(3);
    const [first, second] = ring.replicasOf('k');
    const b = ring.nodes[second].connect();
    for (const value of ['1', '1', '1', '2']) await ring.ask(b, 'GETSET', 'k', value);
    for (const other of [undefined, '3']) {
      b.send('WATCH', 'k');
      expect(await proposersOf(ring)).to.deep.equal([first]);
      expect(b.replies()).to.deep.equal(['OK']);
      if (other !== undefined) await ring.ask(ring.nodes[second].connect(), 'GETSET', 'k', other);
      for (const request of [['MULTI'], ['INCR', 'k']]) await ring.ask(b, ...request);
      expect(await ring.ask(b, 'EXEC')).to.deep.equal(other === undefined ? [3] : null);
    }
  });

  it('leaves no key to others that is watched: what they ask of it between WATCH and EXEC would begin anew, and EXEC again', async () => {
    const ring = await RingBench.start(3);
    const [first, second] = ring.replicasOf('k');
    const b = ring.nodes[second].connect();
    await ring.ask(b, 'SETNX', 'k', '0');
    for (let i = 0; i < 6; i++) {
      for (const request of [['WATCH', 'k'], ['GET', 'k'], ['MULTI'], ['INCR', 'k'], ['EXEC']]) {
        b.send(...request);
        expect(await proposersOf(ring)).to.deep.equal(['MULTI', 'INCR'].includes(request[0]) ? [] : [first]);
      }
    }
    expect(b.replies().at(-1)).to.deep.equal([6]);
  });

  it('leaves no key to others while it tells of events', async () => {
    const ring = await RingBench.start(3, 'notify-keyspace-events KEA\n');
    const [first, second] = ring.replicasOf('k');
    const b = ring.nodes[second].connect();
    for (let i = 0; i < 5; i++) {
      b.send('GETSET', 'k', String(i));
      expect(await proposersOf(ring)).to.deep.equal([first]);
    }
  });

  it('has who acts for a key tell of its events once they are to be told everywhere, though the key was left to another one before', async () => {
    const ring = await RingBench.start(3);
    const [first, second] = ring.replicasOf('k');
    const listeners = [first, second].map((i) => ring.nodes[i].connect());
    const told = (): unknown[] =>
      listeners.map((one) => one.replies().map((message) => (message as readonly string[]).at(-1)));
    for (const listener of listeners) await ring.ask(listener, 'PSUBSCRIBE', '__keyspace@0__:*');
    const b = ring.nodes[second].connect();
    for (let i = 0; i < 4; i++) b.send('GETSET', 'k', String(i));
    await ring.settle();
    b.send('GETSET', 'k', 'left');
    expect(await proposersOf(ring)).to.deep.equal([second]);
    expect(b.replies().at(-1)).to.equal('3');
    const configure = (i: number): Promise<unknown> =>
      ring.ask(ring.nodes[i].connect(), 'CONFIG', 'SET', 'notify-keyspace-events', 'KEA');
    await configure(first);
    expect(await ring.ask(b, 'CAS', 'k', 'left', 'untold').then(() => told())).to.deep.equal([[], []]);
    for (const node of [0, 1, 2]) await configure(node);
    b.send('CAS', 'k', 'untold', 'told');
    expect(await proposersOf(ring)).to.deep.equal([first]);
    expect(told()).to.deep.equal([['set'], []]);
    expect(await ring.ask(ring.nodes[first].connect(), 'DEL', 'k')).to.equal(1);
    expect(told()).to.deep.equal([['del'], []]);
  });

  it('leaves no key to who does not hold it', async () => {
    const ring = await RingBench.start(4);
    const key = ring.keyWithout(0);
    const [first] = ring.replicasOf(key);
    const client = ring.nodes[0].connect();
    for (let i = 0; i < 5; i++) {
      client.send('GETSET', key, String(i));
      expect(await proposersOf(ring)).to.deep.equal([first]);
    }
  });

  it('keeps the order of a pipeline, whoever proposes', async () => {
    const ring = await RingBench.start(3);
    const [, second] = ring.replicasOf('k');
    const b = ring.nodes[second].connect();
    b.sendBytes(Buffer.concat(Array.from({ length: 40 }, () => requestOf('WITH', 'LINEARIZABLE', 'INCR', 'k'))));
    await ring.settle();
    b.sendBytes(Buffer.concat(Array.from({ length: 40 }, () => requestOf('INCR', 'k'))));
    await ring.settle();
    expect(b.replies()).to.deep.equal(Array.from({ length: 80 }, (_, i) => i + 1));
  });
});
