import { expect } from 'chai';
import { FakeRing } from './fake-ring.js';
import type { FakeClient } from './fake-server.js';
import { FakeServer } from './fake-server.js';

function info(client: FakeClient, ...sections: string[]): Promise<string> {
  return client.askText('info', ...sections);
}

function field(text: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*)\r$`, 'm').exec(text)?.[1];
}

function titles(text: string): string[] {
  return [...text.matchAll(/^# (\w+)\r$/gm)].map(([, title]) => title);
}

const DEFAULT = [
  'Server',
  'Clients',
  'Memory',
  'Persistence',
  'Storage',
  'Stats',
  'Replication',
  'CPU',
  'Loop',
  'Modules',
];

describe('commands/info', () => {
  it('INFO ring shows what this node does for others, if it is in a ring', async () => {
    const server = new FakeServer();
    expect(await info(server.connect(), 'ring')).to.equal('# Ring\r\n');
    server.ring = new FakeRing();
    const text = await info(server.connect(), 'ring');
    expect(field(text, 'hints')).to.equal('9');
    expect(field(text, 'hints_dropped')).to.equal('12');
    expect(field(text, 'write_timeouts')).to.equal('7');
  });

  it('INFO shows the sections of everyday, parted by empty lines', async () => {
    const text = await info(new FakeServer().connect());
    expect(titles(text)).to.deep.equal([...DEFAULT, 'Errorstats', 'Cluster', 'Ring', 'Keyspace']);
    expect(text).to.match(/^# Server\r\nredis_version:7\.2\.4\r\n/);
    expect(text).to.match(/\r\n\r\n# Clients\r\n/);
    expect(text).to.equal(await info(new FakeServer().connect(), 'default'));
  });

  it('INFO all and everything show every section, once each', async () => {
    const client = new FakeServer().connect();
    const all = [...DEFAULT, 'Commandstats', 'Errorstats', 'Latencystats', 'Cluster', 'Ring', 'Keyspace'];
    for (const words of [['all'], ['EVERYTHING'], ['cpu', 'all', 'default']]) {
      expect(titles(await info(client, ...words)), words.join(' ')).to.deep.equal(all);
    }
  });

  it('INFO shows the sections that are named, letter case apart, and passes over others', async () => {
    const client = new FakeServer().connect();
    expect(titles(await info(client, 'keyspace', 'cPu', 'sentinel'))).to.deep.equal(['CPU', 'Keyspace']);
    expect(await info(client, 'sentinel')).to.equal('');
    expect(titles(await info(client, 'commandstats', 'default'))).to.include.members(['Commandstats', 'Server']);
  });

  it('INFO is a verbatim text in RESP3', async () => {
    const client = new FakeServer().connect();
    await client.ask('hello', 3);
    expect(String(await client.askRaw('info', 'cluster'))).to.equal(
      '=34\r\ntxt:# Cluster\r\ncluster_enabled:0\r\n\r\n',
    );
  });
});

describe('commands/info-sections', () => {
  it('server: who we are, and for how long', async () => {
    const server = new FakeServer();
    const client = server.connect();
    server.advance(2 * 86_400_000 + 5_500);
    const text = await info(client, 'server');
    expect(field(text, 'server_name')).to.equal('ringkv');
    expect(field(text, 'ringkv_version')).to.equal('1.2.3');
    expect(field(text, 'run_id')).to.equal('a'.repeat(40));
    expect(field(text, 'tcp_port')).to.equal('6379');
    expect(field(text, 'process_id')).to.equal('4711');
    expect(field(text, 'uptime_in_seconds')).to.equal('172805');
    expect(field(text, 'uptime_in_days')).to.equal('2');
  });

  it('clients: how many, and how many of them wait', async () => {
    const server = new FakeServer();
    const [client, waiting, loud] = [server.connect(), server.connect(), server.connect()];
    const pending = waiting.ask('wait', 1, 0);
    loud.outputBytes = 77;
    loud.inputBytes = 33;
    const text = await info(client, 'clients');
    expect(field(text, 'connected_clients')).to.equal('3');
    expect(field(text, 'blocked_clients')).to.equal('1');
    expect(field(text, 'client_recent_max_input_buffer')).to.equal('33');
    expect(field(text, 'client_recent_max_output_buffer')).to.equal('77');
    waiting.timeOut();
    await pending;
  });

  it('memory: bytes, and the same for people', async () => {
    const text = await info(new FakeServer({ maxmemory: '100mb' }).connect(), 'memory');
    expect(field(text, 'used_memory')).to.equal(String(64 * 1024 ** 2));
    expect(field(text, 'used_memory_human')).to.equal('64.00M');
    expect(field(text, 'used_memory_peak_perc')).to.equal('98.46%');
    expect(field(text, 'maxmemory_human')).to.equal('100.00M');
    expect(field(text, 'maxmemory_policy')).to.equal('noeviction');
    expect(field(text, 'mem_fragmentation_ratio')).to.equal('1.50');
  });

  it('persistence: what the log does', async () => {
    const server = new FakeServer();
    const client = server.connect();
    await client.ask('set', 'a', 1);
    await client.ask('set', 'b', 2);
    Object.assign(server.durability, { savedChangeCount: 1, isSaving: true, lastSaveOk: false });
    Object.assign(server.durability, { failure: 'EIO', logBytes: 1000, lastSaveSeconds: 3 });
    const text = await info(client, 'persistence');
    expect(field(text, 'rdb_changes_since_last_save')).to.equal('1');
    expect(field(text, 'rdb_bgsave_in_progress')).to.equal('1');
    expect(field(text, 'rdb_last_save_time')).to.equal('1700000000');
    expect(field(text, 'rdb_last_bgsave_status')).to.equal('err');
    expect(field(text, 'aof_enabled')).to.equal('1');
    expect(field(text, 'aof_rewrite_in_progress')).to.equal('1');
    expect(field(text, 'aof_last_rewrite_time_sec')).to.equal('3');
    expect(field(text, 'aof_last_write_status')).to.equal('err');
    expect(field(text, 'aof_current_size')).to.equal('1000');
    expect(field(text, 'aof_base_size')).to.equal('0');
  });

  it('persistence: no sizes without a log', async () => {
    const text = await info(new FakeServer({ appendonly: 'no' }).connect(), 'persistence');
    expect(field(text, 'aof_enabled')).to.equal('0');
    expect(field(text, 'aof_current_size')).to.equal(undefined);
  });

  it('stats: counters of server and keyspace', async () => {
    const server = new FakeServer();
    const client = server.connect();
    server.errors.set('ERR', 3).set('WRONGTYPE', 4);
    await client.ask('set', 'a', 1);
    await client.ask('get', 'a');
    await client.ask('get', 'nosuch');
    const text = await info(client, 'stats');
    expect(field(text, 'total_commands_processed')).to.equal('1234');
    expect(field(text, 'instantaneous_input_kbps')).to.equal('2.00');
    expect(field(text, 'rejected_connections')).to.equal('2');
    expect(field(text, 'keyspace_hits')).to.equal('1');
    expect(field(text, 'keyspace_misses')).to.equal('1');
    expect(field(text, 'total_error_replies')).to.equal('7');
  });

  it('replication, cpu and loop', async () => {
    const client = new FakeServer().connect();
    expect(field(await info(client, 'replication'), 'role')).to.equal('master');
    expect(field(await info(client, 'cpu'), 'used_cpu_user')).to.equal('1.500000');
    const loop = await info(client, 'loop');
    expect(loop).to.equal(
      '# Loop\r\nloop_turns:77\r\nloop_cpu_over_10ms:3\r\nloop_cpu_over_20ms:1\r\nloop_cpu_max_us:12346\r\nloop_wall_max_us:23457\r\n',
    );
  });

  it('commandstats: the commands that were called or refused', async () => {
    const server = new FakeServer();
    server.noteCall('get', 3);
    server.noteCall('get', 4.5, true);
    server.noteCall('client|id', 2);
    for (const use of server.commandUses()) if (use.name === 'set') use.rejectedCalls++;
    const text = await info(server.connect(), 'commandstats');
    expect(field(text, 'cmdstat_get')).to.equal('calls=2,usec=8,usec_per_call=3.75,rejected_calls=0,failed_calls=1');
    expect(field(text, 'cmdstat_client\\|id')).to.match(/^calls=1,usec=2,/);
    expect(field(text, 'cmdstat_set')).to.match(/^calls=0,usec=0,usec_per_call=0\.00,rejected_calls=1,/);
    expect(field(text, 'cmdstat_ping')).to.equal(undefined);
  });

  it('errorstats: errors by their first word', async () => {
    const server = new FakeServer();
    server.errors.set('WRONGTYPE', 4);
    expect(field(await info(server.connect(), 'errorstats'), 'errorstat_WRONGTYPE')).to.equal('count=4');
  });

  it('latencystats: the percentiles of the option', async () => {
    const server = new FakeServer({ 'latency-tracking-info-percentiles': '50 99.9' });
    for (let i = 0; i < 99; i++) server.noteCall('get', 4);
    server.noteCall('get', 100);
    const text = await info(server.connect(), 'latencystats');
    expect(field(text, 'latency_percentiles_usec_get')).to.equal('p50=4.015,p99.9=100.351');
    expect(field(text, 'latency_percentiles_usec_set')).to.equal(undefined);
  });

  it('latencystats: nothing without latency-tracking', async () => {
    const server = new FakeServer({ 'latency-tracking': 'no' });
    server.noteCall('get', 4);
    expect(await info(server.connect(), 'latencystats')).to.equal('# Latencystats\r\n');
  });

  it('keyspace: the databases that hold keys', async () => {
    const client = new FakeServer().connect();
    await client.ask('mset', 'a', 1, 'b', 2);
    await client.ask('expire', 'a', 100);
    await client.ask('select', 9);
    await client.ask('set', 'c', 3);
    expect(await info(client, 'keyspace')).to.equal(
      '# Keyspace\r\ndb0:keys=2,expires=1,avg_ttl=0\r\ndb9:keys=1,expires=0,avg_ttl=0\r\n',
    );
  });
});
