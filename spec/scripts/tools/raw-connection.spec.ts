import { expect } from 'chai';
import { RawConnection } from '../../../scripts/tools/raw-connection.js';
import { FakeServer } from './fake-server.js';

describe('RawConnection', () => {
  let server: FakeServer;
  let connection: RawConnection;
  afterEach(() => {
    connection.destroy();
    server.stop();
  });

  async function connect(answer: Parameters<typeof FakeServer.start>[0]): Promise<void> {
    server = await FakeServer.start(answer);
    connection = await RawConnection.connect({ port: server.port });
  }

  async function failure(promise: Promise<unknown>): Promise<string> {
    return promise.then(
      () => 'no failure',
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
  }

  it('hands out bytes as they are asked for, whatever chunks they came in', async () => {
    await connect((socket, chunk) => socket.write(chunk, 'latin1'));
    void connection.write('ab|c');
    expect((await connection.read(1)).toString()).to.equal('a');
    expect((await connection.readUntil('|')).toString()).to.equal('b|');
    const rest = connection.readUntil('||');
    void connection.write('d|');
    void connection.write('|e\xff');
    expect((await rest).toString()).to.equal('cd||');
    expect((await connection.read(2)).toString('latin1')).to.equal('e\xff');
    expect(connection.receivedBytes).to.equal(9);
  });

  it('takes more than its buffer holds', async () => {
    const large = 'x'.repeat(1_000_000) + 'y';
    await connect((socket) => socket.write(`-${large}${large}`));
    void connection.write('go');
    expect((await connection.read(1)).toString()).to.equal('-');
    expect((await connection.readUntil('y')).toString() === large).to.equal(true);
    expect((await connection.read(large.length)).toString() === large).to.equal(true);
  });

  it('sends the end of its half, and still reads what comes', async () => {
    await connect((socket) => socket.on('end', () => socket.end('bye')));
    await connection.write('x');
    connection.end();
    expect((await connection.readAll()).toString()).to.equal('bye');
    expect(connection.isEnded).to.equal(true);
  });

  it('says what it had when the connection ends too early', async () => {
    await connect((socket) => socket.end('half a rep'));
    void connection.write('x');
    expect(await failure(connection.readUntil('ly'))).to.equal(
      "expected 'ly', found the end of the connection after 'half a rep'",
    );
    expect(connection.takeAll().toString()).to.equal('half a rep');
  });

  it('rejects when nobody listens', async () => {
    await connect(() => undefined);
    server.stop();
    connection.destroy();
    await connection.closed;
    expect(await failure(RawConnection.connect({ port: server.port }))).to.contain('ECONNREFUSED');
    expect(await failure(RawConnection.connect({ path: '/nowhere/at/all' }))).to.contain('ENOENT');
  });
});
