/** Faults that the simulator, or thinking about it, has found: each named for what went wrong. */

import { expect } from 'chai';

import { slotOf } from '../../../lib/base/position.js';
import { BytesPayload } from '../../../lib/cluster/bus/payload.js';
import { VERSIONED_HEAD_BYTES } from '../../../lib/cluster/coordination/versioned-links.js';
import { MessageKind } from '../../../lib/cluster/message-kind.js';
import { Acknowledgement } from '../../../lib/cluster/replication/acknowledgement.js';
import type { Fault } from '../../sim/memory-disk.js';
import { RingBench } from './ring-bench.js';

const FULL: Fault = { kind: 'error', code: 'ENOSPC' };
const BROKEN: Fault = { kind: 'error', code: 'EIO' };

const REPLICATION: readonly number[] = [MessageKind.REPLICATE, MessageKind.REPLICATED];

describe('A ring of nodes, after a fault,', () => {
  it('reads what a node has written to replicas that were lost meanwhile: it waited for them for ever', async () => {
    const ring = await RingBench.start(3, 'write-timeout 500');
    const client = ring.nodes[0].connect();
    client.send('SET', 'k', 'v');
    await ring.settle(() => false);
    ring.isolate(0);
    await ring.advance(1000);
    expect(client.replies()).to.deep.equal(['-TIMEOUT need 2 replicas, had 1 in time: the outcome is unknown']);
    ring.connectAgain();
    expect(await ring.ask(client, 'GET', 'k')).to.equal('v');
    ring.isolate(0);
    expect(await ring.ask(ring.nodes[1].connect(), 'GET', 'k'), 'the read has repaired it').to.equal('v');
  });

  it('puts again only what a client has put last: of two in a row, the first came back when a write of another node came between', async () => {
    const ring = await RingBench.start(3);
    const [client, other] = [0, 2].map((node) => ring.nodes[node].connect());
    const replicates = (from: number, to: number) => (sent: { to: number; kind: number; message: { from: string } }) =>
      sent.kind === MessageKind.REPLICATE && sent.message.from === ring.ids[from] && sent.to === to;
    ring.nodes[2].clock.us += 100_000;
    other.send('SET', 'k', 'other');
    await ring.settle(replicates(2, 1));
    for (const value of ['first', 'last']) {
      client.send('SET', 'k', value);
      await ring.settle(() => false);
    }
    await ring.settle(replicates(2, 0));
    await ring.settle();
    expect(client.replies()).to.deep.equal(['OK', 'OK']);
    for (const node of ring.nodes) expect(await ring.ask(node.connect(), 'GET', 'k')).to.equal('last');
  });

  it('puts nothing again that it has answered, when it sends it anew by a newer ring and somebody reads it: it won over what another node had written since', async () => {
    const ring = await RingBench.start(3);
    const [client, other, reader] = [0, 1, 0].map((node) => ring.nodes[node].connect());
    const between = (a: number, b: number) => (sent: { to: number; message: { from: string } }) =>
      (sent.to === b && sent.message.from === ring.ids[a]) || (sent.to === a && sent.message.from === ring.ids[b]);
    client.send('SET', 'k', 'first');
    await ring.settle(between(0, 1));
    other.send('SET', 'k', 'second');
    await ring.settle(between(1, 2));
    expect([...client.replies(), ...other.replies()]).to.deep.equal(['OK', 'OK']);
    reader.send('GET', 'k');
    await ring.settle(() => false);
    for (let node = 0; node < 3; node++) ring.nextEpoch(node);
    await ring.settle();
    expect(reader.replies()).to.deep.equal(['second']);
    for (const node of ring.nodes) expect(await ring.ask(node.connect(), 'GET', 'k')).to.equal('second');
  });

  it('asks anew after it has stood still: it changed what it had asked for before, and others had changed since', async () => {
    const ring = await RingBench.start(3);
    const [stopped, next] = ring.replicasOf('k');
    const [client, other] = [stopped, next].map((node) => ring.nodes[node].connect());
    const isOf = ({ to, message }: { to: number; message: { from: string } }): boolean =>
      to === stopped || message.from === ring.ids[stopped];
    client.send('INCR', 'k');
    await ring.settle(({ kind }) => kind === MessageKind.ASK);
    // From here on it is stopped: what comes for it waits.
    for (const node of [0, 1, 2]) if (node !== stopped) ring.silence(node, stopped);
    other.send('INCR', 'k');
    await ring.settle((sent) => !isOf(sent));
    expect(other.replies()).to.deep.equal([1]);
    for (const node of ring.nodes) node.clock.us += 2_000_000;
    ring.deliver(({ to, kind }) => to === stopped && kind === MessageKind.TELL);
    await ring.settle();
    expect(client.replies()).to.deep.equal([2]);
  });

  it('does not say of a transaction that ran elsewhere, and is not answered, that it was discarded', async () => {
    const ring = await RingBench.start(3, 'write-timeout 500');
    const key = Buffer.from('k');
    const first = ring.ring.replicas(slotOf(key, 0, key.length))[0];
    const other = (first + 1) % 3;
    const client = ring.nodes[other].connect();
    for (const words of [['MULTI'], ['INCR', 'k']]) await ring.ask(client, ...words);
    client.send('EXEC');
    await ring.settle(({ kind }) => !REPLICATION.includes(kind));
    // Time passes where the client is, and not where the transaction ran.
    const { clock, timers } = ring.nodes[other];
    for (let i = 0; i < 8; i++) {
      clock.us += 100_000;
      timers.fire();
      await ring.settle(({ kind }) => !REPLICATION.includes(kind));
    }
    expect(client.replies()).to.deep.equal([
      '-TIMEOUT the replica that ran the command is gone, or does not answer: the outcome is unknown',
    ]);
    await ring.settle();
    expect(await ring.ask(client, 'GET', 'k'), 'it was not discarded').to.equal('1');
  });

  it('acknowledges nothing that has come while its data was not there: no log had it', async () => {
    const ring = await RingBench.start(3, 'write-timeout 500');
    ring.isolate(2);
    const operator = ring.nodes[1].connect();
    operator.send('DEBUG', 'RELOAD');
    const client = ring.nodes[0].connect();
    client.send('SET', 'k', 'v');
    await ring.nodes[0].settle();
    let isReloading = true;
    for (let i = 0; i < 1000 && isReloading; i++) {
      await Promise.resolve();
      if (i % 5 === 0) ring.nodes[1].endTurn();
      ring.deliver(({ to }) => to === 1);
      isReloading = operator.wire() === '';
      if (isReloading) expect(ring.sent.map(({ kind }) => kind)).to.not.include(MessageKind.REPLICATED);
      await ring.nodes[1].finishSyncs();
    }
    await ring.settle();
    expect(client.replies()).to.deep.equal(['OK']);
  });

  it('tells what is said of its batches from what was said of those before it was started anew', async () => {
    const ring = await RingBench.start(3, 'write-timeout 500');
    const client = ring.nodes[0].connect();
    for (let i = 0; i < 5; i++) client.send('SET', `k${i}`, 'v');
    await ring.settle(() => false);
    const [{ message }] = ring.sent.filter(({ kind }) => kind === MessageKind.REPLICATE);
    const old = Buffer.from(message.buffer.subarray(message.start, message.start + VERSIONED_HEAD_BYTES + 16));
    // An acknowledgement of the first batch of a process that counts from 1.
    new Acknowledgement(0, 1, []).writeTo(old, VERSIONED_HEAD_BYTES);
    for (const from of [1, 2]) ring.links[from].send(ring.ids[0], MessageKind.REPLICATED, new BytesPayload(old));
    await ring.settle(({ kind }) => kind === MessageKind.REPLICATED);
    expect(client.wire()).to.equal('');
  });

  for (const isDecided of [false, true]) {
    const what = isDecided ? 'it was refused, because consensus decides about its key' : 'it held something newer';
    it(`asks a replica again when what that has said of a put was lost, which was that ${what}: with its next answer the put was acknowledged, and lost`, async () => {
      const ring = await RingBench.start(3);
      const [actor, other, writer] = ring.replicasOf('k');
      const isOfWriter = ({ to, message }: { to: number; message: { from: string } }): boolean =>
        to === writer || message.from === ring.ids[writer];
      ring.nodes[other].clock.us += 100_000;
      const first = ring.nodes[isDecided ? actor : other].connect();
      if (isDecided) first.send('SETNX', 'k', 'first');
      else first.send('SET', 'k', 'first');
      await ring.settle((sent) => !isOfWriter(sent));
      expect(first.replies()).to.have.length(1);
      const client = ring.nodes[writer].connect();
      client.send('SET', 'k', 'second');
      await ring.settle(({ to, message }) => to === other && message.from === ring.ids[writer]);
      // The stream by which the other one answers breaks, and is made anew.
      ring.sent = ring.sent.filter(({ kind }) => kind !== MessageKind.REPLICATED);
      client.send('SET', 'x', 'another');
      await ring.settle(({ to, message }) =>
        [to, ring.ids.indexOf(message.from)].every((node) => node === other || node === writer),
      );
      await ring.settle();
      expect(client.replies()).to.deep.equal(['OK', 'OK']);
      for (const node of ring.nodes) expect(await ring.ask(node.connect(), 'GET', 'k')).to.equal('second');
    });
  }

  it('has decided only what a client has put last: of two in a row, the first was put by consensus, which had begun with the last', async () => {
    const ring = await RingBench.start(3);
    const [actor, other, writer] = ring.replicasOf('k');
    const between = (a: number, b: number) => (sent: { to: number; message: { from: string } }) =>
      (sent.to === b && sent.message.from === ring.ids[a]) || (sent.to === a && sent.message.from === ring.ids[b]);
    const client = ring.nodes[writer].connect();
    for (const value of ['first', 'last']) client.send('SET', 'k', value);
    await ring.settle(({ to, kind }) => to === other && kind === MessageKind.REPLICATE);
    const claimant = ring.nodes[actor].connect();
    claimant.send('SETNX', 'k', 'claimed');
    await ring.settle(between(actor, other));
    expect(claimant.replies()).to.deep.equal([0]);
    await ring.settle(between(actor, writer));
    await ring.settle();
    expect(client.replies()).to.deep.equal(['OK', 'OK']);
    for (const node of ring.nodes) expect(await ring.ask(node.connect(), 'GET', 'k')).to.equal('last');
  });

  it('shows nobody what its log has not taken, while the disk is full: a read had counted that as one of R', async () => {
    const ring = await RingBench.start(3, 'write-timeout 500');
    ring.logFaults.set(0, FULL);
    const writer = ring.nodes[0].connect();
    writer.send('SET', 'k', 'v');
    await ring.settle();
    for (const node of ring.nodes) expect(await ring.ask(node.connect(), 'GET', 'k')).to.equal(null);
    expect(writer.wire()).to.equal('');
    ring.logFaults.clear();
    await ring.advance(200);
    expect(writer.replies()).to.deep.equal(['OK']);
    for (const node of ring.nodes) expect(await ring.ask(node.connect(), 'GET', 'k')).to.equal('v');
  });

  it('says in time that nobody knows of a write that found the disk full, at whatever level: it was answered when there was room', async () => {
    const unknown = '-TIMEOUT the disk is full: the outcome is unknown';
    const shortage = '-NOREPLICAS need 3, have 2';
    // What is read from others as well does not need this one.
    for (const [level, read, next] of [
      ['ONE', unknown, 'OK'],
      ['QUORUM', null, 'OK'],
      ['ALL', shortage, shortage],
    ]) {
      const ring = await RingBench.start(3, 'write-timeout 500');
      const [client, reader] = [ring.nodes[0].connect(), ring.nodes[1].connect()];
      expect(await ring.ask(client, 'CONSISTENCY', String(level))).to.equal('OK');
      ring.logFaults.set(0, FULL);
      for (const words of [['PING'], ['SET', 'k', 'v'], ['PING'], ['GET', 'k']]) client.send(...words);
      await ring.settle();
      client.send('SET', 'k', 'elsewhere');
      await ring.advance(400);
      expect(client.wire()).to.equal('');
      await ring.advance(300);
      expect(client.replies(), String(level)).to.deep.equal(['PONG', unknown, 'PONG', read, next]);
      expect(await ring.ask(client, 'PING')).to.equal('PONG');
      ring.logFaults.clear();
      await ring.advance(1000);
      expect(client.wire()).to.equal('');
      expect(await ring.ask(reader, 'WITH', 'ALL', 'GET', 'k')).to.equal(next === 'OK' ? 'elsewhere' : 'v');
    }
  });

  it('reads elsewhere what it was reading when its log was found to take nothing', async () => {
    const ring = await RingBench.start(3, 'write-timeout 500');
    ring.logFaults.set(0, FULL);
    const [writer, reader] = [ring.nodes[0].connect(), ring.nodes[0].connect()];
    reader.send('GET', 'k');
    await ring.settle(() => false);
    writer.send('SET', 'k', 'v');
    await ring.settle();
    expect([writer.wire(), reader.replies()]).to.deep.equal(['', [null]]);
  });

  it('is no replica for others while its log takes nothing: they had waited for it, and sent it what is to be changed', async () => {
    for (const fault of [FULL, BROKEN]) {
      const ring = await RingBench.start(3, 'write-timeout 500');
      const keys = Array.from({ length: 8 }, (_, i) => `k${i}`);
      ring.logFaults.set(0, fault);
      ring.nodes[0].connect().send('SET', 'k', 'v');
      await ring.settle();
      const client = ring.nodes[1].connect();
      for (const key of keys) expect(await ring.ask(client, 'INCR', key)).to.equal(1);
      ring.disconnect(1, 2);
      for (const key of keys) expect(await ring.ask(client, 'SET', key, 2)).to.equal('-NOREPLICAS need 2, have 1');
    }
  });

  it('has others change what it cannot log: its clients had been refused', async () => {
    const ring = await RingBench.start(4, 'write-timeout 500');
    ring.logFaults.set(0, FULL);
    ring.nodes[0].connect().send('SET', 'k', 'v');
    const elsewhere = ring.keyWithout(0);
    ring.nodes[0].connect().send('SET', elsewhere, 'v');
    await ring.settle();
    const client = ring.nodes[0].connect();
    for (const key of ['k', elsewhere]) {
      expect(await ring.ask(client, 'SET', key, 1)).to.equal('OK');
      expect(await ring.ask(client, 'INCR', key)).to.equal(2);
      for (const words of [['MULTI'], ['INCR', key]]) await ring.ask(client, ...words);
      expect(await ring.ask(client, 'EXEC')).to.deep.equal([3]);
      expect(await ring.ask(client, 'EVAL', "return redis.call('incr', KEYS[1])", 1, key)).to.equal(4);
    }
    expect(await ring.ask(client, 'WITH', 'ANY', 'SET', 'k', 5)).to.equal('OK');
    for (const other of [1, 2, 3]) ring.disconnect(0, other);
    expect(await ring.ask(client, 'SET', 'k', 6)).to.equal('-NOREPLICAS need 1, have 0');
  });

  it('has what it was sent while its disk was full when there is room again', async () => {
    const ring = await RingBench.start(3, 'write-timeout 5000');
    ring.logFaults.set(0, FULL);
    ring.nodes[0].connect().send('SET', 'k', 'v');
    await ring.settle();
    const client = ring.nodes[1].connect();
    expect(await ring.ask(client, 'SET', 'other', 1)).to.equal('OK');
    expect(await ring.ask(client, 'WITH', 'ALL', 'GET', 'other')).to.equal('-NOREPLICAS need 3, have 2');
    ring.logFaults.clear();
    await ring.advance(200);
    expect(ring.nodes[0].node.keyspace.keyCount).to.equal(2);
    expect(await ring.ask(client, 'WITH', 'ALL', 'GET', 'other')).to.equal('1');
  });

  it('tells members that joined while its disk was full that there is room again (simulator, scenario everything, seed 2700316: one waited for it for ever)', async () => {
    const ring = await RingBench.start(3, 'write-timeout 500');
    ring.logFaults.set(0, FULL);
    ring.nodes[0].connect().send('SET', 'k', 'v');
    await ring.settle();
    const joiner = await ring.join();
    ring.adopt([1, 2, joiner]);
    await ring.settle();
    ring.logFaults.clear();
    await ring.advance(200);
    ring.adopt();
    await ring.advance(200);
    const status = (await ring.ask(ring.nodes[joiner].connect(), 'RING', 'STATUS')) as unknown[];
    expect(status[status.indexOf('members-up') + 1]).to.equal(4);
  });
});
