/** The bus on real sockets. */

import { randomBytes } from 'node:crypto';
import { expect } from 'chai';

import { Bus } from '../../../lib/cluster/bus/bus.js';
import type { BusOptions } from '../../../lib/cluster/bus/bus.js';
import { Handshake, NONCE_BYTES, PROTOCOL_VERSION } from '../../../lib/cluster/bus/handshake.js';
import type { Refusal } from '../../../lib/cluster/bus/handshake.js';
import { BytesPayload } from '../../../lib/cluster/bus/payload.js';
import type { PeerError } from '../../../lib/cluster/bus/peer-error.js';
import { NodeClock } from '../../../lib/host/node-clock.js';
import { NodeNetwork } from '../../../lib/host/node-network.js';
import { NodeRandom } from '../../../lib/host/node-random.js';
import { NodeTimers } from '../../../lib/host/node-timers.js';
import type { ByteStream, TlsSettings } from '../../../lib/host/ports.js';
import { makeCertificates } from '../../host/certificates.js';
import { requireProgram } from '../../tools/programs.js';
import { identityOf, idOf } from './bus-world.js';

const HOST = '127.0.0.1';
const ECHO = 20;
const MIB = 1024 * 1024;
const NOISE_MS = 1500;

describe('Bus on loopback sockets', () => {
  const buses: Bus[] = [];
  const ports = new Map<string, number>();

  async function start(name: string, options: Partial<BusOptions> = {}): Promise<Bus> {
    const bus = new Bus({
      network: new NodeNetwork(),
      clock: new NodeClock(),
      timers: new NodeTimers(),
      random: new NodeRandom(),
      secret: Buffer.from('secret'),
      tls: undefined,
      identity: () => identityOf(name),
      addressOf: (memberId) => {
        const port = ports.get(memberId);
        return port === undefined ? undefined : { host: HOST, port };
      },
      log: () => undefined,
      ...options,
    });
    buses.push(bus);
    bus.serve(ECHO, 'members', ({ answer, buffer, start: from, end }) =>
      answer?.send(new BytesPayload(buffer, from, end)),
    );
    const { tls } = options;
    ports.set(idOf(name), await bus.listen({ host: HOST, port: 0, backlog: 64, ...(tls && { tls }) }));
    return bus;
  }

  function ask(bus: Bus, name: string, bytes: Uint8Array): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      bus.request(idOf(name), ECHO, new BytesPayload(bytes), 5000, {
        onAnswer: (buffer, from, end) => resolve(Buffer.from(buffer.subarray(from, end))),
        onFailure: reject,
      });
    });
  }

  async function failureOf(bus: Bus, name: string): Promise<PeerError> {
    try {
      await ask(bus, name, Buffer.from('x'));
    } catch (error) {
      return error as PeerError;
    }
    throw new Error('it was answered');
  }

  /** A channel's bytes sent and echoed. */
  function echoed(bus: Bus, name: string, bytes: Buffer): Promise<Buffer> {
    return new Promise((resolve) => {
      const came: Buffer[] = [];
      const stream: ByteStream = bus.openChannel(idOf(name), String(bytes.length), {
        onData: (buffer, length) => came.push(Buffer.from(buffer.subarray(0, length))),
        onDrain: () => undefined,
        // The echo ends when all has come back.
        onEnd: () => {
          stream.destroy();
          resolve(Buffer.concat(came));
        },
        onClose: () => undefined,
      });
      stream.write(bytes, 0, bytes.length);
    });
  }

  function serveEcho(bus: Bus): void {
    bus.serveChannels((stream, metadata) => {
      const queue: Buffer[] = [];
      let left = Number(metadata);
      let isBlocked = false;
      const goOn = (): void => {
        for (
          let next = isBlocked ? undefined : queue.shift();
          next !== undefined;
          next = isBlocked ? undefined : queue.shift()
        ) {
          left -= next.length;
          isBlocked = !stream.write(next, 0, next.length);
        }
        if (!isBlocked && left === 0) stream.end();
      };
      return {
        onData: (buffer, length) => {
          queue.push(Buffer.from(buffer.subarray(0, length)));
          goOn();
        },
        onDrain: () => {
          isBlocked = false;
          goOn();
        },
        onEnd: () => undefined,
        onClose: () => undefined,
      };
    });
  }

  afterEach(() => {
    for (const bus of buses.splice(0)) bus.close();
    ports.clear();
  });

  async function carriesEverything(tls: TlsSettings | undefined): Promise<void> {
    const a = await start('a', { tls });
    serveEcho(await start('b', { tls }));
    expect((await ask(a, 'b', Buffer.from('hello'))).toString()).to.equal('hello');
    const large = randomBytes(20 * MIB);
    expect((await ask(a, 'b', large)).equals(large)).to.equal(true);
    const bulk = randomBytes(5 * MIB);
    expect((await echoed(a, 'b', bulk)).equals(bulk)).to.equal(true);
  }

  it('carries messages and channels of any size', () => carriesEverything(undefined));

  it('carries the same through TLS, and refuses a certificate of somebody else', async function () {
    const certificates = makeCertificates(requireProgram(this, 'openssl'));
    await carriesEverything({ ...certificates.member, clientCertificates: 'yes' });
    const stranger = await start('stranger', { tls: certificates.stranger });
    expect((await failureOf(stranger, 'b')).code).to.equal('unreachable');
  });

  it('says with whom TLS does not fit, and what is likely wrong', async function () {
    const { member, stranger } = makeCertificates(requireProgram(this, 'openssl'));
    const strangerAlone: TlsSettings = { ...stranger, ca: stranger.cert };
    const cases: [here: TlsSettings | undefined, there: TlsSettings | undefined, RegExp][] = [
      [member, undefined, /it seems to be without TLS/],
      [undefined, member, /it seems to have TLS/],
      [strangerAlone, member, /its certificate is not believed here .*self-signed/],
      [stranger, member, /it seems not to believe the certificate of this node/],
    ];
    await Promise.all(
      cases.map(async ([here, there, words], i) => {
        await start(`there ${i}`, { tls: there });
        const line = new Promise<string>((resolve) => {
          const isOfTls = (text: string): boolean => text.includes('there is no connection');
          void start(`here ${i}`, { tls: here, log: (text) => isOfTls(text) && resolve(text) }).then((bus) =>
            bus.setMembers([idOf(`there ${i}`)]),
          );
        });
        expect(await line)
          .to.match(words)
          .and.to.contain(`${HOST}:${ports.get(idOf(`there ${i}`)) ?? 0}:`);
      }),
    );
  });

  it('refuses another secret, another cluster, another version and itself, by these names', async () => {
    const a = await start('a');
    const wrong = await start('wrong', { secret: Buffer.from('guess') });
    const other = await start('other', { identity: () => identityOf('other', 'another') });
    expect((await failureOf(wrong, 'a')).refusal).to.equal('secret');
    expect((await failureOf(other, 'a')).refusal).to.equal('cluster');
    expect((await failureOf(a, 'a')).refusal).to.equal('self');
    const newer = new Handshake({
      role: 'opener',
      purpose: 'messages',
      identity: identityOf('newer'),
      secret: Buffer.from('secret'),
      nonce: Buffer.alloc(NONCE_BYTES, 1),
      version: PROTOCOL_VERSION + 1,
    });
    const refusal = await new Promise<Refusal | undefined>((resolve) => {
      const port = ports.get(idOf('a')) ?? 0;
      const stream = new NodeNetwork().connect(
        { host: HOST, port },
        {
          onConnect: () => {
            const hello = newer.takeOutput() ?? Buffer.alloc(0);
            stream.write(hello, 0, hello.length);
          },
          onData: (buffer, length) => newer.receive(buffer, 0, length),
          onDrain: () => undefined,
          onEnd: () => stream.destroy(),
          onClose: () => resolve(newer.refusal),
        },
      );
    });
    expect(refusal).to.equal('version');
    for (const reason of ['secret', 'cluster', 'self', 'version'] as const) {
      expect(a.rejections.count(reason), reason).to.be.at.least(1);
    }
  });

  it('goes on serving while random bytes come at its port, and closes those connections', async () => {
    const a = await start('a');
    const b = await start('b');
    const network = new NodeNetwork();
    const port = ports.get(idOf('b')) ?? 0;
    const opener = new Handshake({
      role: 'opener',
      purpose: 'messages',
      identity: identityOf('a'),
      secret: Buffer.from('guess'),
      nonce: randomBytes(NONCE_BYTES),
    });
    const hello = opener.takeOutput() ?? Buffer.alloc(0);
    let open = 0;
    let closed = 0;
    const attack = (round: number): void => {
      // Noise from the first byte on; or behind a beginning that is right; or for a proof.
      const beginning = [Buffer.alloc(0), hello.subarray(0, 5), Buffer.concat([hello, Buffer.from('P')])][round % 3];
      const bytes = Buffer.concat([beginning, randomBytes(round % 4096)]);
      open++;
      const stream = network.connect(
        { host: HOST, port },
        {
          onConnect: () => stream.write(bytes, 0, bytes.length),
          onData: () => undefined,
          onDrain: () => undefined,
          onEnd: () => stream.destroy(),
          onClose: () => {
            open--;
            closed++;
          },
        },
      );
    };
    const endMs = performance.now() + NOISE_MS;
    let answers = 0;
    for (let round = 1; performance.now() < endMs; round++) {
      if (open < 100) attack(round);
      expect((await ask(a, 'b', Buffer.from('x'))).length).to.equal(1);
      answers++;
    }
    expect(answers).to.be.above(50);
    expect(closed).to.be.above(50);
    expect(b.rejections.count('malformed')).to.be.above(0);
    expect(b.rejections.count('secret')).to.be.above(0);
    expect(a.figures()[0].failures).to.equal(0);
  });
});
