import { expect } from 'chai';
import { keepNothing } from '../sim/crash-fate.js';
import type { Fault } from '../sim/memory-disk.js';
import { MemoryDisk } from '../sim/memory-disk.js';
import type { BenchClient } from './node-bench.js';
import { NodeBench, requestOf } from './node-bench.js';

/** The disk as the next boot finds it, with what was not synced lost. */
async function afterPowerFailure(bench: NodeBench): Promise<NodeBench> {
  return NodeBench.start('', { disk: bench.disk.crash(keepNothing) });
}

describe('Turn', () => {
  it('logs what was written before it answers, with one append for all', async () => {
    const clients: BenchClient[] = [];
    const appends: number[] = [];
    const bench = await NodeBench.start('appendfsync no', {
      plan: ({ name, path }) => {
        if (name === 'append' && path.includes('aof')) appends.push(clients.filter((one) => one.hasReplies).length);
        return undefined;
      },
    });
    appends.length = 0;
    for (let i = 0; i < 3; i++) clients.push(bench.connect());
    clients.forEach((client, i) => {
      client.send('SET', `k${i}`, 'v');
      client.send('GET', `k${i}`);
    });
    bench.endTurn();
    expect(appends, 'how many clients had replies at each append').to.deep.equal([0]);
    for (const client of clients) expect(client.replies()).to.deep.equal(['OK', 'v']);
  });

  it('holds replies until the log is durable, reads and other clients too, with appendfsync always', async () => {
    const bench = await NodeBench.start('appendfsync always');
    const [writer, reader] = [bench.connect(), bench.connect()];
    expect(await bench.ask(reader, 'PING'), 'nothing is unsynced').to.equal('PONG');
    writer.send('SET', 'k', 'v');
    await bench.settle();
    writer.send('GET', 'k');
    reader.send('GET', 'k');
    await bench.settle();
    expect([writer.wire(), reader.wire()]).to.deep.equal(['', '']);
    await bench.finishSyncs();
    expect([writer.replies(), reader.replies()]).to.deep.equal([['OK', 'v'], ['v']]);
    expect(await bench.ask(reader, 'PING')).to.equal('PONG');
  });

  it('acknowledges only what survives a power failure, with appendfsync always', async () => {
    const bench = await NodeBench.start('appendfsync always');
    const clients = Array.from({ length: 4 }, () => bench.connect());
    const acknowledged = clients.map(() => 0);
    for (let round = 0; round < 40; round++) {
      clients.forEach((client, i) => client.send('SET', `${i}:${round}`, 'v'));
      await bench.settle();
      if (round % 3 !== 0) bench.syncs.shift()?.();
      await bench.settle();
      clients.forEach((client, i) => (acknowledged[i] += client.replies().length));
    }
    expect(Math.min(...acknowledged)).to.be.above(10);
    expect(Math.max(...acknowledged)).to.be.below(40);
    const next = await afterPowerFailure(bench);
    const client = next.connect();
    for (let i = 0; i < clients.length; i++) {
      for (let round = 0; round < acknowledged[i]; round++) {
        expect(await next.ask(client, 'GET', `${i}:${round}`), `${i}:${round}`).to.equal('v');
      }
    }
  });

  it('keeps the order of replies when appendfsync or appendonly is changed while some are held', async () => {
    for (const change of [
      ['appendfsync', 'everysec'],
      ['appendfsync', 'no'],
      ['appendonly', 'no'],
    ]) {
      const bench = await NodeBench.start('appendfsync always');
      const client = bench.connect();
      const other = bench.connect();
      client.send('SET', 'k', 'v');
      await bench.settle();
      client.send('CONFIG', 'SET', ...change);
      client.send('GET', 'k');
      other.send('GET', 'k');
      await bench.settle();
      client.send('PING');
      await bench.settle();
      await bench.finishSyncs();
      await bench.settle();
      expect(client.replies(), change.join(' ')).to.deep.equal(['OK', 'OK', 'v', 'PONG']);
      expect(other.replies()).to.deep.equal(['v']);
    }
  });

  it('answers no write that the log did not take, and then refuses writes and goes on with reads', async () => {
    for (const failing of ['append', 'sync'] as const) {
      for (const fsync of ['always', 'no']) {
        if (failing === 'sync' && fsync === 'no') continue;
        const fault: Fault = { kind: 'error', code: 'EIO' };
        let fails = false;
        const bench = await NodeBench.start(`appendfsync ${fsync}`, {
          plan: ({ name, path }) => (fails && name === failing && path.includes('aof') ? fault : undefined),
        });
        const [writer, reader, late] = [bench.connect(), bench.connect(), bench.connect()];
        writer.send('SET', 'old', 'v');
        await bench.settle();
        await bench.finishSyncs();
        expect(writer.replies()).to.deep.equal(['OK']);
        fails = true;
        writer.send('SET', 'new', 'v');
        await bench.settle();
        await bench.finishSyncs();
        expect([writer.wire(), writer.closed], `${failing}, ${fsync}`).to.deep.equal(['', 'destroyed']);
        expect(await bench.ask(reader, 'GET', 'old')).to.equal('v');
        expect(await bench.ask(late, 'SET', 'k', 'v')).to.match(/^-MISCONF Errors writing to the AOF file/);
        expect(await bench.ask(late, 'PING')).to.equal('PONG');
      }
    }
  });

  it('holds what was read in the turn in which the disk was full, until there is room', async () => {
    let isFull = false;
    const bench = await NodeBench.start('', {
      plan: ({ name }) => (isFull && name === 'append' ? { kind: 'error', code: 'ENOSPC' } : undefined),
    });
    const [writer, reader, late] = [bench.connect(), bench.connect(), bench.connect()];
    isFull = true;
    writer.send('SET', 'k', 'v');
    reader.send('GET', 'k');
    await bench.settle();
    expect([writer.wire(), reader.wire()]).to.deep.equal(['', '']);
    expect(await bench.ask(late, 'SET', 'k', 'w')).to.match(/^-MISCONF/);
    expect(await bench.ask(late, 'PING')).to.equal('PONG');
    isFull = false;
    bench.clock.us += 200_000;
    bench.timers.fire();
    await bench.settle();
    expect([writer.replies(), reader.replies()]).to.deep.equal([['OK'], ['v']]);
    expect(bench.lines.filter((line) => line.includes('The disk is full'))).to.have.lengthOf(1);
  });

  it('answers what found the disk full when that takes longer than write-timeout, and nothing else with it: its client waited for room for ever', async () => {
    for (const fsync of ['always', 'everysec']) {
      let isFull = false;
      const bench = await NodeBench.start(`appendfsync ${fsync}\nwrite-timeout 500`, {
        plan: ({ name, path }) =>
          isFull && name === 'append' && path.includes('aof') ? { kind: 'error', code: 'ENOSPC' } : undefined,
      });
      const [writer, reader, muted] = [bench.connect(), bench.connect(), bench.connect()];
      writer.send('SET', 'old', 'v');
      await bench.settle();
      await bench.finishSyncs();
      expect(writer.replies()).to.deep.equal(['OK']);
      isFull = true;
      for (const words of [['GET', 'old'], ['PING'], ['SET', 'k', 'v'], ['PING'], ['GET', 'k']]) writer.send(...words);
      for (const words of [['MULTI'], ['SET', 'l', 'v'], ['EXEC'], ['PING']]) reader.send(...words);
      for (const words of [['CLIENT', 'REPLY', 'SKIP'], ['SET', 'm', 'v'], ['PING']]) muted.send(...words);
      await bench.settle();
      writer.send('SET', 'k', 'w');
      await bench.advance(400);
      expect([writer.wire(), reader.wire(), muted.wire()]).to.deep.equal(['', '', '']);
      await bench.advance(300);
      const unknown = '-TIMEOUT the disk is full: the outcome is unknown';
      const [refused, ...replies] = writer.replies().reverse();
      expect(refused).to.match(/^-MISCONF/);
      expect(replies.reverse(), fsync).to.deep.equal(['v', 'PONG', unknown, 'PONG', unknown]);
      expect(reader.replies()).to.deep.equal(['OK', 'QUEUED', unknown, 'PONG']);
      expect(muted.replies()).to.deep.equal(['PONG']);
      isFull = false;
      await bench.advance(2000);
      await bench.finishSyncs();
      expect([writer.wire(), reader.wire()]).to.deep.equal(['', '']);
      const next = await afterPowerFailure(bench);
      for (const key of ['k', 'l', 'm']) expect(await next.ask(next.connect(), 'GET', key)).to.equal('v');
    }
  });

  it('lets every client get on, however many send in each turn', async () => {
    const bench = await NodeBench.start();
    const clients = Array.from({ length: 700 }, () => bench.connect());
    const answered = clients.map(() => 0);
    for (const client of clients) client.send('INCR', 'n');
    for (let turn = 0; turn < 60; turn++) {
      bench.endTurn();
      await Promise.resolve(); // streams go on
      clients.forEach((client, i) => {
        const count = client.replies().length;
        answered[i] += count;
        // Who has its answer asks again, before those that were left over get on.
        if (count > 0) client.send('INCR', 'n');
      });
    }
    expect(Math.min(...answered)).to.be.above(10);
  });

  it('shares the time between clients with long pipelines', async () => {
    const bench = await NodeBench.start();
    bench.clock.lookUs = 50;
    const greedy = Array.from({ length: 3 }, () => bench.connect());
    const pipeline = Buffer.concat(Array.from({ length: 2000 }, () => requestOf('INCR', 'n')));
    for (const client of greedy) client.sendBytes(pipeline);
    const modest = bench.connect();
    const counts = greedy.map(() => 0);
    for (let i = 0; i < 20; i++) {
      modest.send('PING');
      let turns = 0;
      for (; !modest.hasReplies; turns++) {
        bench.endTurn();
        await Promise.resolve(); // streams go on
      }
      expect(turns).to.be.at.most(5);
      expect(modest.replies()).to.deep.equal(['PONG']);
      greedy.forEach((client, k) => (counts[k] += client.replies().length));
    }
    expect(Math.min(...counts)).to.be.above(300);
    expect(Math.max(...counts) - Math.min(...counts)).to.be.below(300);
    expect(bench.node.server.figures.loop.wallMaxUs).to.be.below(10_000);
  });

  it('counts as long what has used the processor for so long, not what waited for it', async () => {
    const bench = await NodeBench.start();
    const client = bench.connect();
    const { loop } = bench.node.server.figures;
    const turn = (within: () => void): void => {
      client.send('PING');
      within();
      bench.endTurn();
    };
    bench.clock.us += 50_000;
    turn(() => bench.clock.preempt(30_000));
    expect([loop.cpuOver10Ms, loop.wallMaxUs > 30_000, loop.cpuMaxUs < 1000]).to.deep.equal([0, true, true]);
    turn(() => (bench.clock.us += 12_000));
    expect([loop.cpuOver10Ms, loop.cpuOver20Ms]).to.deep.equal([1, 0]);
    turn(() => (bench.clock.us += 22_000));
    expect([loop.cpuOver10Ms, loop.cpuOver20Ms]).to.deep.equal([2, 1]);
    for (let i = 0; i < 20; i++) turn(() => (bench.clock.us += 1900));
    expect(loop.cpuOver10Ms).to.equal(2);
  });

  it('logs a turn that wrote more than fits into one batch in several, and answers it once', async () => {
    const bench = await NodeBench.start('appendfsync always');
    const client = bench.connect();
    const value = Buffer.alloc(300_000, 'x');
    client.sendBytes(Buffer.concat(Array.from({ length: 12 }, (_, i) => requestOf('SET', `k${i}`, value))));
    await bench.settle();
    expect(client.wire()).to.equal('');
    await bench.finishSyncs();
    expect(client.replies().length).to.equal(12);
    const next = await afterPowerFailure(bench);
    expect(await next.ask(next.connect(), 'DBSIZE')).to.equal(12);
  });

  it('sends a monitor each line once and in order, and shows them to no other', async () => {
    const bench = await NodeBench.start();
    const [monitor, client] = [bench.connect(), bench.connect()];
    expect(await bench.ask(monitor, 'MONITOR')).to.equal('OK');
    for (let i = 0; i < 5; i++) client.send('SET', `k${i}`, 'v');
    await bench.settle();
    const lines = monitor.replies().map((line) => String(line).replace(/^.*\] /, ''));
    expect(lines).to.deep.equal([0, 1, 2, 3, 4].map((i) => `"SET" "k${i}" "v"`));
    expect(client.replies().length).to.equal(5);
    expect(await bench.ask(monitor, 'RESET')).to.equal('RESET');
    client.send('PING');
    await bench.settle();
    expect(monitor.wire()).to.equal('');
  });

  it('starts on a disk whose data directory was new when the power failed', async () => {
    const disk = new MemoryDisk();
    const bench = await NodeBench.start('appendfsync always\ndir data/node', { disk });
    const client = bench.connect();
    client.send('SET', 'k', 'v');
    await bench.settle();
    await bench.settle();
    expect(client.replies()).to.deep.equal(['OK']);
    const next = await NodeBench.start('dir data/node', { disk: disk.crash(keepNothing) });
    expect(await next.ask(next.connect(), 'GET', 'k')).to.equal('v');
  });
});
