import { expect } from 'chai';

import { ColdNode } from './cold-node.js';
import { requestOf } from './node-bench.js';
import { addWaitingCommands } from './waiting-commands.js';

type Word = string | number;

const pipeline = (...requests: Word[][]): Buffer => Buffer.concat(requests.map((words) => requestOf(...words)));

/** What a client is answered to requests that it sends at once. */
async function replies(node: ColdNode, ...requests: Word[][]): Promise<unknown[]> {
  node.client.sendBytes(pipeline(...requests));
  await node.run();
  return node.client.replies();
}

async function figure(node: ColdNode, section: string, name: string): Promise<string | undefined> {
  const info = String(await node.ask('INFO', section));
  return new RegExp(`^${name}:(.*)\r$`, 'm').exec(info)?.[1];
}

const ABORTED = '-EXECABORT Transaction discarded because of previous errors.';

describe('transactions', () => {
  it('run what was queued, in order, and answer with all replies', async () => {
    const node = await ColdNode.start();
    expect(
      await replies(
        node,
        ['MULTI'],
        ['SET', 'a', 1],
        ['INCR', 'a'],
        ['MGET', 'a', 'b'],
        ['PING'],
        ['EXEC'],
        ['GET', 'a'],
      ),
    ).to.deep.equal(['OK', 'QUEUED', 'QUEUED', 'QUEUED', 'QUEUED', ['OK', 2, ['2', null], 'PONG'], '2']);
    expect(await replies(node, ['MULTI'], ['EXEC'])).to.deep.equal(['OK', []]);
  });

  it('keep each argument as it was sent', async () => {
    const node = await ColdNode.start();
    await node.ask('MULTI');
    for (let i = 0; i < 50; i++) await node.ask('SET', `key ${i}`, 'x'.repeat(i * 37));
    await node.ask('EXEC');
    for (let i = 0; i < 50; i++) expect(await node.ask('STRLEN', `key ${i}`)).to.equal(i * 37);
  });

  it('leave nothing undone, and undo nothing, when a command fails', async () => {
    const node = await ColdNode.start();
    expect(await replies(node, ['MULTI'], ['SET', 'a', 'x'], ['INCR', 'a'], ['SET', 'b', 'y'], ['EXEC'])).to.deep.equal(
      ['OK', 'QUEUED', 'QUEUED', 'QUEUED', ['OK', '-ERR value is not an integer or out of range', 'OK']],
    );
    expect(await node.ask('MGET', 'a', 'b')).to.deep.equal(['x', 'y']);
    expect(await figure(node, 'commandstats', 'cmdstat_incr')).to.match(/^calls=1,.*rejected_calls=0,failed_calls=1$/);
    expect(await figure(node, 'commandstats', 'cmdstat_exec')).to.match(/^calls=1,.*rejected_calls=0,failed_calls=0$/);
    expect(await figure(node, 'errorstats', 'errorstat_ERR')).to.equal('count=1');
  });

  it('run nothing when a command could not be queued', async () => {
    const node = await ColdNode.start();
    for (const wrong of [['SET', 'a'], ['NOSUCH'], ['CONFIG', 'NOSUCH'], ['SAVE']]) {
      const [, refusal, , aborted, value] = await replies(
        node,
        ['MULTI'],
        wrong,
        ['SET', 'a', 1],
        ['EXEC'],
        ['GET', 'a'],
      );
      expect(refusal).to.match(/^-ERR /);
      expect([aborted, value]).to.deep.equal([ABORTED, null]);
    }
    expect((await replies(node, ['MULTI'], ['SAVE'], ['DISCARD']))[1]).to.equal(
      '-ERR Command not allowed inside a transaction',
    );
    expect(await figure(node, 'errorstats', 'errorstat_EXECABORT')).to.equal('count=4');
  });

  it('refuse what comes at the wrong time, as Redis does', async () => {
    const node = await ColdNode.start();
    expect(await replies(node, ['EXEC'], ['DISCARD'])).to.deep.equal([
      '-ERR EXEC without MULTI',
      '-ERR DISCARD without MULTI',
    ]);
    expect(await replies(node, ['MULTI'], ['MULTI'], ['WATCH', 'a'], ['PING'], ['EXEC'])).to.deep.equal([
      'OK',
      '-ERR MULTI calls can not be nested',
      '-ERR WATCH inside MULTI is not allowed',
      'QUEUED',
      ['PONG'],
    ]);
    expect(await replies(node, ['MULTI'], ['EXEC', 'x'], ['EXEC'])).to.deep.equal([
      'OK',
      "-EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command",
      '-ERR EXEC without MULTI',
    ]);
    expect(await replies(node, ['UNWATCH'], ['MULTI'], ['UNWATCH'], ['EXEC'])).to.deep.equal([
      'OK',
      'OK',
      'QUEUED',
      ['OK'],
    ]);
  });

  it('end at an EXEC with arguments, which is refused in other words', async () => {
    const node = await ColdNode.start();
    const refused = "-EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command";
    expect(await replies(node, ['MULTI'], ['SET', 'a', 1], ['EXEC', 'x'], ['EXEC'], ['EXEC', 'x'])).to.deep.equal([
      'OK',
      'QUEUED',
      refused,
      '-ERR EXEC without MULTI',
      refused,
    ]);
    expect(await node.ask('GET', 'a')).to.equal(null);
  });

  it('end with DISCARD, RESET and the connection', async () => {
    const node = await ColdNode.start();
    expect(await replies(node, ['MULTI'], ['SET', 'a', 1], ['DISCARD'], ['GET', 'a'])).to.deep.equal([
      'OK',
      'QUEUED',
      'OK',
      null,
    ]);
    expect(
      await replies(node, ['WATCH', 'a'], ['MULTI'], ['SET', 'a', 1], ['RESET'], ['EXEC'], ['GET', 'a']),
    ).to.deep.equal(['OK', 'OK', 'QUEUED', 'RESET', '-ERR EXEC without MULTI', null]);
    const gone = node.bench.connect();
    gone.sendBytes(pipeline(['WATCH', 'a'], ['MULTI'], ['SET', 'a', 1]));
    await node.run();
    expect(await figure(node, 'clients', 'watching_clients')).to.equal('1');
    gone.disconnect();
    expect(await figure(node, 'clients', 'total_watched_keys')).to.equal('0');
    expect(await node.ask('GET', 'a')).to.equal(null);
  });

  it('let nobody in between, and are logged in one frame', async () => {
    const node = await ColdNode.start();
    const other = node.bench.connect();
    await replies(node, ['MULTI'], ['SET', 'a', 1], ['SET', 'b', 1]);
    other.send('SET', 'a', 2);
    await node.run();
    const { stepCount } = node.disk;
    node.client.send('EXEC');
    other.send('MGET', 'a', 'b');
    node.bench.endTurn();
    expect(other.replies()).to.deep.equal(['OK', ['1', '1']]);
    expect(node.disk.stepCount - stepCount).to.equal(1);
  });

  it('take databases as they go', async () => {
    const node = await ColdNode.start();
    expect(
      await replies(node, ['MULTI'], ['SET', 'a', 0], ['SELECT', 1], ['SET', 'a', 1], ['EXEC'], ['GET', 'a']),
    ).to.deep.equal(['OK', 'QUEUED', 'QUEUED', 'QUEUED', ['OK', 'OK', 'OK'], '1']);
    await node.ask('SELECT', 0);
    expect(await node.ask('GET', 'a')).to.equal('0');
  });

  it('do not wait', async () => {
    const node = await ColdNode.start();
    addWaitingCommands(node.bench.node);
    expect(
      await replies(
        node,
        ['MULTI'],
        ['BTAKE', 'k', 0],
        ['SET', 'k', 1],
        ['BTAKE', 'k', 0],
        ['BMOVE', 'k', 'j', 0],
        ['EXEC'],
      ),
    ).to.deep.equal(['OK', 'QUEUED', 'QUEUED', 'QUEUED', 'QUEUED', [null, 'OK', ['k', '1'], null]]);
  });

  it('serve those who wait behind EXEC, with what is there then', async () => {
    const node = await ColdNode.start();
    addWaitingCommands(node.bench.node);
    const other = node.bench.connect();
    other.send('BTAKE', 'k', 'j', 0);
    await node.run();
    await replies(node, ['MULTI'], ['SET', 'k', 1], ['DEL', 'k'], ['SET', 'j', 2], ['SET', 'j', 3], ['EXEC']);
    expect(other.replies()).to.deep.equal([['j', '3']]);
  });

  it('load what they need of the disk beforehand, all at a time', async () => {
    const node = await ColdNode.start();
    for (const key of ['a', 'b', 'c']) await node.ask('SET', key, `${key}${'.'.repeat(9000)}`);
    await node.forget();
    node.client.sendBytes(
      pipeline(['MULTI'], ['APPEND', 'a', '!'], ['STRLEN', 'b'], ['DEL', 'c', 'nosuch'], ['KEYS', '*'], ['EXEC']),
    );
    await node.settle();
    expect(node.pendingCount).to.be.greaterThan(2);
    expect(node.client.replies()).to.deep.equal(['OK', 'QUEUED', 'QUEUED', 'QUEUED', 'QUEUED']);
    await node.run();
    const [[length, other, deleted, keys]] = node.client.replies() as [[number, number, number, string[]]];
    expect([length, other, deleted, keys.sort()]).to.deep.equal([9002, 9001, 1, ['a', 'b']]);
  });

  it('read at once what nobody could know before, and go on where the disk fails', async () => {
    const node = await ColdNode.start();
    await node.ask('SELECT', 1);
    for (const key of ['a', 'b']) await node.ask('SET', key, key);
    await node.ask('SELECT', 0);
    for (const key of ['x', 'y']) await node.ask('SET', key, key.repeat(9000));
    await node.forget();
    expect(await replies(node, ['MULTI'], ['SET', 'x', 1], ['SELECT', 1], ['GET', 'a'], ['EXEC'])).to.deep.equal([
      'OK',
      'QUEUED',
      'QUEUED',
      'QUEUED',
      ['OK', 'OK', 'a'],
    ]);
    await node.ask('SELECT', 0);
    node.onRead = () => ({ kind: 'error', code: 'EIO' });
    const [, , , results] = await replies(node, ['MULTI'], ['SET', 'z', 1], ['STRLEN', 'y'], ['EXEC']);
    node.onRead = undefined;
    expect((results as unknown[])[0]).to.equal('OK');
    expect((results as unknown[])[1]).to.match(/^-ERR .*injected/);
    expect(await node.ask('MGET', 'z', 'x')).to.deep.equal(['1', '1']);
  });

  it('are refused when memory is short, at each command and at EXEC', async () => {
    const node = await ColdNode.start('appendonly no\nmaxmemory-policy noeviction');
    await node.ask('SET', 'big', 'x'.repeat(10_000));
    const short = "-OOM command not allowed when used memory > 'maxmemory'.";
    await replies(node, ['MULTI'], ['SET', 'a', 1]);
    const other = node.bench.connect();
    await node.askAs(other, 'CONFIG', 'SET', 'maxmemory', 1);
    await node.advance(100);
    expect(await replies(node, ['EXEC'])).to.deep.equal([
      `-EXECABORT Transaction discarded because of: ${short.slice(1)}`,
    ]);
    expect(await replies(node, ['MULTI'], ['PING'], ['EXEC'])).to.deep.equal(['OK', short, ABORTED]);
    await node.askAs(other, 'CONFIG', 'SET', 'maxmemory', 0);
    await node.advance(100);
    await replies(node, ['MULTI'], ['GET', 'a']);
    await node.askAs(other, 'CONFIG', 'SET', 'maxmemory', 1);
    await node.advance(100);
    expect(await replies(node, ['EXEC'])).to.deep.equal([[null]]);
  });

  it('that write are held back by a pause of writes, and others not', async () => {
    const node = await ColdNode.start();
    const other = node.bench.connect();
    await replies(node, ['MULTI'], ['SET', 'a', 1]);
    await node.askAs(other, 'CLIENT', 'PAUSE', 60_000, 'WRITE');
    expect(await replies(node, ['EXEC'])).to.deep.equal([]);
    const reader = node.bench.connect();
    reader.sendBytes(pipeline(['MULTI'], ['GET', 'a'], ['EXEC']));
    await node.run();
    expect(reader.replies()).to.deep.equal(['OK', 'QUEUED', [null]]);
    await node.askAs(other, 'CLIENT', 'UNPAUSE');
    await node.run();
    expect(node.client.replies()).to.deep.equal([['OK']]);
  });

  it('are shown in CLIENT LIST', async () => {
    const node = await ColdNode.start();
    const other = node.bench.connect();
    const line = async (): Promise<string> =>
      String(await node.askAs(other, 'CLIENT', 'LIST'))
        .split('\n')
        .find((text) => !text.includes('cmd=client')) ?? '';
    await replies(node, ['WATCH', 'a', 'b', 'a'], ['MULTI'], ['SET', 'a', 1], ['SET', 'b', 'x'.repeat(5000)]);
    expect(await line()).to.match(/flags=x .* multi=2 .*multi-mem=6\d\d\d .*cmd=set .*watch=2$/);
    await node.askAs(other, 'SET', 'a', 2);
    expect(await line()).to.match(/flags=xd .* multi=2 .* watch=0$/);
    await node.ask('DISCARD');
    expect(await line()).to.match(/flags=N .* multi=-1 .*multi-mem=0 .* watch=0$/);
  });

  it('hold no more than a client may have waiting', async () => {
    const node = await ColdNode.start('client-query-buffer-limit 1mb');
    node.client.send('MULTI');
    for (let i = 0; i < 12; i++) node.client.send('SET', 'a', 'x'.repeat(100_000));
    await node.run();
    expect(node.client.closed).to.equal('destroyed');
    expect(await node.askAs(node.bench.connect(), 'EXISTS', 'a')).to.equal(0);
  });

  it('answer nobody who wants no answer', async () => {
    const node = await ColdNode.start();
    expect(
      await replies(
        node,
        ['CLIENT', 'REPLY', 'OFF'],
        ['MULTI'],
        ['SET', 'a', 1],
        ['EXEC'],
        ['CLIENT', 'REPLY', 'ON'],
        ['GET', 'a'],
      ),
    ).to.deep.equal(['OK', '1']);
  });

  it('set options, and wait for no replica, but change no address', async () => {
    const node = await ColdNode.start();
    const [, , , , , results] = await replies(
      node,
      ['MULTI'],
      ['CONFIG', 'SET', 'maxmemory', '100mb'],
      ['CONFIG', 'SET', 'maxmemory', 'x'],
      ['CONFIG', 'SET', 'port', 7777],
      ['WAIT', 1, 0],
      ['EXEC'],
    );
    const [done, wrong, refused, replicas] = results as unknown[];
    expect([done, replicas]).to.deep.equal(['OK', 0]);
    expect(wrong).to.match(/^-ERR CONFIG SET failed \(possibly related to argument 'maxmemory'\)/);
    expect(refused).to.equal('-ERR CONFIG SET failed - addresses cannot be changed inside a transaction');
    expect(await node.ask('CONFIG', 'GET', 'maxmemory')).to.deep.equal(['maxmemory', '104857600']);
    expect(await node.ask('CONFIG', 'GET', 'port')).to.deep.equal(['port', '6379']);
  });

  it('are shown to monitors when they run', async () => {
    const node = await ColdNode.start();
    const monitor = node.bench.connect();
    monitor.send('MONITOR');
    await node.run();
    monitor.wire();
    await replies(node, ['MULTI'], ['SET', 'a', 1], ['GET', 'a']);
    expect(monitor.wire().match(/"[A-Z]+"/g)).to.deep.equal(['"MULTI"']);
    await replies(node, ['EXEC']);
    expect(monitor.wire().match(/"[A-Z]+"/g)).to.deep.equal(['"SET"', '"GET"', '"EXEC"']);
  });
});
