import { expect } from 'chai';

import { NodeNetwork } from '../../lib/host/node-network.js';
import type { Listener, TlsSettings } from '../../lib/host/ports.js';
import { requireProgram } from '../tools/programs.js';
import type { Certificates } from './certificates.js';
import { makeCertificates } from './certificates.js';
import { StreamLog } from './stream-log.js';

const HOST = '127.0.0.1';
const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The other side has gone. We may still send, so a connection that is refused late ends, and closes when we do. */
const isOver = ({ events }: StreamLog): boolean => events.some((event) => event === 'end' || event.startsWith('close'));

/** A listener, what it has accepted, and connections to it. */
class Loopback {
  readonly network = new NodeNetwork();
  readonly accepted: StreamLog[] = [];
  readonly opened: StreamLog[] = [];
  private listener: Listener | undefined;

  async listen(tls?: TlsSettings): Promise<void> {
    this.listener = await this.network.listen({ host: HOST, port: 0, backlog: 16, ...(tls && { tls }) }, (stream) => {
      const log = new StreamLog();
      log.stream = stream;
      this.accepted.push(log);
      return log;
    });
  }

  get port(): number {
    return this.listener?.port ?? 0;
  }

  connect(tls?: TlsSettings, port = this.port): StreamLog {
    const log = new StreamLog();
    this.opened.push(log);
    log.stream = this.network.connect({ host: HOST, port, ...(tls && { tls }) }, log);
    return log;
  }

  async connected(tls?: TlsSettings): Promise<[StreamLog, StreamLog]> {
    const client = this.connect(tls);
    await client.untilEvent('connect');
    client.stream?.write(bytes('hello'), 0, 5);
    await this.untilAccepted();
    return [client, this.accepted[0]];
  }

  /** Somebody was let in. */
  async untilAccepted(): Promise<void> {
    while (this.accepted.length === 0) await turn();
  }

  async close(): Promise<void> {
    for (const log of [...this.opened, ...this.accepted]) log.stream?.destroy();
    this.listener?.close();
    await Promise.all([...this.opened, ...this.accepted].map((log) => log.untilEvent('close')));
  }
}

function itCarriesBytes(name: string, settings: () => TlsSettings | undefined): void {
  describe(name, () => {
    let loopback: Loopback;

    beforeEach(async () => {
      loopback = new Loopback();
      await loopback.listen(settings());
    });
    afterEach(() => loopback.close());

    it('tells of the connection after it has returned, and carries bytes both ways', async () => {
      const client = loopback.connect(settings());
      expect(client.events).to.deep.equal([]);
      expect(client.stream?.remoteAddress).to.equal(`${HOST}:${loopback.port}`);
      await client.untilEvent('connect');
      client.stream?.write(bytes('..ping..'), 2, 6);
      await loopback.untilAccepted();
      const server = loopback.accepted[0];
      await server.untilText('ping');
      expect(server.stream?.remoteAddress).to.equal(client.stream?.localAddress);
      server.stream?.write(bytes('pong'), 0, 4);
      await client.untilText('pong');
    });

    it('keeps a buffer until it drains, and carries all of it', async () => {
      const [client, server] = await loopback.connected(settings());
      await server.untilText('hello');
      server.stream?.pause();
      const large = Buffer.alloc(16 * 1024 * 1024, 'x');
      expect(client.stream?.write(large, 0, large.length)).to.equal(false);
      server.stream?.resume();
      await client.untilEvent('drain');
      await server.until(() => server.text.length === 5 + large.length);
    });

    it('ends one side after what was written, and the other side may still answer', async () => {
      const [client, server] = await loopback.connected(settings());
      server.stream?.write(bytes('bye'), 0, 3);
      server.stream?.end();
      await client.untilEvent('end');
      expect(client.text).to.equal('bye');
      client.stream?.end();
      await Promise.all([client.untilEvent('close'), server.untilEvent('close')]);
      expect(client.events.filter((event) => event !== 'drain')).to.deep.equal(['connect', 'end', 'close']);
    });

    it('tells why it could not connect, or that it was told not to', async () => {
      const free = new Loopback();
      await free.listen();
      const { port } = free;
      await free.close();
      const refused = loopback.connect(settings(), port);
      await refused.untilEvent('close');
      expect(refused.events).to.deep.equal(['close: ECONNREFUSED']);
      const given = loopback.connect(settings());
      given.stream?.destroy();
      await given.untilEvent('close');
      expect(given.events).to.deep.equal(['close']);
    });
  });
}

describe('NodeNetwork connect', () => {
  itCarriesBytes('plain', () => undefined);
});

describe('NodeNetwork with TLS', () => {
  let certificates: Certificates;
  let loopback: Loopback;

  before(function () {
    certificates = makeCertificates(requireProgram(this, 'openssl'));
  });
  beforeEach(() => (loopback = new Loopback()));
  afterEach(() => loopback.close());

  itCarriesBytes('between members', () => certificates.member);

  const listen = (clientCertificates: TlsSettings['clientCertificates']): Promise<void> =>
    loopback.listen({ ...certificates.member, clientCertificates });
  /** Whether a client is let in. A refusal may come after its own side of the handshake (TLS 1.3). */
  const isLetIn = async (tls: TlsSettings): Promise<boolean> => {
    const client = loopback.connect(tls);
    await client.untilEvent('connect');
    client.stream?.write(bytes('hello'), 0, 5);
    const before = loopback.accepted.length;
    const isDone = (): boolean => loopback.accepted.length > before || isOver(client);
    while (!isDone()) await turn();
    return loopback.accepted.length > before;
  };

  it('lets in with client certificates "yes" who has a good one', async () => {
    await listen('yes');
    expect(await isLetIn(certificates.member)).to.equal(true);
    expect(await isLetIn(certificates.stranger)).to.equal(false);
    expect(await isLetIn(certificates.nobody)).to.equal(false);
  });

  it('lets in with "optional" who has a good one or none', async () => {
    await listen('optional');
    expect(await isLetIn(certificates.member)).to.equal(true);
    expect(await isLetIn(certificates.stranger)).to.equal(false);
    expect(await isLetIn(certificates.nobody)).to.equal(true);
  });

  it('lets in with "no" whoever comes', async () => {
    await listen('no');
    expect(await isLetIn(certificates.stranger)).to.equal(true);
    expect(await isLetIn(certificates.nobody)).to.equal(true);
  });

  it('does not connect to a server whose certificate is not of the authority', async () => {
    await loopback.listen({ ...certificates.stranger, clientCertificates: 'no' });
    const client = loopback.connect(certificates.member);
    await client.untilEvent('close');
    expect(client.events)
      .to.have.length(1)
      .and.satisfy(([event]: string[]) => event.startsWith('close: '));
    expect(loopback.accepted).to.deep.equal([]);
  });

  it('closes a plain client, and a plain server is not what it connects to', async () => {
    await listen('no');
    const plain = loopback.connect();
    await plain.untilEvent('connect');
    plain.stream?.write(bytes('PING\r\n'), 0, 6);
    await plain.until(() => isOver(plain));
    expect(loopback.accepted).to.deep.equal([]);

    const other = new Loopback();
    await other.listen();
    const client = other.connect(certificates.member);
    await other.untilAccepted();
    await other.accepted[0].until(() => other.accepted[0].text !== '');
    other.accepted[0].stream?.end();
    await client.untilEvent('close: ');
    await other.close();
  });

  it('says through the handler, or by rejecting, that a certificate is none', async () => {
    const broken = { ...certificates.member, cert: 'no certificate' };
    await listen('no');
    const client = loopback.connect(broken);
    expect(client.events).to.deep.equal([]);
    await client.untilEvent('close: ');
    const error: unknown = await new Loopback().listen(broken).catch((cause: unknown) => cause);
    expect(error).to.be.instanceOf(Error);
  });
});
