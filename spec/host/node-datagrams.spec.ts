import { expect } from 'chai';

import { NodeNetwork } from '../../lib/host/node-network.js';
import type { DatagramSocket, OnDatagram } from '../../lib/host/ports.js';

const HOST = '127.0.0.1';

describe('NodeNetwork bind', () => {
  const network = new NodeNetwork();
  const sockets: DatagramSocket[] = [];

  const bind = async (onDatagram: OnDatagram, host = HOST): Promise<DatagramSocket> => {
    const socket = await network.bind({ host, port: 0 }, onDatagram);
    sockets.push(socket);
    return socket;
  };
  /** A socket, and a promise of the first datagram that it gets. */
  const receiver = async (
    host = HOST,
  ): Promise<{ socket: DatagramSocket; first: Promise<[string, string, number]> }> => {
    let resolve: (datagram: [string, string, number]) => void;
    const first = new Promise<[string, string, number]>((settle) => (resolve = settle));
    const socket = await bind((buffer, length, from, port) => {
      resolve([buffer.toString('latin1', 0, length), from, port]);
    }, host);
    return { socket, first };
  };

  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.close();
  });

  it('carries a datagram, with where it came from, and leaves the buffer to the sender', async () => {
    const { socket, first } = await receiver();
    const sender = await bind(() => undefined);
    const buffer = Buffer.from('..hello..');
    sender.send(buffer, 2, 7, HOST, socket.port);
    buffer.fill(0);
    expect(await first).to.deep.equal(['hello', HOST, sender.port]);
    expect(sender.unsentCount).to.equal(0);
  });

  it('carries a datagram over IPv6', async function () {
    const { socket, first } = await receiver('::1').catch((error: unknown) => {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT') return this.skip();
      throw error;
    });
    socket.send(Buffer.from('six'), 0, 3, '::1', socket.port);
    expect(await first).to.deep.equal(['six', '::1', socket.port]);
  });

  it('counts what cannot be sent, throws nothing, and goes on', async () => {
    const { socket, first } = await receiver();
    const sender = await bind(() => undefined);
    sender.send(Buffer.alloc(1), 0, 1, HOST, 0);
    sender.send(Buffer.alloc(70_000), 0, 70_000, HOST, socket.port);
    sender.send(Buffer.alloc(1), 0, 1, '::1', socket.port);
    sender.send(Buffer.from('on'), 0, 2, HOST, socket.port);
    expect((await first)[0]).to.equal('on');
    while (sender.unsentCount < 3) await new Promise((resolve) => setImmediate(resolve));
    expect(sender.unsentCount).to.equal(3);
  });

  it('rejects an address that is in use', async () => {
    const { socket } = await receiver();
    const error: unknown = await network
      .bind({ host: HOST, port: socket.port }, () => undefined)
      .catch((e: unknown) => e);
    expect(error).to.have.property('code', 'EADDRINUSE');
  });

  it('counts what is sent after it was closed', async () => {
    const socket = await network.bind({ host: HOST, port: 0 }, () => undefined);
    socket.close();
    socket.send(Buffer.alloc(1), 0, 1, HOST, 9);
    expect(socket.unsentCount).to.equal(1);
  });
});
