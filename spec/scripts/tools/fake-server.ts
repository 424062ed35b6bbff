/** A server of the specs' own: answers each chunk that a client sends as it is told to, and keeps what came. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export class FakeServer {
  readonly port: number;
  /** Every byte that was received, as text. */
  received = '';
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  static async start(answer: (socket: Socket, chunk: string) => void): Promise<FakeServer> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const fake = new FakeServer(server);
    server.on('connection', (socket) => {
      socket.on('error', () => socket.destroy());
      socket.on('data', (chunk) => {
        fake.received += chunk.toString('latin1');
        answer(socket, chunk.toString('latin1'));
      });
    });
    return fake;
  }

  stop(): void {
    this.#server.close();
  }
}
