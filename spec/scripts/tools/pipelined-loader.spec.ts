import { expect } from 'chai';
import RedisParser from 'redis-parser';
import { keyName, loadKeys, sampleValue } from '../../../scripts/tools/pipelined-loader.js';
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
    expect(outcome).to.match(/9 keys to load|ECONNRESET/);
  });
});
