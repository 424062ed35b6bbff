import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { EXECUTABLE } from '../../scripts/tools/executable.js';
import { freePort } from '../../scripts/tools/free-port.js';
import { RespClient } from '../../scripts/tools/resp-client.js';
import { ringkvOnly, startServer } from './wire-server.js';

describe('The ringkv process', () => {
  let dir: string;
  before(function () {
    ringkvOnly(this);
  });
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'process-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  // Fault: the first line to a closed pipe (`ringkv | head`) ended the process with a stack trace.
  it('goes on serving when nobody reads its log any more', async () => {
    const port = await freePort();
    const args = [EXECUTABLE, '--port', String(port), '--dir', dir, '--logfile', ''];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    try {
      let lines = '';
      for await (const chunk of child.stdout) {
        lines += String(chunk);
        if (lines.includes('Ready to accept')) break; // which closes the pipe
      }
      const client = await RespClient.connect(port);
      for (let i = 0; i < 3; i++) expect(await client.call('SAVE')).to.equal('OK'); // a line each
      expect(await client.call('PING')).to.equal('PONG');
      client.close();
    } finally {
      child.kill('SIGTERM');
    }
    expect(await exited).to.deep.equal([0, null]);
  });

  // Fault: a log file on a full disk ended the process.
  it('goes on serving when its log file takes no more', async () => {
    const server = await startServer(['--logfile', '/dev/full']);
    const client = await server.connect();
    expect(await client.call('SAVE')).to.equal('OK');
    client.close();
    expect(await server.stop()).to.deep.equal({ code: 0, signal: null });
  });

  it('stays when its terminal goes (SIGHUP)', async () => {
    const server = await startServer();
    server.signal('SIGHUP');
    const client = await server.connect();
    expect(await client.call('PING')).to.equal('PONG');
    client.close();
    expect(await server.stop()).to.deep.equal({ code: 0, signal: null });
  });

  // Fault: a pidfile that could not be written ended a server that was serving already; Debian's redis.conf names one.
  it('serves without its pidfile, and says so', async () => {
    const logfile = join(dir, 'log');
    const server = await startServer(['--pidfile', join(dir, 'no', 'such', 'pid'), '--logfile', logfile]);
    const client = await server.connect();
    expect(await client.call('PING')).to.equal('PONG');
    client.close();
    await server.stop();
    expect(readFileSync(logfile, 'utf8')).to.contain('# The pidfile could not be written: ENOENT');
  });
});
