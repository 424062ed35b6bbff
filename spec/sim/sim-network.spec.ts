import { expect } from 'chai';

import type { ByteStream } from '../../lib/host/ports.js';
import { StreamLog } from '../host/stream-log.js';
import { Machine } from './machine.js';
import type { SimProcess } from './sim-process.js';
import { World } from './world.js';

const PORT = 7000;

/** Two machines: `b` listens, and `a` connects to it. */
class Pair {
  readonly world: World;
  readonly a: Machine;
  readonly b: Machine;
  readonly accepted: StreamLog[] = [];

  constructor(seed: number) {
    this.world = new World(seed);
    this.a = new Machine(this.world, 'a', '10.0.0.1');
    this.b = new Machine(this.world, 'b', '10.0.0.2');
    this.a.boot();
    this.listen();
  }

  listen(): void {
    void this.b.boot().network.listen({ host: '0.0.0.0', port: PORT, backlog: 10 }, (stream) => {
      const log = new StreamLog();
      log.stream = stream;
      this.accepted.push(log);
      return log;
    });
  }

  get client(): SimProcess {
    if (this.a.process === undefined) throw new Error('a has no process');
    return this.a.process;
  }

  connect(): StreamLog {
    const log = new StreamLog();
    log.stream = this.client.network.connect({ host: this.b.host, port: PORT }, log);
    return log;
  }

  async connected(): Promise<[StreamLog, StreamLog, ByteStream]> {
    const log = this.connect();
    await log.untilEvent('connect');
    while (this.accepted.length === 0) await this.world.sleep(1);
    const { stream } = log;
    if (stream === undefined) throw new Error('no stream');
    return [log, this.accepted[0], stream];
  }
}

async function inPair(run: (pair: Pair) => Promise<void>): Promise<void> {
  for (let seed = 1; seed <= 10; seed++) {
    const pair = new Pair(seed);
    await pair.world.run(() => run(pair));
  }
}

const send = (stream: ByteStream | undefined, text: string): boolean | undefined =>
  stream?.write(Buffer.from(text), 0, text.length);

describe('SimStream', () => {
  it('carries bytes in order both ways, whatever the links do to datagrams', () =>
    inPair(async (pair) => {
      const { a, b, world } = pair;
      const bad = { delayUs: 10, jitterUs: 5000, lostShare: 0.3, doubledShare: 0.3, overtakenShare: 0.5 };
      world.wires.setQuality([a, b], bad);
      const [client, server, stream] = await pair.connected();
      let expected = '';
      for (let i = 0; i < 50; i++) {
        const drains = client.events.filter((event) => event === 'drain').length;
        if (send(stream, `${i},`) === false) {
          await client.until(() => client.events.filter((event) => event === 'drain').length > drains);
        }
        expected += `${i},`;
      }
      await server.untilText(expected);
      send(server.stream, 'thanks');
      await client.untilText('thanks');
    }));

  it('takes no more than a window while the other side does not read', () =>
    inPair(async (pair) => {
      const [client, server, stream] = await pair.connected();
      server.stream?.pause();
      const large = 'x'.repeat(1024 * 1024);
      expect(send(stream, large)).to.equal(false);
      await pair.world.sleep(60_000);
      expect(client.events).to.deep.equal(['connect']);
      expect(server.text).to.equal('');
      server.stream?.resume();
      await client.untilEvent('drain');
      await server.until(() => server.text.length === large.length);
    }));

  it('says that a buffer was changed too early, and that a write came too early', async () => {
    const pair = new Pair(1);
    const error: unknown = await pair.world
      .run(async () => {
        const [, server, stream] = await pair.connected();
        server.stream?.pause();
        const buffer = Buffer.alloc(1024 * 1024);
        stream.write(buffer, 0, buffer.length);
        expect(() => send(stream, 'more')).to.throw('behind one that is not taken');
        buffer[buffer.length - 1] = 1;
        server.stream?.resume();
        await pair.world.sleep(10_000);
      })
      .catch((cause: unknown) => cause);
    expect(error).to.be.instanceOf(Error).with.property('message').that.includes('changed before');
  });

  it('delivers what was sent before the end was closed, however late, and until then its machine is not silent', () =>
    inPair(async (pair) => {
      const [client, server, stream] = await pair.connected();
      const mend = pair.world.wires.cutBothWays([pair.a], [pair.b]);
      send(stream, 'late');
      stream.end();
      await client.untilEvent('close');
      let isSilent = false;
      const silence = pair.a.silence().then(() => (isSilent = true));
      await pair.world.sleep(20_000);
      expect(server.text).to.equal('');
      expect(isSilent).to.equal(false);
      mend();
      await server.untilEvent('end');
      expect(server.text).to.equal('late');
      await silence;
    }));

  it('has its machine silent, though what was sent is for one that was switched off for good', () =>
    inPair(async (pair) => {
      const [, , stream] = await pair.connected();
      pair.b.powerOff();
      send(stream, 'for nobody');
      await pair.world.within(1000, 'it is silent', pair.a.silence());
    }));

  it('ends after what was written, and answers a late write with a reset', () =>
    inPair(async (pair) => {
      const [client, server, stream] = await pair.connected();
      send(stream, 'bye');
      stream.end();
      await server.untilEvent('end');
      expect(server.text).to.equal('bye');
      await client.untilEvent('close');
      send(server.stream, 'anybody there?');
      await server.untilEvent('close');
      expect(server.events.filter((event) => event !== 'drain')).to.deep.equal(['end', 'close: ECONNRESET']);
    }));

  it('is closed by the system when its process is killed, and by nobody when the power fails', () =>
    inPair(async (pair) => {
      const { b, world } = pair;
      const [first] = await pair.connected();
      b.kill();
      await first.untilEvent('end');
      pair.accepted.length = 0;
      pair.listen();
      const [second, , stream] = await pair.connected();
      b.powerOff();
      await world.sleep(60_000);
      expect(second.events).to.deep.equal(['connect']);
      send(stream, 'hello?');
      pair.listen();
      await second.untilEvent('close: ECONNRESET');
    }));

  it('waits through a partition, and gives up in the end', () =>
    inPair(async (pair) => {
      const { a, b, world } = pair;
      const [client, server, stream] = await pair.connected();
      const heal = world.wires.cut([a], [b]);
      send(stream, 'late');
      await world.sleep(60_000);
      expect(server.text).to.equal('');
      heal();
      await server.untilText('late');
      world.wires.cutBothWays([a], [b]);
      if (client.events.at(-1) !== 'drain') await world.sleep(1000);
      send(stream, 'never');
      await client.untilEvent('close: ETIMEDOUT');
      expect(server.text).to.equal('late');
    }));

  it('is refused where nobody listens, and not answered where nobody is', () =>
    inPair(async (pair) => {
      pair.b.kill();
      const refused = pair.connect();
      await refused.untilEvent('close');
      expect(refused.events).to.deep.equal(['close: ECONNREFUSED']);
      pair.b.powerOff();
      const silent = pair.connect();
      await silent.untilEvent('close');
      expect(silent.events).to.deep.equal(['close: ETIMEDOUT']);
    }));
});

describe('SimDatagrams', () => {
  /** What arrives of a hundred numbered datagrams. */
  async function arrivals(pair: Pair): Promise<number[]> {
    const { a, b, world } = pair;
    const seen: number[] = [];
    const target = await b.process?.network.bind({ host: '0.0.0.0', port: 9 }, (buffer, length, host) => {
      expect(host).to.equal(a.host);
      seen.push(Number(buffer.toString('latin1', 0, length)));
    });
    const socket = await pair.client.network.bind({ host: '0.0.0.0', port: 0 }, () => undefined);
    for (let i = 0; i < 100; i++) {
      const bytes = Buffer.from(String(i));
      socket.send(bytes, 0, bytes.length, b.host, target?.port ?? 0);
      bytes.fill(0);
    }
    await world.sleep(1000);
    return seen;
  }
  const quality = { delayUs: 10, jitterUs: 0, lostShare: 0, doubledShare: 0, overtakenShare: 0 };

  it('arrive once where links are good', () =>
    inPair(async (pair) => {
      const seen = await arrivals(pair);
      expect(seen.sort((x, y) => x - y)).to.deep.equal(Array.from({ length: 100 }, (_, i) => i));
    }));

  it('are lost, doubled and overtaken where they are not, and all lost across a cut', () =>
    inPair(async (pair) => {
      const { a, b, world } = pair;
      world.wires.setQuality([a, b], { ...quality, lostShare: 0.5 });
      expect((await arrivals(pair)).length).to.be.within(20, 80);
      b.process?.network.sockets.clear();
      world.wires.setQuality([a, b], { ...quality, doubledShare: 0.5 });
      expect((await arrivals(pair)).length).to.be.within(120, 180);
      b.process?.network.sockets.clear();
      world.wires.setQuality([a, b], { ...quality, overtakenShare: 0.5 });
      const seen = await arrivals(pair);
      expect(seen).to.not.deep.equal([...seen].sort((x, y) => x - y));
      b.process?.network.sockets.clear();
      world.wires.cut([a], [b]);
      expect(await arrivals(pair)).to.deep.equal([]);
    }));
});
