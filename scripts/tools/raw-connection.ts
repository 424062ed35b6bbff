/**
 * A connection without a protocol: bytes as they are given, bytes as they come. For specs and scripts that send what no
 * client would, or that look at when the server closes.
 *
 * Received bytes are kept until they are taken. `pause` stops reading from the system, so that its buffers, and then the
 * server's, fill up.
 */
import { connect, type Socket } from 'node:net';

/** A TCP port of 127.0.0.1, or the path of a unix socket. */
export type Endpoint = { readonly port: number } | { readonly path: string };

interface Reader {
  readonly what: string;
  /** How many of the bytes that are there are wanted; -1 if they are not enough. */
  lengthOf(): number;
  resolve(bytes: Buffer): void;
  reject(error: Error): void;
}

const CAPACITY_BYTES = 64 * 1024;
const SHOWN_BYTES = 200;

export class RawConnection {
  /** Resolves when nothing more will come: the other end has closed or broken the connection, or we have. Never rejects. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  /** What is not taken yet lies from #start to #end of it. */
  #buffer = Buffer.allocUnsafe(CAPACITY_BYTES);
  #start = 0;
  #end = 0;
  #received = 0;
  #ended = false;
  #error: Error | undefined;
  #reader: Reader | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#keep(chunk));
    socket.on('error', (error) => (this.#error = error));
    this.closed = new Promise((resolve) => {
      const end = (): void => {
        this.#ended = true;
        this.#serve();
        resolve();
      };
      socket.once('end', end).once('close', end);
    });
  }

  /** Connects; rejects with the socket's error. The connection may be half closed. */
  static connect(endpoint: Endpoint): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const where = 'path' in endpoint ? endpoint : { port: endpoint.port, host: '127.0.0.1' };
      const socket = connect({ ...where, noDelay: true, allowHalfOpen: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new RawConnection(socket));
      });
    });
  }

  /** Bytes that were received, taken or not. */
  get receivedBytes(): number {
    return this.#received;
  }

  /** Whether nothing more will come. */
  get isEnded(): boolean {
    return this.#ended;
  }

  /** Why the connection broke, if it did. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** Sends bytes; text stands for bytes, a character each. Resolves when the system has taken them, or the connection is over. */
  write(bytes: Uint8Array | string): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes, () => resolve());
      void this.closed.then(resolve);
    });
  }

  /** Says that nothing more will be sent. What comes can still be read. */
  end(): void {
    this.#socket.end();
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** Leaves what comes to the system's buffers. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** The next `count` bytes. Rejects if the connection ends before they are there. One read at a time. */
  read(count: number): Promise<Buffer> {
    return this.#read(`${count} bytes`, () => (this.#end - this.#start >= count ? count : -1));
  }

  /** The next bytes up to and with `text`. Rejects if the connection ends before that. One read at a time. */
  readUntil(text: string): Promise<Buffer> {
    const bytes = Buffer.from(text, 'latin1');
    let searched = 0;
    return this.#read(`'${text}'`, () => {
      const waiting = this.#buffer.subarray(this.#start, this.#end);
      const at = waiting.indexOf(bytes, searched);
      searched = Math.max(0, waiting.length - bytes.length);
      return at === -1 ? -1 : at + bytes.length;
    });
  }

  /** All that is not taken yet, without waiting. */
  takeAll(): Buffer {
    return this.#take(this.#end - this.#start);
  }

  /** Everything until the connection is over. */
  async readAll(): Promise<Buffer> {
    await this.closed;
    return this.takeAll();
  }

  #read(what: string, lengthOf: () => number): Promise<Buffer> {
    if (this.#reader !== undefined) throw new Error('one read at a time');
    return new Promise((resolve, reject) => {
      this.#reader = { what, lengthOf, resolve, reject };
      this.#serve();
    });
  }

  #keep(chunk: Buffer): void {
    if (this.#end + chunk.length > this.#buffer.length) this.#makeRoom(chunk.length);
    this.#end += chunk.copy(this.#buffer, this.#end);
    this.#received += chunk.length;
    this.#serve();
  }

  #makeRoom(bytes: number): void {
    const waiting = this.#buffer.subarray(this.#start, this.#end);
    this.#buffer = Buffer.allocUnsafe(Math.max(CAPACITY_BYTES, 2 * (waiting.length + bytes)));
    this.#end = waiting.copy(this.#buffer);
    this.#start = 0;
  }

  #serve(): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    const length = reader.lengthOf();
    if (length === -1 && !this.#ended) return;
    this.#reader = undefined;
    if (length !== -1) return reader.resolve(this.#take(length));
    const got = this.#buffer.toString('latin1', this.#start, Math.min(this.#end, this.#start + SHOWN_BYTES));
    const message = `expected ${reader.what}, found the end of the connection after '${got}'`;
    reader.reject(new Error(message, { cause: this.#error }));
  }

  #take(length: number): Buffer {
    const taken = Buffer.from(this.#buffer.subarray(this.#start, this.#start + length));
    this.#start += length;
    if (this.#start === this.#end) this.#start = this.#end = 0;
    return taken;
  }
}
