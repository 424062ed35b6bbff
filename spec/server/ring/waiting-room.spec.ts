import { expect } from 'chai';
import type { ByteStream, Network, StreamHandler } from '../../../lib/host/ports.js';
import { Config } from '../../../lib/config/config.js';
import { WaitingRoom } from '../../../lib/server/ring/waiting-room.js';
import { BenchClient } from '../node-bench.js';

const READ_BUFFER_BYTES = 256;

class Door implements Network {
  isOpen = false;
  private accept: ((stream: ByteStream) => StreamHandler) | undefined;

  listen(_address: unknown, accept: (stream: ByteStream) => StreamHandler): ReturnType<Network['listen']> {
    this.accept = accept;
    this.isOpen = true;
    return Promise.resolve({ port: 6379, close: () => (this.isOpen = false) });
  }

  connect(): ByteStream {
    throw new Error('it connects to nobody');
  }

  bind(): ReturnType<Network['bind']> {
    return Promise.reject(new Error('it sends no datagrams'));
  }

  enter(): BenchClient {
    const client = new BenchClient('127.0.0.1:5000', Buffer.alloc(READ_BUFFER_BYTES));
    client.handler = this.accept?.(client);
    return client;
  }
}

describe('WaitingRoom', () => {
  let door: Door;
  let room: WaitingRoom;
  let reason: string;

  async function open(options: Record<string, string> = {}): Promise<void> {
    const directives = Object.entries(options).map(([name, value]) => ({
      name,
      words: [value],
      file: undefined,
      line: 0,
    }));
    door = new Door();
    reason = '1 of 3 seeds are there';
    room = new WaitingRoom({
      config: new Config({ totalMemoryBytes: 2 ** 30 }, directives),
      network: door,
      reason: () => reason,
    });
    await room.open();
  }

  it('turns away who comes when it is full, and lets in who comes when another one has gone', async () => {
    await open({ maxclients: '2' });
    const [first] = [door.enter(), door.enter()];
    const third = door.enter();
    expect([third.wire(), third.closed]).to.deep.equal(['-ERR max number of clients reached\r\n', 'ended']);
    first.disconnect();
    const fourth = door.enter();
    fourth.send('PING');
    expect(fourth.wire()).to.match(/^-CLUSTERDOWN/);
  });

  it('answers every request with why there is no ring yet', async () => {
    await open();
    const client = door.enter();
    client.send('PING');
    client.send('SET', 'k', 'v'.repeat(1000));
    expect(client.replies()).to.deep.equal(
      new Array(2).fill('-CLUSTERDOWN this node is in no ring yet: 1 of 3 seeds are there'),
    );
    reason = '3 of 3 seeds are there and make a ring';
    client.sendBytes(Buffer.from('INFO\r\nHELLO 3\r\n'));
    expect(client.replies()).to.deep.equal(
      new Array(2).fill('-CLUSTERDOWN this node is in no ring yet: 3 of 3 seeds are there and make a ring'),
    );
  });

  it('says nothing of other nodes where there is a password', async () => {
    await open({ requirepass: 'secret' });
    const client = door.enter();
    client.send('AUTH', 'secret');
    expect(client.replies()).to.deep.equal(['-CLUSTERDOWN this node is in no ring yet']);
  });

  it('makes no replies for who takes none, and all of them later', async () => {
    await open();
    const client = door.enter();
    client.takes = false;
    client.sendBytes(Buffer.from('PING\r\n'.repeat(5000)));
    expect(client.unreadBytes).to.be.above(20_000);
    client.takes = true;
    let count = 0;
    for (let i = 0; i < 1000 && count < 5000; i++) {
      client.drain();
      await Promise.resolve();
      count += client.replies().length;
    }
    expect(count).to.equal(5000);
  });

  it('sends those away who speak something else', async () => {
    await open();
    const client = door.enter();
    client.sendBytes(Buffer.from('*1\r\nx\r\n'));
    expect(client.wire()).to.match(/^-ERR Protocol error/);
    expect(client.closed).to.equal('ended');
  });

  it('closes with all its connections', async () => {
    await open();
    const client = door.enter();
    room.close();
    expect(door.isOpen).to.equal(false);
    expect(client.closed).to.equal('ended');
    client.handler?.onClose(undefined);
  });
});
