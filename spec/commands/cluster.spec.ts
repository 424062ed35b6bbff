import { expect } from 'chai';
import { FakeRing, idOf } from './fake-ring.js';
import type { FakeClient } from './fake-server.js';
import { FakeServer, START_MS } from './fake-server.js';

const DISABLED = '-ERR This instance has cluster support disabled';

describe('commands/cluster', () => {
  let server: FakeServer;
  let ring: FakeRing;
  let client: FakeClient;
  beforeEach(() => {
    server = new FakeServer();
    server.ring = ring = new FakeRing();
    client = server.connect();
  });

  it('all of CLUSTER, READONLY, READWRITE and ASKING are refused on a single node', async () => {
    server.ring = undefined;
    for (const words of [['info'], ['keyslot', 'k'], ['help'], ['meet', '127.0.0.1', '1'], ['countkeysinslot', '1']]) {
      expect(await client.ask('cluster', ...words)).to.equal(DISABLED);
    }
    for (const name of ['readonly', 'readwrite', 'asking']) expect(await client.ask(name)).to.equal(DISABLED);
  });

  // The formats are those of redis-server 7.0.15.

  it('CLUSTER INFO says how the slots are', async () => {
    const text = await client.askText('cluster', 'info');
    expect(text.split('\r\n')).to.deep.equal([
      'cluster_state:ok',
      'cluster_slots_assigned:16384',
      'cluster_slots_ok:16384',
      'cluster_slots_pfail:0',
      'cluster_slots_fail:0',
      'cluster_known_nodes:3',
      'cluster_size:3',
      'cluster_current_epoch:7',
      'cluster_my_epoch:7',
      'cluster_stats_messages_sent:6',
      'cluster_stats_messages_received:3',
      'total_cluster_links_buffer_limit_exceeded:0',
      '',
    ]);
    ring.up[2] = false;
    expect(await client.askText('cluster', 'info')).to.match(/^cluster_state:ok\r\n[^]*cluster_size:2\r\n/);
    ring.up[1] = false;
    expect(await client.askText('cluster', 'info')).to.match(/^cluster_state:fail\r\n[^]*slots_pfail:16384\r\n/);
  });

  it('CLUSTER NODES has a line for each member, with the slots that it acts for', async () => {
    expect((await client.askText('cluster', 'nodes')).split('\n')).to.deep.equal([
      `${idOf(0)} 127.0.0.1:7000@17000 myself,master - 0 ${START_MS} 7 connected 0-5460`,
      `${idOf(1)} 127.0.0.1:7001@17001 master - 0 ${START_MS} 7 connected 5461-10922`,
      `${idOf(2)} 127.0.0.1:7002@17002 master - 0 ${START_MS} 7 connected 10923-16383`,
      '',
    ]);
    ring.up[1] = false;
    const lines = (await client.askText('cluster', 'nodes')).split('\n');
    expect(lines[1]).to.equal(`${idOf(1)} 127.0.0.1:7001@17001 master,fail - 0 0 7 disconnected`);
    expect(lines[2]).to.match(/ connected 5461-10922 10923-16383$/);
  });

  it('CLUSTER SLOTS and SHARDS name the first live replica', async () => {
    const node = (i: number): unknown[] => ['127.0.0.1', 7000 + i, idOf(i), []];
    expect(await client.ask('cluster', 'slots')).to.deep.equal([
      [0, 5460, node(0)],
      [5461, 10922, node(1)],
      [10923, 16383, node(2)],
    ]);
    ring.up[1] = false;
    expect(await client.ask('cluster', 'slots')).to.deep.equal([
      [0, 5460, node(0)],
      [5461, 10922, node(2)],
      [10923, 16383, node(2)],
    ]);
    const shard = (i: number, slots: number[], health: string): unknown[] => [
      'slots',
      slots,
      'nodes',
      [
        [
          ...['id', idOf(i), 'port', 7000 + i, 'ip', '127.0.0.1', 'endpoint', '127.0.0.1'],
          ...['role', 'master', 'replication-offset', 0, 'health', health],
        ],
      ],
    ];
    expect(await client.ask('cluster', 'shards')).to.deep.equal([
      shard(0, [0, 5460], 'online'),
      shard(1, [], 'fail'),
      shard(2, [5461, 10922, 10923, 16383], 'online'),
    ]);
    ring.up.fill(false);
    expect(await client.ask('cluster', 'slots')).to.deep.equal([]);
  });

  it('CLUSTER SLOTS, SHARDS and NODES send clients that use TLS where they are served by TLS', async () => {
    ring.tlsDistance = 100;
    const portsOf = async (): Promise<unknown[]> => {
      const slots = (await client.ask('cluster', 'slots')) as [number, number, unknown[]][];
      const lines = (await client.askText('cluster', 'nodes')).trim().split('\n');
      return [slots.map(([, , [, port]]) => port), lines.map((line) => Number(/:(\d+)@/.exec(line)?.[1]))];
    };
    expect(await portsOf()).to.deep.equal(Array(2).fill([7000, 7001, 7002]));
    client.usesTls = true;
    expect(await portsOf()).to.deep.equal(Array(2).fill([7100, 7101, 7102]));
    const [[, , , [shard]]] = (await client.ask('cluster', 'shards')) as [[string, number[], string, [unknown[]]]];
    expect(shard.slice(2, 6)).to.deep.equal(['port', 7000, 'tls-port', 7100]);
    ring.tlsDistance = 0;
    expect(await portsOf()).to.deep.equal(Array(2).fill([7000, 7001, 7002]));
  });

  it('CLUSTER LINKS has both directions of each connection', async () => {
    const links = (await client.ask('cluster', 'links')) as unknown[][];
    expect(links).to.have.length(4);
    expect(links[2]).to.deep.equal([
      ...['direction', 'to', 'node', idOf(2), 'create-time', 1_600_000_000_002],
      ...['events', 'rw', 'send-buffer-allocated', 30, 'send-buffer-used', 30],
    ]);
    expect(links[3].slice(0, 4)).to.deep.equal(['direction', 'from', 'node', idOf(2)]);
  });

  it('CLUSTER MYID, KEYSLOT, REPLICAS and COUNT-FAILURE-REPORTS answer as in Redis', async () => {
    expect(await client.ask('cluster', 'myid')).to.equal(idOf(0));
    expect(await client.ask('cluster', 'keyslot', 'a{b}c')).to.equal(3300);
    expect(await client.ask('cluster', 'keyslot', '')).to.equal(0);
    expect(await client.ask('cluster', 'replicas', idOf(1))).to.deep.equal([]);
    expect(await client.ask('cluster', 'slaves', 'x')).to.equal('-ERR Unknown node x');
    expect(await client.ask('cluster', 'count-failure-reports', idOf(1))).to.equal(0);
    ring.up[1] = false;
    expect(await client.ask('cluster', 'count-failure-reports', idOf(1))).to.equal(1);
  });

  it('CLUSTER MEET does nothing for a member, and FORGET refuses', async () => {
    expect(await client.ask('cluster', 'meet', '127.0.0.1', '7002')).to.equal('OK');
    expect(await client.ask('cluster', 'meet', '127.0.0.1', 'x')).to.equal('-ERR Invalid TCP base port specified: x');
    expect(await client.ask('cluster', 'meet', '127.0.0.1', '7009')).to.match(/^-ERR 127.0.0.1:7009 is no member: /);
    expect(await client.ask('cluster', 'forget', 'x')).to.equal('-ERR Unknown node x');
    expect(await client.ask('cluster', 'forget', idOf(0))).to.equal("-ERR I tried hard but I can't forget myself...");
    ring.up[1] = false;
    expect(await client.ask('cluster', 'forget', idOf(1))).to.equal('OK');
    expect(ring.takenOut).to.deep.equal([idOf(1)]);
  });

  it('CLUSTER COUNTKEYSINSLOT and GETKEYSINSLOT look at the keys of one slot', async () => {
    for (let i = 0; i < 200; i++) await client.ask('set', `{b}${i}`, i);
    for (let i = 0; i < 200; i++) await client.ask('set', `other${i}`, i);
    await client.ask('del', '{b}7');
    await client.ask('pexpire', '{b}8', 10);
    server.advance(20);
    const all = (await client.ask('cluster', 'getkeysinslot', 3300, 1000)) as string[];
    const expected = Array.from({ length: 200 }, (_, i) => `{b}${i}`).filter((key) => key !== '{b}7' && key !== '{b}8');
    expect(all.sort()).to.deep.equal(expected.sort());
    expect(await client.ask('cluster', 'countkeysinslot', 3300)).to.equal(198);
    expect(await client.ask('cluster', 'getkeysinslot', 3300, 5)).to.have.length(5);
    expect(await client.ask('cluster', 'getkeysinslot', 3300, 0)).to.deep.equal([]);
    expect(await client.ask('cluster', 'countkeysinslot', 16383)).to.be.a('number');
    const noInteger = '-ERR value is not an integer or out of range';
    expect(await client.ask('cluster', 'countkeysinslot', 'x')).to.equal(noInteger);
    expect(await client.ask('cluster', 'countkeysinslot', 16384)).to.equal('-ERR Invalid slot');
    expect(await client.ask('cluster', 'getkeysinslot', 1, -1)).to.equal('-ERR Invalid slot or number of keys');
    expect(await client.ask('cluster', 'getkeysinslot', 1, 'a')).to.equal(noInteger);
  });

  it('SELECT, SWAPDB, MOVE and COPY know one database in a ring', async () => {
    await client.ask('set', 'k', 'v');
    expect(await client.ask('select', 0)).to.equal('OK');
    expect(await client.ask('select', 1)).to.equal('-ERR SELECT is not allowed in cluster mode');
    expect(await client.ask('swapdb', 0, 1)).to.equal('-ERR SWAPDB is not allowed in cluster mode');
    expect(await client.ask('move', 'k', 1)).to.equal('-ERR MOVE is not allowed in cluster mode');
    const refusal = '-ERR Copying to another database is not allowed in cluster mode';
    expect(await client.ask('copy', 'k', 'l', 'db', 1)).to.equal(refusal);
    expect(await client.ask('copy', 'k', 'l', 'db', 0)).to.equal(1);
  });
});
