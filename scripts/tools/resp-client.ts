/**
 * A RESP2 client that hides nothing: one connection, commands as they are given, replies in order, errors as the
 * server words them, no reconnecting. For scripts that must know what went over the wire.
 */
import { connect, type Socket } from 'node:net';
import Denque from 'denque';
import RedisParser from 'redis-parser';

/** A reply. Errors inside arrays stand as Error objects; a reply that is an error rejects the call instead. */
export type Reply = string | number | Buffer | null | Error | Reply[];

/** An argument of a command. */
export type Argument = string | number | Uint8Array;

interface Waiting {
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

/** How to connect. */
export interface RespClientOptions {
  readonly host?: string;
  /** Bulk strings come as Buffers instead of strings. */
  readonly buffers?: boolean;
  /** Integers come as strings instead of numbers, which round those beyond 2^53. */
  readonly integersAsText?: boolean;
}

/** The command as an array of bulk strings. */
export function encodeCommand(args: readonly Argument[]): Buffer {
  const parts: Uint8Array[] = [Buffer.from(`*${args.length}\r\n`)];
  for (const arg of args) {
    const bytes = typeof arg === 'object' ? arg : Buffer.from(String(arg));
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
  }
  return Buffer.concat(parts);
}

export class RespClient {
  readonly #socket: Socket;
  readonly #waiting = new Denque<Waiting>();
  #failure: Error | undefined;

  private constructor(socket: Socket, { buffers = false, integersAsText = false }: RespClientOptions) {
    this.#socket = socket;
    const parser = new RedisParser({
      returnBuffers: buffers,
      stringNumbers: integersAsText,
      returnReply: (reply: Reply) => this.#waiting.shift()?.resolve(reply),
      returnError: (error: Error) => this.#waiting.shift()?.reject(error),
      returnFatalError: (error: Error) => this.#fail(error),
    });
    socket.on('data', (chunk: Buffer) => parser.execute(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the connection was closed')));
  }

  /** Connects; rejects with the socket's error. */
  static connect(port: number, options: RespClientOptions = {}): Promise<RespClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: options.host ?? '127.0.0.1', noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new RespClient(socket, options));
      });
    });
  }

  /**
   * Sends a command and waits for its reply. Calls may overlap: they are pipelined. Rejects with the server's error
   * reply, or with the reason why the connection ended before there was one (the outcome is unknown then).
   */
  call(...args: Argument[]): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure);
      this.#waiting.push({ resolve, reject });
      this.#socket.write(encodeCommand(args));
    });
  }

  /** Ends the connection; calls without a reply are rejected. */
  close(): void {
    this.#fail(new Error('the client was closed'));
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#socket.destroy();
    for (let waiting = this.#waiting.shift(); waiting !== undefined; waiting = this.#waiting.shift()) {
      waiting.reject(error);
    }
  }
}
