import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ServerProcess } from '../../scripts/tools/server-process.js';
import { requireProgram } from '../tools/programs.js';
import { ringkvOnly, socketPath, startServer } from './wire-server.js';

interface Output {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
function run(program: string, args: readonly string[], input: string | Buffer = ''): Promise<Output> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('latin1')));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('latin1')));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
    child.stdin.end(input);
  });
}

describe("Redis's own tools", () => {
  let server: ServerProcess;
  let dir: string;
  let path: string;

  before(async function () {
    requireProgram(this, 'redis-cli');
    requireProgram(this, 'redis-benchmark');
    dir = mkdtempSync(join(tmpdir(), 'redis-cli-'));
    path = socketPath(dir);
    server = await startServer(['--unixsocket', path], { dir });
  });
  after(async () => {
    await server.stop();
    rmSync(dir, { recursive: true });
  });

  async function cli(...args: string[]): Promise<string> {
    const { stdout, stderr } = await run('redis-cli', ['-p', String(server.port), ...args]);
    return stdout + stderr;
  }

  describe('redis-cli', () => {
    it('runs a command', async () => {
      expect(await cli('SET', 'a', 'b c')).to.equal('OK\n');
      expect(await cli('GET', 'a')).to.equal('b c\n');
      expect(await cli('GET', 'none')).to.equal('\n');
      expect(await cli('--no-raw', 'MGET', 'a', 'none')).to.equal('1) "b c"\n2) (nil)\n');
      expect(await cli('NOSUCH', 'x')).to.equal("ERR unknown command 'NOSUCH', with args beginning with: 'x' \n\n");
    });

    it('speaks RESP3', async () => {
      expect(await cli('-3', '--no-raw', 'CONFIG', 'GET', 'appendonly')).to.equal('1# "appendonly" => "yes"\n');
    });

    it('comes by the unix socket', async () => {
      const { stdout } = await run('redis-cli', ['-s', path, 'PING']);
      expect(stdout).to.equal('PONG\n');
    });

    it('runs what it reads from its input, and repeats', async () => {
      const { stdout } = await run('redis-cli', ['-p', String(server.port)], 'SET n 1\nINCR n\nINCR n\n');
      expect(stdout).to.equal('OK\n2\n3\n');
      expect(await cli('-r', '3', 'INCR', 'n')).to.equal('4\n5\n6\n');
    });

    it('--pipe: mass insertion', async () => {
      let commands = '';
      for (let i = 0; i < 20_000; i++) commands += `SET pipe:${i} ${i}\r\n`;
      const { stdout, code } = await run('redis-cli', ['-p', String(server.port), '--pipe'], commands);
      expect(stdout).to.match(/errors: 0, replies: 20000/);
      expect(code).to.equal(0);
      expect(await cli('GET', 'pipe:19999')).to.equal('19999\n');
    });

    it('--scan finds every key once, and what a pattern asks for', async () => {
      const keys = (await cli('--scan', '--pattern', 'pipe:1?')).trim().split('\n');
      expect(keys.sort()).to.deep.equal(Array.from({ length: 10 }, (_, i) => `pipe:1${i}`));
    });

    it('--bigkeys and --memkeys look through the database', async () => {
      await cli('SET', 'the-big-one', 'x'.repeat(5000));
      expect(await cli('--bigkeys')).to.match(/Biggest string found '"the-big-one"' has 5000 bytes/);
      expect(await cli('--memkeys')).to.match(/Biggest string found '"the-big-one"' has \d+ bytes/);
    });

    it('--latency measures the server', async () => {
      expect(await cli('--latency', '--raw', '-i', '1')).to.match(/^\d+ \d+ \d+\.\d+ \d+/);
      expect(await cli('INFO', 'stats')).to.contain('total_commands_processed:');
    });

    it('-a: the password', async () => {
      await cli('CONFIG', 'SET', 'requirepass', 'secret');
      try {
        expect(await cli('GET', 'a')).to.equal('NOAUTH Authentication required.\n\n');
        expect(await cli('-a', 'secret', '--no-auth-warning', 'GET', 'a')).to.equal('b c\n');
        expect(await cli('--user', 'default', '--pass', 'wrong', '--no-auth-warning', 'GET', 'a')).to.contain(
          'WRONGPASS',
        );
      } finally {
        await cli('-a', 'secret', '--no-auth-warning', 'CONFIG', 'SET', 'requirepass', '');
      }
    });

    it('knows the commands of ringkv by COMMAND', async function () {
      ringkvOnly(this);
      expect(await cli('--no-raw', 'COMMAND', 'INFO', 'cas')).to.contain('"cas"');
      expect(await cli('CAS', 'a', 'b c', 'd')).to.equal('1\n');
    });
  });

  describe('redis-benchmark', () => {
    async function benchmark(...args: string[]): Promise<string> {
      const { stdout, stderr, code } = await run('redis-benchmark', ['-p', String(server.port), '-q', ...args]);
      expect(code, stderr).to.equal(0);
      return stdout;
    }

    it('finds nothing wrong with SET, GET, INCR, MSET and PING, pipelined or not', async function () {
      this.timeout(60_000);
      for (const pipeline of ['1', '16']) {
        const output = await benchmark('-t', 'ping,set,get,incr,mset', '-n', '5000', '-P', pipeline, '-r', '1000');
        for (const test of ['PING_INLINE', 'PING_MBULK', 'SET', 'GET', 'INCR', 'MSET (10 keys)']) {
          expect(output).to.contain(`${test}: `);
        }
        expect(output).not.to.match(/error/i);
      }
    });

    it('runs a command of its own, with random keys', async () => {
      const output = await benchmark('-n', '2000', '-r', '100', 'SETEX', 'key:__rand_int__', '100', '__data__');
      expect(output).to.contain('requests per second');
      expect(await cli('TTL', 'key:000000000001')).to.match(/^(99|100|-2)\n$/);
    });
  });
});
