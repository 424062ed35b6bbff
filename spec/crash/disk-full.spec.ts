import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { expect } from 'chai';
import { EXECUTABLE } from '../../scripts/tools/executable.js';
import type { RespClient } from '../../scripts/tools/resp-client.js';
import type { ServerProcess } from '../../scripts/tools/server-process.js';
import { requireProgram } from '../tools/programs.js';
import { logFiles } from './log-files.js';
import { Servers } from './servers.js';

const MISCONF = /^MISCONF Errors writing to the AOF file: .*\.aof: /;

describe('ringkv on a disk that fails', () => {
  let servers: Servers;
  beforeEach(() => {
    servers = new Servers();
  });
  afterEach(() => servers.end());

  function start(policy: string, command?: readonly string[]): Promise<ServerProcess> {
    return servers.start(['--appendfsync', policy], command);
  }

  /** Writes until a write fails; returns how many were acknowledged. */
  async function writeUntilFailure(server: ServerProcess): Promise<number> {
    const client = await server.connect();
    for (let i = 0; ; i++) {
      const reply = await client.call('SET', `key:${i}`, 'x'.repeat(500)).catch((error: unknown) => error);
      if (reply !== 'OK') {
        client.close();
        return i;
      }
      if (i === 10_000) throw new Error('expected a write to fail');
    }
  }

  async function errorOf(call: Promise<unknown>): Promise<string> {
    return call.then(
      () => 'no error',
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
  }

  /** Writes are refused, reads are answered, and the operator is told. */
  async function expectLatched(server: ServerProcess, client: RespClient, acknowledged: number): Promise<void> {
    expect(await errorOf(client.call('SET', 'refused', '1'))).to.match(MISCONF);
    expect(await errorOf(client.call('DEL', 'key:0'))).to.match(MISCONF);
    expect(await client.call('PING')).to.equal('PONG');
    expect(await client.call('GET', `key:${acknowledged - 1}`)).to.equal('x'.repeat(500));
    expect(await client.call('EXISTS', 'refused')).to.equal(0);
    expect(await client.call('INFO', 'persistence')).to.contain('aof_last_write_status:err');
    expect(server.outputTail).to.match(/# The append-only file has failed, writes are refused from now on: .*\.aof: /);
  }

  /** Ends the server, which must not call that a success, and looks at what another one finds. */
  async function expectDurable(server: ServerProcess, acknowledged: number): Promise<void> {
    expect((await server.kill('SIGTERM')).code).to.equal(1);
    const next = await start('always');
    const client = await next.connect();
    for (let i = 0; i < acknowledged; i++) expect(await client.call('EXISTS', `key:${i}`), `key:${i}`).to.equal(1);
    expect(await client.call('EXISTS', 'refused')).to.equal(0);
    expect(await client.call('SET', 'again', '1')).to.equal('OK');
    client.close();
    expect((await next.stop()).code).to.equal(0);
  }

  /** From now on no file of the process grows beyond this: a write up to there is short, the next one fails with EFBIG. */
  function limitFiles(server: ServerProcess, bytes: number | 'unlimited'): void {
    const { status, stderr } = spawnSync('prlimit', ['--pid', String(server.pid), `--fsize=${bytes}:unlimited`]);
    expect(status, stderr.toString()).to.equal(0);
  }

  for (const policy of ['always', 'everysec']) {
    it(`takes no more writes after one that failed, until it is started anew (appendfsync ${policy})`, async function () {
      this.timeout(30_000);
      requireProgram(this, 'prlimit');
      const server = await start(policy);
      const client = await server.connect();
      expect(await client.call('SET', 'first', '1')).to.equal('OK');
      limitFiles(server, statSync(logFiles(servers.dir)[0]).size + 20_000);
      const acknowledged = await writeUntilFailure(server);
      expect(acknowledged).to.be.within(30, 40);
      await expectLatched(server, client, acknowledged);
      // Room on the disk does not undo it: what the log holds is not known any more.
      limitFiles(server, 'unlimited');
      await expectLatched(server, client, acknowledged);
      expect(await errorOf(client.call('SHUTDOWN'))).to.equal('ERR Errors trying to SHUTDOWN. Check logs.');
      client.close();
      await expectDurable(server, acknowledged);
    });
  }

  it('acknowledges no write whose fsync failed, refuses those after it, and answers reads (appendfsync always)', async function () {
    this.timeout(30_000);
    const strace = requireProgram(this, 'strace');
    const inject = ['-e', 'trace=fdatasync', '-e', 'inject=fdatasync:error=EIO:when=20+'];
    // -D: the server is our child, strace its own; so its pid and its end are the server's.
    const flags = ['-D', '-f', '-qq', '--seccomp-bpf', '-o', '/dev/null', ...inject];
    const server = await start('always', [strace, ...flags, process.execPath, EXECUTABLE]);
    const client = await server.connect();
    const acknowledged = await writeUntilFailure(server);
    expect(acknowledged).to.be.within(15, 20);
    await expectLatched(server, client, acknowledged);
    client.close();
    await expectDurable(server, acknowledged);
  });
});
