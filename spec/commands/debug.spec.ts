import { expect } from 'chai';
import { FakeServer } from './fake-server.js';
import type { FakeClient } from './fake-server.js';

function connect(options: Record<string, string> = {}): FakeClient {
  return new FakeServer({ 'enable-debug-command': 'yes', ...options }).connect();
}

const NOT_ALLOWED = /^-ERR DEBUG command not allowed\. If the enable-debug-command option is set to "local"/;

describe('commands/debug', () => {
  it('DEBUG is for those that enable-debug-command allows', async () => {
    expect(await connect({ 'enable-debug-command': 'no' }).ask('debug', 'sleep', 0)).to.match(NOT_ALLOWED);
    const local = connect({ 'enable-debug-command': 'local' });
    expect(await local.ask('debug', 'sleep', 0)).to.equal('OK');
    local.isLocal = false;
    expect(await local.ask('debug', 'sleep', 0)).to.match(NOT_ALLOWED);
  });

  it('DEBUG refuses what it does not know, and a wrong number of arguments', async () => {
    const client = connect();
    for (const words of [['segfault'], ['sleep'], ['sleep', '1', '2'], ['populate']]) {
      expect(await client.ask('debug', ...words)).to.equal(
        `-ERR unknown subcommand or wrong number of arguments for '${words[0]}'. Try DEBUG HELP.`,
      );
    }
  });

  it('DEBUG SLEEP stops the thread', async () => {
    const startedMs = performance.now();
    expect(await connect().ask('debug', 'sleep', '0.05')).to.equal('OK');
    expect(performance.now() - startedMs).to.be.at.least(49);
    expect(await connect().ask('debug', 'sleep', 'foo')).to.equal('OK');
  });

  it('DEBUG SET-ACTIVE-EXPIRE', async () => {
    const server = new FakeServer({ 'enable-debug-command': 'yes' });
    const client = server.connect();
    expect(await client.ask('debug', 'set-active-expire', 0)).to.equal('OK');
    expect(server.activeExpiry).to.equal(false);
    expect(await client.ask('debug', 'set-active-expire', 1)).to.equal('OK');
    expect(server.activeExpiry).to.equal(true);
  });

  it('DEBUG RELOAD writes and reads, LOADAOF reads only', async () => {
    const server = new FakeServer({ 'enable-debug-command': 'yes' });
    const client = server.connect();
    expect(await client.ask('debug', 'reload')).to.equal('OK');
    expect(server.durability).to.include({ rewrites: 1, reloads: 1 });
    expect(await client.ask('debug', 'reload', 'NOSAVE', 'noflush', 'merge')).to.equal('OK');
    expect(server.durability).to.include({ rewrites: 1, reloads: 2 });
    expect(await client.ask('debug', 'loadaof')).to.equal('OK');
    expect(server.durability).to.include({ rewrites: 1, reloads: 3 });
    expect(await client.ask('debug', 'reload', 'foo')).to.equal(
      '-ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.',
    );
  });

  it('DEBUG POPULATE makes keys that are not there yet', async () => {
    const client = connect();
    await client.ask('set', 'key:1', 'mine');
    expect(await client.ask('debug', 'populate', 3)).to.equal('OK');
    expect(await client.ask('mget', 'key:0', 'key:1', 'key:2', 'key:3')).to.deep.equal([
      'value:0',
      'mine',
      'value:2',
      null,
    ]);
    expect(await client.ask('debug', 'populate', 1, 'short', 3)).to.equal('OK');
    expect(await client.ask('debug', 'populate', 1, 'long', 9)).to.equal('OK');
    expect(await client.ask('mget', 'short:0', 'long:0')).to.deep.equal(['val', 'value:0\0\0']);
    for (const words of [['x'], ['-1'], ['1', 'p', 'x'], ['1', 'p', '-1']]) {
      expect(await client.ask('debug', 'populate', ...words)).to.equal('-ERR value is out of range, must be positive');
    }
  });

  it('DEBUG OBJECT says how a value is kept', async () => {
    const client = connect();
    expect(await client.ask('debug', 'object', 'nosuch')).to.equal('-ERR no such key');
    await client.ask('set', 'a', 'b');
    expect(await client.ask('debug', 'object', 'a')).to.match(
      /^Value at:0x[0-9a-f]+ refcount:1 encoding:embstr serializedlength:2 lru:\d+ lru_seconds_idle:\d+$/,
    );
  });

  // As redis-server 7.0.15 answers them.
  it('DEBUG DIGEST and DIGEST-VALUE answer the digests of Redis', async () => {
    const client = connect();
    expect(await client.ask('debug', 'digest')).to.equal('0'.repeat(40));
    await client.ask('mset', 'a', 'b', 'foo', '123');
    await client.ask('set', 'bar', 1, 'ex', 1000);
    expect(await client.ask('debug', 'digest')).to.equal('2a2b67108ad3bcd4f7a4ec41c994ee31fe06bac8');
    await client.ask('select', 3);
    await client.ask('set', 'z', 'zz');
    expect(await client.ask('debug', 'digest')).to.equal('589adda8f77ce5426cd36a7f35d4886d783e844c');
    await client.ask('select', 0);
    expect(await client.ask('debug', 'digest-value', 'a', 'bar', 'nosuch')).to.deep.equal([
      'b78559cd22bce6e6df712eb99ce7f3b08e8f8f1f',
      '5279988c5d1911f474bcbbf2f0a87012d40f8459',
      '0'.repeat(40),
    ]);
  });

  it('DEBUG DIGEST-VALUE of a string in chunks is that of the string', async () => {
    const client = connect();
    await client.ask('set', 'chunked', 'x'.repeat(200_000));
    await client.ask('setrange', 'chunked', 100_000, 'y');
    await client.ask('append', 'chunked', 'z');
    await client.ask('set', 'whole', `${'x'.repeat(100_000)}y${'x'.repeat(99_999)}z`);
    const [chunked, whole] = (await client.ask('debug', 'digest-value', 'chunked', 'whole')) as string[];
    expect(chunked).to.equal(whole);
  });

  it('DEBUG accepts, and refuses, what only Redis has', async () => {
    const client = connect();
    await client.ask('set', 'a', 'b');
    expect(await client.ask('debug', 'change-repl-id')).to.equal('OK');
    expect(await client.ask('debug', 'quicklist-packed-threshold', '100b')).to.equal('OK');
    expect(await client.ask('debug', 'quicklist-packed-threshold', 'x')).to.match(/^-ERR argument must be a memory/);
    expect(await client.ask('debug', 'replybuffer', 'resizing', 0)).to.equal('OK');
    expect(await client.ask('debug', 'replybuffer', 'peak-reset-time', 'never')).to.equal('OK');
    expect(await client.ask('debug', 'replybuffer', 'peak-reset-time', 'x')).to.match(/^-ERR value is not an integer/);
    expect(await client.ask('debug', 'replybuffer', 'foo', 1)).to.match(/^-ERR unknown subcommand or wrong number/);
    expect(await client.ask('debug', 'listpack', 'a')).to.equal('-ERR Not a listpack encoded object.');
    expect(await client.ask('debug', 'quicklist', 'a')).to.equal('-ERR Not a quicklist encoded object.');
    expect(await client.ask('debug', 'listpack', 'nosuch')).to.equal('-ERR no such key');
  });

  it('DEBUG ERROR answers with its argument', async () => {
    const client = connect();
    expect(await client.ask('debug', 'error', 'FOO bar')).to.equal('-FOO bar');
    expect(await client.ask('debug', 'error', 'a\r\nb')).to.equal('-a  b');
  });
});

describe('commands/debug-protocol', () => {
  const wire: [type: string, resp2: string, resp3: string][] = [
    ['string', '$11\r\nHello World\r\n', '$11\r\nHello World\r\n'],
    ['integer', ':12345\r\n', ':12345\r\n'],
    ['double', '$5\r\n3.141\r\n', ',3.141\r\n'],
    ['null', '$-1\r\n', '_\r\n'],
    ['array', '*3\r\n:0\r\n:1\r\n:2\r\n', '*3\r\n:0\r\n:1\r\n:2\r\n'],
    ['set', '*3\r\n:0\r\n:1\r\n:2\r\n', '~3\r\n:0\r\n:1\r\n:2\r\n'],
    ['map', '*6\r\n:0\r\n:0\r\n:1\r\n:1\r\n:2\r\n:0\r\n', '%3\r\n:0\r\n#f\r\n:1\r\n#t\r\n:2\r\n#f\r\n'],
    ['true', ':1\r\n', '#t\r\n'],
    ['false', ':0\r\n', '#f\r\n'],
    ['verbatim', '$25\r\nThis is a verbatim\nstring\r\n', '=29\r\ntxt:This is a verbatim\nstring\r\n'],
    ['bignum', '$37\r\n1234567999999999999999999999999999999\r\n', '(1234567999999999999999999999999999999\r\n'],
    [
      'attrib',
      '$39\r\nSome real reply following the attribute\r\n',
      '|1\r\n$14\r\nkey-popularity\r\n*2\r\n$7\r\nkey:123\r\n:90\r\n$39\r\nSome real reply following the attribute\r\n',
    ],
    [
      'push',
      '-ERR RESP2 is not supported by this command\r\n',
      '>2\r\n$16\r\nserver-cpu-usage\r\n:42\r\n$40\r\nSome real reply following the push reply\r\n',
    ],
  ];
  for (const [type, resp2, resp3] of wire) {
    it(`DEBUG PROTOCOL ${type} answers with that type`, async () => {
      const client = connect();
      expect(String(await client.askRaw('debug', 'protocol', type))).to.equal(resp2);
      await client.ask('hello', 3);
      expect(String(await client.askRaw('DEBUG', 'PROTOCOL', type.toUpperCase()))).to.equal(resp3);
    });
  }

  it('DEBUG PROTOCOL names the types that there are', async () => {
    expect(await connect().ask('debug', 'protocol', 'foo')).to.equal(
      '-ERR Wrong protocol type name. Please use one of the following: ' +
        'string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false',
    );
  });
});
