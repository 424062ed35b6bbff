import { expect } from 'chai';
import RedisParser from 'redis-parser';
import {
  keyName,
  loadKeys,
  readKeys,
  readMissingKeys,
  sampleValue,
  stampedValue,
} from '../../../scripts/tools/pipelined-loader.js';
import { FakeServer } from './fake-server.js';

/** The commands in the text; a request has the form of a reply that is an array. */
function commandsOf(text: string): unknown[] {
  const commands: unknown[] = [];
  const parser = new RedisParser({
    returnReply: (reply: unknown) => commands.push(reply),
    returnError: (error) => {
      throw error;
    },
  });
  parser.execute(Buffer.from(text));
  return commands;
}

/** A server that answers +OK for every whole command with a value of one letter, in pieces of `pieceBytes`. */
async function startObedient(pieceBytes: number): Promise<FakeServer> {
  const commandBytes = '*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000000\r\n$1\r\nv\r\n'.length;
  let answered = 0;
  const server = await FakeServer.start((socket) => {
    const commands = Math.floor(server.received.length / commandBytes);
    const replies = '+OK\r\n'.repeat(commands - answered);
    answered = commands;
    for (let at = 0; at < replies.length; at += pieceBytes) socket.write(replies.slice(at, at + pieceBytes));
  });
  return server;
}

describe('keyName', () => {
  it('names keys as redis-benchmark does', () => expect(keyName('key:', 42)).to.equal('key:000000000042'));
});

describe('sampleValue', () => {
  it('has the length asked for, letters only, and is the same each time', () => {
    expect(sampleValue(1000)).to.match(/^[a-z]{1000}$/);
    expect(sampleValue(64)).to.equal(sampleValue(64));
  });
});

describe('loadKeys', () => {
  let server: FakeServer;
  afterEach(() => server.stop());

  for (const count of [0, 1, 256, 257, 5000]) {
    it(`sends each of ${count} keys once, in order`, async () => {
      server = await startObedient(7);
      let progress = 0;
      await loadKeys({
        port: server.port,
        count,
        first: 999_990,
        value: 'v',
        onProgress: (keys) => (progress += keys),
      });
      const expected = Array.from({ length: count }, (_, at) => ['SET', keyName('key:', 999_990 + at), 'v']);
      expect(commandsOf(server.received)).to.deep.equal(expected);
      expect(progress).to.equal(count);
    });
  }

  it('stops at the first reply that is not +OK and says what it was', async () => {
    server = await FakeServer.start((socket) => socket.write('+OK\r\n-OOM used too much\r\n'));
    const outcome = await loadKeys({ port: server.port, count: 10 }).catch(String);
    expect(outcome).to.contain('-OOM used too much');
  });

  it('says how many keys were left when the server goes away', async () => {
    server = await FakeServer.start((socket) => socket.end('+OK\r\n'));
    const outcome = await loadKeys({ port: server.port, count: 10 }).catch(String);
    expect(outcome).to.match(/9 keys to go|ECONNRESET/);
  });
});

describe('readKeys', () => {
  let server: FakeServer;
  afterEach(() => server.stop());

  /** A server that answers each GET with what `replyTo` says, in pieces of a few bytes. */
  async function startAnswering(replyTo: (key: string) => string): Promise<FakeServer> {
    const commandBytes = '*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000000\r\n'.length;
    let answered = 0;
    return FakeServer.start((socket) => {
      const whole = Math.floor(server.received.length / commandBytes);
      const commands = commandsOf(server.received.slice(answered * commandBytes, whole * commandBytes));
      answered = whole;
      const replies = commands.map((command) => replyTo((command as string[])[1] ?? '')).join('');
      for (let at = 0; at < replies.length; at += 1009) socket.write(replies.slice(at, at + 1009));
    });
  }

  const valueOf = (key: string): string => stampedValue(Number(key.slice(4)), 40);
  const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`;

  it('takes the values that loadKeys has stamped, of any keys in any order', async () => {
    server = await startAnswering((key) => bulk(valueOf(key)));
    let progress = 0;
    await readKeys({
      ...{ port: server.port, count: 1000, valueBytes: 40, numberAt: (turn) => (turn * 7919) % 100_000 },
      onProgress: (keys) => (progress += keys),
    });
    expect(progress).to.equal(1000);
    expect(commandsOf(server.received)[3]).to.deep.equal(['GET', 'key:000000023757']);
  });

  it('refuses the value of another key, and a key that is missing', async () => {
    server = await startAnswering((key) => bulk(valueOf(key === 'key:000000000300' ? 'key:000000000301' : key)));
    const other = await readKeys({ port: server.port, count: 400, valueBytes: 40 }).catch(String);
    expect(other).to.contain("expected the reply '$40\r\n000000000300");
    server.stop();
    server = await startAnswering(() => '$-1\r\n');
    expect(await readKeys({ port: server.port, count: 400, valueBytes: 40 }).catch(String)).to.contain("found '$-1");
    await readMissingKeys({ port: server.port, count: 300 });
  });

  it('reads what loadKeys writes', async () => {
    let sets = 0;
    server = await FakeServer.start((socket) => {
      const found = server.received.match(/SET\r\n/g)?.length ?? 0;
      socket.write('+OK\r\n'.repeat(found - sets));
      sets = found;
    });
    await loadKeys({ port: server.port, count: 3, first: 5, valueBytes: 40, stamped: true });
    const expected = [5, 6, 7].map((number) => ['SET', keyName('key:', number), stampedValue(number, 40)]);
    expect(commandsOf(server.received)).to.deep.equal(expected);
  });
});
