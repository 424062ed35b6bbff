/**
 * Fills a server with keys as fast as one connection can: SET commands are stamped into prepared buffers, a few
 * hundred in each write, and a few writes are under way at any time.
 *
 * Keys are a prefix and twelve digits, as redis-benchmark names them with `-r`: `key:000000000001`.
 */
import { connect, type Socket } from 'node:net';

/** What to load: the keys `first` to `first + count - 1`. */
export interface LoadOptions {
  readonly port: number;
  readonly count: number;
  readonly first?: number;
  /** Default `key:`, which makes keys of 16 bytes. */
  readonly prefix?: string;
  /** One value for all keys. Default: `valueBytes` letters. */
  readonly value?: string;
  /** Default 64. */
  readonly valueBytes?: number;
  /** Called with the number of keys that were acknowledged since the last call. */
  readonly onProgress?: (keys: number) => void;
}

const DIGITS = 12;
const BATCH_KEYS = 256;
const BATCHES_UNDER_WAY = 8;
const REPLY = Buffer.from('+OK\r\n');
const REPLIES = Buffer.from(REPLY.toString().repeat(20_000));

/** The name of a key that the loader, or redis-benchmark, writes. */
export function keyName(prefix: string, index: number): string {
  return prefix + String(index).padStart(DIGITS, '0');
}

/** Letters that compress badly and are no number, the same for every call with the same length. */
export function sampleValue(bytes: number): string {
  let state = 1;
  let text = '';
  for (let at = 0; at < bytes; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    text += String.fromCharCode(97 + ((state >>> 16) % 26));
  }
  return text;
}

/** Resolves when the server has acknowledged every key; rejects at the first reply that is not +OK. */
export function loadKeys(options: LoadOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: options.port, host: '127.0.0.1', noDelay: true });
    const loading = new Loading(socket, options);
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    socket.on('error', fail);
    socket.on('close', () => fail(new Error(`the server closed the connection with ${loading.left} keys to load`)));
    socket.on('connect', () => loading.sendMore());
    socket.on('data', (chunk: Buffer) => {
      const wrong = loading.take(chunk);
      if (wrong !== undefined) return fail(new Error(`expected +OK while loading, found '${wrong}'`));
      if (loading.left > 0) return loading.sendMore();
      resolve();
      socket.destroy();
    });
    if (options.count === 0) {
      resolve();
      socket.destroy();
    }
  });
}

/** The state of one load: what was sent, and what was answered. */
class Loading {
  readonly #socket: Socket;
  readonly #options: LoadOptions;
  readonly #batches: Batch[];
  #sent = 0;
  #answered = 0;
  /** Bytes of the reply that is not complete yet. */
  #partBytes = 0;

  constructor(socket: Socket, options: LoadOptions) {
    this.#socket = socket;
    this.#options = options;
    const value = options.value ?? sampleValue(options.valueBytes ?? 64);
    this.#batches = Array.from({ length: BATCHES_UNDER_WAY }, () => new Batch(options.prefix ?? 'key:', value));
  }

  /** Keys that the server has not acknowledged. */
  get left(): number {
    return this.#options.count - this.#answered;
  }

  /** Fills every batch whose replies are all there; such a batch has left the process, so its bytes may change. */
  sendMore(): void {
    const { count, first = 0 } = this.#options;
    while (this.#sent < count && this.#sent - this.#answered <= BATCH_KEYS * (BATCHES_UNDER_WAY - 1)) {
      const keys = Math.min(BATCH_KEYS, count - this.#sent);
      const batch = this.#batches[(this.#sent / BATCH_KEYS) % BATCHES_UNDER_WAY];
      if (batch === undefined) throw new Error('only the last batch is short');
      this.#socket.write(batch.fill(first + this.#sent, keys));
      this.#sent += keys;
    }
  }

  /** Counts the replies in a chunk; returns its text if there is anything else in it. */
  take(chunk: Buffer): string | undefined {
    for (let at = 0; at < chunk.length;) {
      const length = Math.min(chunk.length - at, REPLIES.length - this.#partBytes);
      const end = this.#partBytes + length;
      if (chunk.compare(REPLIES, this.#partBytes, end, at, at + length) !== 0) {
        return chunk.toString('latin1', at, at + 200);
      }
      const replies = Math.floor(end / REPLY.length);
      this.#answered += replies;
      this.#partBytes = end % REPLY.length;
      this.#options.onProgress?.(replies);
      at += length;
    }
    return undefined;
  }
}

/** A buffer of SET commands in which only the keys' digits change. */
class Batch {
  readonly #buffer: Buffer;
  readonly #commandBytes: number;
  readonly #digitsAt: number;

  constructor(prefix: string, value: string) {
    const key = keyName(prefix, 0);
    const head = `*3\r\n$3\r\nSET\r\n$${Buffer.byteLength(key)}\r\n`;
    const command = Buffer.from(`${head}${key}\r\n$${Buffer.byteLength(value)}\r\n${value}\r\n`);
    this.#commandBytes = command.length;
    this.#digitsAt = Buffer.byteLength(head + prefix);
    this.#buffer = Buffer.alloc(command.length * BATCH_KEYS, command);
  }

  /** The commands for `count` keys from `first` on; valid until the next call. */
  fill(first: number, count: number): Buffer {
    for (let command = 0; command < count; command++) {
      let rest = first + command;
      const digitsAt = command * this.#commandBytes + this.#digitsAt;
      for (let at = digitsAt + DIGITS - 1; at >= digitsAt; at--) {
        this.#buffer[at] = 48 + (rest % 10);
        rest = Math.floor(rest / 10);
      }
    }
    return this.#buffer.subarray(0, count * this.#commandBytes);
  }
}
