import { expect } from 'chai';
import { ColdNode } from './cold-node.js';
import { requestOf } from './node-bench.js';

const KEYS = Array.from({ length: 180 }, (_, i) => `k${i}`);

/** A node whose keys k0 to k179 are on disk alone, each in a block of its own. */
async function coldNode(configText = ''): Promise<ColdNode> {
  const node = await ColdNode.start(configText);
  for (const key of KEYS) await node.ask('SET', key, `${key} ${'.'.repeat(9000)}`);
  await node.forget();
  return node;
}

const valueOf = (key: string): string => `${key} ${'.'.repeat(9000)}`;
const pipeline = (...requests: (string | number)[][]): Buffer =>
  Buffer.concat(requests.map((words) => requestOf(...words)));

/** A figure of INFO. */
async function figure(node: ColdNode, name: string): Promise<string | undefined> {
  const info = String(await node.ask('INFO', 'everything'));
  return new RegExp(`^${name}:(.*)\r$`, 'm').exec(info)?.[1];
}

describe('HeldRequests', () => {
  it('answer a pipeline of cold keys in order, and read all of them at a time', async () => {
    const node = await coldNode();
    const wanted = KEYS.slice(0, 30).reverse();
    node.client.sendBytes(pipeline(...wanted.map((key) => ['GET', key])));
    await node.settle();
    expect(node.pendingCount).to.equal(wanted.length);
    await node.endReads();
    expect(node.client.replies()).to.deep.equal(wanted.map(valueOf));
    expect(node.reads.length).to.equal(wanted.length);
  });

  it('read ahead of a long pipeline in parts', async () => {
    const node = await coldNode();
    node.client.sendBytes(pipeline(...KEYS.map((key) => ['GET', key])));
    await node.settle();
    expect(node.pendingCount).to.be.within(100, 129);
    await node.run();
    expect(node.client.replies()).to.deep.equal(KEYS.map(valueOf));
    expect(node.reads.length).to.equal(KEYS.length);
  });

  it('do not read ahead what is overwritten', async () => {
    const node = await coldNode();
    node.client.sendBytes(
      pipeline(
        ['GET', 'k0'],
        ['SET', 'k1', 'x'],
        ['MSET', 'k2', 'x', 'k3', 'x'],
        ['SETEX', 'k4', 9, 'x'],
        ['GET', 'k1'],
      ),
    );
    await node.run();
    expect(node.client.replies()).to.deep.equal([valueOf('k0'), 'OK', 'OK', 'OK', 'x']);
    // k1 was read ahead for the GET: nobody knows then that it will have been overwritten.
    expect(node.reads.length).to.equal(2);
  });

  it('execute what comes behind them as it was sent: in the database that was selected, after a quit nothing', async () => {
    const node = await coldNode();
    node.client.sendBytes(
      pipeline(
        ['GET', 'k0'],
        ['SELECT', 1],
        ['GET', 'k0'],
        ['SET', 'k0', 'one'],
        ['GET', 'k0'],
        ['QUIT'],
        ['SET', 'k0', 2],
      ),
    );
    await node.run();
    expect(node.client.replies()).to.deep.equal([valueOf('k0'), 'OK', null, 'OK', 'one', 'OK']);
    expect(node.client.closed).to.equal('ended');
    const other = node.bench.connect();
    await node.askAs(other, 'SELECT', 1);
    expect(await node.askAs(other, 'GET', 'k0')).to.equal('one');
  });

  it('answer a request that makes no sense behind one that waits, after it', async () => {
    const node = await coldNode();
    node.client.sendBytes(
      Buffer.concat([pipeline(['GET', 'k0'], ['NOSUCH'], ['GET']), Buffer.from('*1\r\n!bad\r\n'), requestOf('PING')]),
    );
    await node.run();
    const replies = node.client.replies();
    expect(replies[0]).to.equal(valueOf('k0'));
    expect(String(replies[1])).to.contain('unknown command');
    expect(String(replies[2])).to.contain('wrong number of arguments');
    expect(String(replies[3])).to.contain("Protocol error: expected '$', got '!'");
    expect([replies.length, node.client.closed]).to.deep.equal([4, 'ended']);
  });

  it('take what arrives byte by byte while they wait', async () => {
    const node = await coldNode();
    const bytes = pipeline(['GET', 'k0'], ['GET', 'k1'], ['PING'], ['GET', 'k2']);
    for (let i = 0; i < bytes.length; i++) {
      node.client.sendBytes(bytes.subarray(i, i + 1));
      if (i % 7 === 0) await node.endReads();
    }
    await node.run();
    expect(node.client.replies()).to.deep.equal([valueOf('k0'), valueOf('k1'), 'PONG', valueOf('k2')]);
  });

  it('hold nobody else up', async () => {
    const node = await coldNode();
    const other = node.bench.connect();
    node.client.send('GET', 'k0');
    await node.settle();
    other.sendBytes(pipeline(['SET', 'hot', 1], ['INCR', 'hot'], ['GET', 'nosuch']));
    await node.settle();
    expect([other.replies(), node.client.replies()]).to.deep.equal([['OK', 2, null], []]);
    other.send('GET', 'k0');
    await node.settle();
    expect(node.pendingCount).to.equal(1);
    await node.endReads();
    expect([other.replies(), node.client.replies()]).to.deep.equal([[valueOf('k0')], [valueOf('k0')]]);
  });

  it('see what others have written meanwhile', async () => {
    const node = await coldNode();
    const other = node.bench.connect();
    node.client.sendBytes(pipeline(['GET', 'k0'], ['APPEND', 'k1', '!'], ['DEL', 'k2', 'k3'], ['STRLEN', 'k4']));
    await node.settle();
    other.sendBytes(pipeline(['SET', 'k0', 'new'], ['SET', 'k1', 'new'], ['SET', 'k2', 'new', 'PX', 1], ['FLUSHDB']));
    await node.settle();
    expect(other.replies()).to.deep.equal(['OK', 'OK', 'OK', 'OK']);
    await node.run();
    expect(node.client.replies()).to.deep.equal([null, 1, 0, 0]);
    expect(await node.ask('DBSIZE')).to.equal(1);
  });

  it('are forgotten when the client goes away, with all that comes behind them', async () => {
    const node = await coldNode();
    node.client.sendBytes(pipeline(['GETDEL', 'k0'], ['SET', 'k1', 'x'], ['GET', 'k2']));
    await node.settle();
    node.client.disconnect();
    await node.run();
    const other = node.bench.connect();
    expect(await node.askAs(other, 'MGET', 'k0', 'k1')).to.deep.equal([valueOf('k0'), valueOf('k1')]);
    expect(await node.askAs(other, 'CLIENT', 'LIST')).to.match(/^id=\d+ .*\n$/);
  });

  it('are forgotten when the client is killed', async () => {
    const node = await coldNode();
    const other = node.bench.connect();
    const id = await node.ask('CLIENT', 'ID');
    node.client.sendBytes(pipeline(['GETDEL', 'k0'], ['SET', 'k1', 'x']));
    await node.settle();
    expect(await node.askAs(other, 'CLIENT', 'KILL', 'ID', String(id))).to.equal(1);
    await node.run();
    expect(await node.askAs(other, 'MGET', 'k0', 'k1')).to.deep.equal([valueOf('k0'), valueOf('k1')]);
  });

  it('are answered when the client has closed its sending side', async () => {
    const node = await coldNode();
    node.client.sendBytes(pipeline(['GET', 'k0'], ['PING'], ['KEYS', 'k1'], ['GET', 'k2']));
    node.client.endSending();
    await node.settle();
    expect(node.client.closed).to.equal('no');
    await node.run();
    expect(node.client.replies()).to.deep.equal([valueOf('k0'), 'PONG', ['k1'], valueOf('k2')]);
    expect(node.client.closed).to.equal('ended');
  });

  it('are not answered if the client wants no replies', async () => {
    const node = await coldNode();
    const [off, skip] = [
      ['CLIENT', 'REPLY', 'OFF'],
      ['CLIENT', 'REPLY', 'SKIP'],
    ];
    node.client.sendBytes(pipeline(skip, ['GET', 'k0'], ['GET', 'k1'], skip, ['KEYS', '*'], ['KEYS', 'k2']));
    await node.run();
    expect(node.client.replies()).to.deep.equal([valueOf('k1'), ['k2']]);
    node.client.sendBytes(pipeline(off, ['GET', 'k3'], ['MGET', 'k4', 'k5'], ['CLIENT', 'REPLY', 'ON'], ['GET', 'k6']));
    await node.run();
    expect(node.client.replies()).to.deep.equal(['OK', valueOf('k6')]);
  });

  it('count each read of a key once, and each command', async () => {
    const node = await coldNode();
    await node.ask('GET', 'k1');
    await node.ask('CONFIG', 'RESETSTAT');
    await node.ask('MGET', 'k1', 'k2', 'nosuch', 'k1');
    node.client.sendBytes(pipeline(['GET', 'k0'], ['GET', 'nosuch'], ['EXISTS', 'k3'], ['GET', 'k0']));
    await node.run();
    node.client.replies();
    expect(await figure(node, 'keyspace_hits')).to.equal('6');
    expect(await figure(node, 'keyspace_misses')).to.equal('2');
    expect(await figure(node, 'cmdstat_get')).to.match(/^calls=3,.*rejected_calls=0,failed_calls=0$/);
    expect(await figure(node, 'cmdstat_mget')).to.match(/^calls=1,.*rejected_calls=0,failed_calls=0$/);
  });

  it('are answered with the name of a damaged file, and nothing else is', async () => {
    const node = await coldNode();
    const file = node.disk.list('data/tables').find((name) => name.endsWith('.sst'));
    const path = `data/tables/${file}`;
    node.disk.contentOf(path).fill(0xff, 100, 200);
    const replies: unknown[] = [];
    for (const key of KEYS) replies.push(await node.ask('GET', key));
    const failed = replies.filter((reply) => String(reply).startsWith('-'));
    expect(failed.length).to.be.above(0);
    for (const reply of failed) expect(reply).to.match(/^-ERR .*tables\/\d{10}\.sst/);
    expect(await figure(node, 'errorstat_ERR')).to.equal(`count=${failed.length}`);
    // What is overwritten needs no look at the disk.
    expect(await node.ask('SET', 'k0', 'new')).to.equal('OK');
    expect(await node.ask('GET', 'k0')).to.equal('new');
  });

  it('are answered with the error of a disk that cannot be read, and succeed when it can', async () => {
    const node = await coldNode();
    node.onRead = () => ({ kind: 'error', code: 'EIO' });
    node.client.sendBytes(pipeline(['GET', 'k0'], ['PING'], ['MGET', 'k1', 'k2'], ['KEYS', '*'], ['DEL', 'k3', 'k4']));
    await node.run();
    const replies = node.client.replies().map(String);
    expect(replies.length).to.equal(5);
    for (const i of [0, 2, 3, 4]) expect(replies[i]).to.match(/^-ERR .*read at \d+ failed/);
    expect(replies[1]).to.equal('PONG');
    node.onRead = undefined;
    expect(await node.ask('MGET', 'k0', 'k3')).to.deep.equal([valueOf('k0'), valueOf('k3')]);
    expect(await node.ask('KEYS', '*')).to.have.length(KEYS.length);
  });

  it('answer errors of the disk to nobody who wants no replies', async () => {
    const node = await coldNode();
    node.onRead = () => ({ kind: 'error', code: 'EIO' });
    node.client.sendBytes(pipeline(['CLIENT', 'REPLY', 'SKIP'], ['GET', 'k0'], ['PING']));
    await node.run();
    expect(node.client.replies()).to.deep.equal(['PONG']);
  });

  it('wait for a CLIENT PAUSE that began meanwhile', async () => {
    const node = await coldNode();
    const other = node.bench.connect();
    node.client.sendBytes(pipeline(['GET', 'k0'], ['PING']));
    await node.settle();
    expect(await node.askAs(other, 'CLIENT', 'PAUSE', 1000, 'ALL')).to.equal('OK');
    await node.run();
    expect(node.client.replies()).to.deep.equal([]);
    await node.advance(1200);
    expect(node.client.replies()).to.deep.equal([valueOf('k0'), 'PONG']);
  });

  it('find their data when everything was read anew meanwhile', async () => {
    const node = await coldNode();
    const other = node.bench.connect();
    const lister = node.bench.connect();
    await node.ask('GET', 'k9'); // what the tables say of themselves is read
    node.stopReading();
    node.client.sendBytes(pipeline(['GET', 'k0'], ['MGET', 'k1', 'k2'], ['KEYS', 'k3']));
    lister.send('KEYS', 'k4');
    await node.settle();
    other.send('DEBUG', 'RELOAD', 'NOSAVE');
    await node.run();
    node.goOnReading();
    await node.run();
    expect(other.replies()).to.deep.equal(['OK']);
    expect(node.client.replies()).to.deep.equal([valueOf('k0'), [valueOf('k1'), valueOf('k2')], ['k3']]);
    expect(lister.replies()).to.deep.equal([['k4']]);
  });

  it('list anew what was emptied, exchanged or written while they listed', async () => {
    const node = await coldNode();
    const other = node.bench.connect();
    node.client.send('KEYS', '*');
    await node.settle();
    expect(node.pendingCount).to.be.above(0);
    other.sendBytes(pipeline(['FLUSHDB'], ['SET', 'new', 1], ['SWAPDB', 0, 1], ['SET', 'other', 1]));
    await node.run();
    expect(other.replies()).to.deep.equal(['OK', 'OK', 'OK', 'OK']);
    expect(node.client.replies()).to.deep.equal([['other']]);
  });
});
