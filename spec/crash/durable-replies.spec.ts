import { expect } from 'chai';
import { EXECUTABLE } from '../../scripts/tools/executable.js';
import { RawConnection } from '../../scripts/tools/raw-connection.js';
import type { ServerProcess } from '../../scripts/tools/server-process.js';
import { requireProgram } from '../tools/programs.js';
import { Servers } from './servers.js';

const SYNC_MS = 300;

describe('ringkv with appendfsync always', function () {
  // A slow disk makes for a slow start.
  this.timeout(20_000);
  let servers: Servers;
  let server: ServerProcess;
  beforeEach(() => {
    servers = new Servers();
  });
  afterEach(() => servers.end());

  async function start(command?: readonly string[]): Promise<void> {
    server = await servers.start(['--appendfsync', 'always'], command);
  }

  /** A server whose disk takes a while to make anything durable. */
  function startSlowly(context: Mocha.Context): Promise<void> {
    const strace = requireProgram(context, 'strace');
    const delay = ['-e', 'trace=fdatasync', '-e', `inject=fdatasync:delay_enter=${SYNC_MS * 1000}`];
    return start([
      strace,
      '-D',
      '-f',
      '-qq',
      '--seccomp-bpf',
      '-o',
      '/dev/null',
      ...delay,
      process.execPath,
      EXECUTABLE,
    ]);
  }

  it('answers a write that is logged before its turn ends, because it is large', async () => {
    await start();
    const client = await server.connect();
    expect(await client.call('SET', 'large', 'x'.repeat(3_000_000))).to.equal('OK');
    expect(await client.call('STRLEN', 'large')).to.equal(3_000_000);
    client.close();
  });

  it('shows a write to nobody before it is durable', async function () {
    await startSlowly(this);
    const [writer, reader] = [await server.connect(), await server.connect()];
    const startMs = performance.now();
    const set = writer.call('SET', 'a', '1');
    // As long as there is nothing, the write has not run.
    let value = await reader.call('GET', 'a');
    while (value === null) value = await reader.call('GET', 'a');
    expect(value).to.equal('1');
    expect(performance.now() - startMs).to.be.greaterThan(SYNC_MS - 50);
    expect(await set).to.equal('OK');
    writer.close();
    reader.close();
  });

  for (const option of ['appendfsync everysec', 'appendfsync no', 'appendonly no']) {
    it(`answers in order what waited for the disk when CONFIG SET ${option} came`, async function () {
      await startSlowly(this);
      const connection = await RawConnection.connect({ port: server.port });
      const admin = await server.connect();
      await connection.write('SET a 1\r\n');
      await admin.call('CONFIG', 'GET', 'appendfsync');
      void connection.write('SET a 2\r\nGET a\r\n');
      expect(await admin.call('CONFIG', 'SET', ...option.split(' '))).to.equal('OK');
      void connection.write('SET a 3\r\nGET a\r\n');
      const expected = '+OK\r\n+OK\r\n$1\r\n2\r\n+OK\r\n$1\r\n3\r\n';
      expect((await connection.read(expected.length)).toString()).to.equal(expected);
      connection.destroy();
      admin.close();
    });
  }
});
