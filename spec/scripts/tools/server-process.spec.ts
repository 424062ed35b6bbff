import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { freePort } from '../../../scripts/tools/free-port.js';
import { ServerProcess } from '../../../scripts/tools/server-process.js';

/** A server of a few lines in place of a database; `reply` is JavaScript for what it answers. */
function fakeCommand(reply: string, setUp = ''): string[] {
  const source = `${setUp};
    const port = Number(process.argv[process.argv.indexOf('--port') + 1]);
    console.log('fake server on', port);
    require('node:net').createServer((s) => s.on('data', () => s.write(${reply}))).listen(port, '127.0.0.1');`;
  return [process.execPath, '-e', source, '--'];
}

const obedient = fakeCommand(String.raw`'+PONG\r\n'`);

async function failure(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no failure',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

describe('ServerProcess', () => {
  it('is ready when PING is answered, and is gone with its directory after stop', async () => {
    const server = await ServerProcess.start({ kind: 'redis', command: obedient });
    expect(server.isRunning).to.equal(true);
    expect(server.readyAfterMs).to.be.greaterThan(0);
    expect(server.rssBytes()).to.be.greaterThan(1e6);
    expect(existsSync(server.dir)).to.equal(true);
    expect(await server.stop()).to.deep.equal({ code: null, signal: 'SIGTERM' });
    expect(server.isRunning).to.equal(false);
    expect(existsSync(server.dir)).to.equal(false);
    expect(server.outputTail).to.equal(`fake server on ${server.port}\n`);
  });

  it('leaves a directory alone that was handed in', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'server-process-'));
    const server = await ServerProcess.start({ kind: 'redis', command: obedient, dir });
    expect(await server.kill('SIGKILL')).to.deep.equal({ code: null, signal: 'SIGKILL' });
    expect(existsSync(dir)).to.equal(true);
    rmSync(dir, { recursive: true });
  });

  it('waits while the server answers that it is loading', async () => {
    const command = fakeCommand(
      String.raw`(++asked < 3 ? '-LOADING wait\r\n' : '-NOAUTH Authentication required.\r\n')`,
      'let asked = 0',
    );
    const server = await ServerProcess.start({ kind: 'ringkv', command });
    await server.stop();
  });

  it('fails with the output of a server that ends before it is ready', async () => {
    const command = [process.execPath, '-e', 'console.error("no such option"); process.exit(3)', '--'];
    const message = await failure(ServerProcess.start({ kind: 'ringkv', command }));
    expect(message).to.contain('code 3').and.to.contain('no such option');
  });

  it('fails, and ends the server, when it does not answer in time', async () => {
    const message = await failure(
      ServerProcess.start({ kind: 'ringkv', command: fakeCommand("''"), readyTimeoutMs: 300 }),
    );
    expect(message).to.contain('not ready in time');
  });

  it('fails when there is no such program', async () => {
    expect(await failure(ServerProcess.start({ kind: 'redis', command: ['/nonexistent/server'] }))).to.contain(
      'could not be spawned',
    );
  });

  it('refuses a port that somebody else listens on', async () => {
    const port = await freePort();
    const other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    expect(await failure(ServerProcess.start({ kind: 'redis', command: obedient, port }))).to.equal(
      `port ${port} is in use`,
    );
    other.close();
  });

  it('ends its servers, and removes their directories, when the script ends in any way', () => {
    const module = new URL('../../../scripts/tools/server-process.js', import.meta.url).href;
    for (const ending of ['process.exit(0)', "throw new Error('planned')", "process.kill(process.pid, 'SIGINT')"]) {
      const source = `import { ServerProcess } from ${JSON.stringify(module)};
        const server = await ServerProcess.start({ kind: 'redis', command: ${JSON.stringify(obedient)} });
        process.stdout.write(server.pid + ' ' + server.dir);
        ${ending};
        setInterval(() => {}, 1000);`;
      const script = spawnSync(process.execPath, ['--input-type=module', '-e', source], { timeout: 20_000 });
      const [pid = '', dir = ''] = script.stdout.toString().split(' ');
      expect(Number(pid), script.stderr.toString()).to.be.greaterThan(0);
      expect(existsSync(dir), ending).to.equal(false);
      expect(isAlive(Number(pid)), ending).to.equal(false);
    }
  });
});

/** Whether the process still runs; a zombie that nobody has waited for does not. */
function isAlive(pid: number): boolean {
  const status = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)])
    .stdout.toString()
    .trim();
  return status !== '' && !status.startsWith('Z');
}
