import { expect } from 'chai';
import { FakeServer } from './fake-server.js';

const WRONG_PASSWORD = '-WRONGPASS invalid username-password pair or user is disabled.';

describe('commands/connection', () => {
  it('PING answers PONG or its argument', async () => {
    const client = new FakeServer().connect();
    expect(await client.ask('ping')).to.equal('PONG');
    expect(await client.ask('PING', 'redis \xff')).to.equal('redis \xff');
    expect(await client.ask('ping', 'a', 'b')).to.equal("-ERR wrong number of arguments for 'ping' command");
  });

  it('ECHO answers its argument, byte by byte', async () => {
    expect(await new FakeServer().connect().ask('echo', '\r\n\0\xff')).to.equal('\r\n\0\xff');
  });

  it('QUIT answers before it closes', async () => {
    const client = new FakeServer().connect();
    expect(await client.ask('quit')).to.equal('OK');
    expect(client.closesAfterReplies).to.equal(true);
  });

  it('RESET makes the connection as if it were new', async () => {
    const server = new FakeServer({ requirepass: 'secret' });
    const client = server.connect();
    await client.ask('auth', 'secret');
    await client.ask('hello', 3, 'setname', 'me');
    await client.ask('select', 5);
    await client.ask('monitor');
    expect(await client.ask('reset')).to.equal('RESET');
    expect(client).to.include({ name: '', databaseNumber: 0, isMonitor: false, authenticated: false });
    expect(client.reply.resp).to.equal(2);
    expect(server.monitors).to.have.property('size', 0);
  });

  it('RESET leaves a client in that needs no password', async () => {
    const client = new FakeServer().connect();
    await client.ask('reset');
    expect(client.authenticated).to.equal(true);
  });

  describe('AUTH', () => {
    it('takes the password, with the user or without', async () => {
      const server = new FakeServer({ requirepass: 'p\xe4ss' });
      for (const words of [['p\xe4ss'], ['default', 'p\xe4ss']]) {
        const client = server.connect();
        expect(client.authenticated).to.equal(false);
        expect(await client.ask('auth', ...words)).to.equal('OK');
        expect(client.authenticated).to.equal(true);
      }
    });

    it('refuses a wrong password, a prefix of the right one and an unknown user', async () => {
      const client = new FakeServer({ requirepass: 'secret' }).connect();
      for (const words of [['x'], ['secre'], ['secret '], [''], ['somebody', 'secret'], ['DEFAULT', 'secret']]) {
        expect(await client.ask('auth', ...words), words.join(' ')).to.equal(WRONG_PASSWORD);
      }
      expect(client.authenticated).to.equal(false);
    });

    it('says so when there is no password', async () => {
      const client = new FakeServer().connect();
      expect(await client.ask('auth', 'x')).to.equal(
        '-ERR AUTH <password> called without any password configured for the default user. ' +
          'Are you sure your configuration is correct?',
      );
      expect(await client.ask('auth', 'default', 'x')).to.equal('OK');
      expect(await client.ask('auth', 'somebody', 'x')).to.equal(WRONG_PASSWORD);
    });

    it('takes two arguments at most', async () => {
      expect(await new FakeServer().connect().ask('auth', 'a', 'b', 'c')).to.equal('-ERR syntax error');
    });
  });

  describe('HELLO', () => {
    it('introduces the server, in RESP2 as an array and in RESP3 as a map', async () => {
      const client = new FakeServer().connect();
      const introduction = ['server', 'redis', 'version', '7.2.4', 'proto', 2, 'id', 1, 'mode', 'standalone'];
      expect(await client.ask('hello')).to.deep.equal([...introduction, 'role', 'master', 'modules', []]);
      const reply = await client.ask('hello', 3);
      expect(reply).to.be.instanceOf(Map);
      expect((reply as Map<string, unknown>).get('proto')).to.equal(3);
      expect(await client.ask('hello')).to.be.instanceOf(Map);
      expect(await client.ask('hello', 2)).to.be.an('array');
    });

    it('refuses other versions and options', async () => {
      const client = new FakeServer().connect();
      expect(await client.ask('hello', 4)).to.equal('-NOPROTO unsupported protocol version');
      expect(await client.ask('hello', 'x')).to.equal('-ERR Protocol version is not an integer or out of range');
      expect(await client.ask('hello', 3, 'foo')).to.equal("-ERR Syntax error in HELLO option 'foo'");
      expect(await client.ask('hello', 3, 'auth', 'a')).to.equal("-ERR Syntax error in HELLO option 'auth'");
      expect(await client.ask('hello', 3, 'setname', 'a b')).to.equal(
        '-ERR Client names cannot contain spaces, newlines or special characters.',
      );
      expect(client.reply.resp).to.equal(2);
    });

    it('logs in and names the connection', async () => {
      const client = new FakeServer({ requirepass: 'secret' }).connect();
      expect(await client.ask('hello', 3)).to.match(/^-NOAUTH HELLO must be called with the client already/);
      expect(await client.ask('hello', 3, 'AUTH', 'default', 'x')).to.equal(WRONG_PASSWORD);
      expect(client.reply.resp).to.equal(2);
      const reply = await client.ask('hello', 3, 'AUTH', 'default', 'secret', 'SETNAME', 'me');
      expect(reply).to.be.instanceOf(Map);
      expect(client).to.include({ authenticated: true, name: 'me' });
    });
  });
});
