/**
 * Sends the same command for many keys as fast as one connection can, and compares every reply with what it must be: prepared buffers in
 * which only numbers are changed, a few hundred commands in each write, and a few writes under way at any time.
 */
import { connect, type Socket } from 'node:net';

/**
 * A text with a key's number at some places, as its parts: `['GET key:', '\r\n']` is `GET key:000000000007\r\n` for 7. One
 * part only: the same for all.
 */
export type NumberedText = readonly string[];

export interface ExchangeOptions {
  readonly port: number;
  readonly count: number;
  /** The number of each key, by its turn from 0 to `count - 1`. Called twice for each, with the same result. */
  readonly numberAt: (turn: number) => number;
  readonly request: NumberedText;
  /** What must be answered. */
  readonly reply: NumberedText;
  /** Called with the number of keys that were answered since the last call. */
  readonly onProgress?: ((keys: number) => void) | undefined;
}

export const DIGITS = 12;
const BATCH_KEYS = 256;
const BATCHES_UNDER_WAY = 8;
const SHOWN_BYTES = 200;

/** Resolves when everything is answered as it must be; rejects at the first reply that is another, or when the connection ends. */
export function exchange(options: ExchangeOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: options.port, host: '127.0.0.1', noDelay: true });
    const running = new Exchange(socket, options);
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    socket.on('error', fail);
    socket.on('close', () => fail(new Error(`the server closed the connection with ${running.left} keys to go`)));
    socket.on('connect', () => running.sendMore());
    socket.on('data', (chunk: Buffer) => {
      const wrong = running.take(chunk);
      if (wrong !== undefined) return fail(new Error(wrong));
      if (running.left > 0) return running.sendMore();
      resolve();
      socket.destroy();
    });
    if (options.count === 0) {
      resolve();
      socket.destroy();
    }
  });
}

/** The state of one exchange: what was sent, and what was answered. */
class Exchange {
  readonly #socket: Socket;
  readonly #options: ExchangeOptions;
  readonly #requests: Batch[];
  readonly #replies: Batch;
  #sent = 0;
  #answered = 0;
  /** The replies of the batch that is being answered, and how many bytes of them have come. */
  #expected: Buffer = Buffer.alloc(0);
  #come = 0;

  constructor(socket: Socket, options: ExchangeOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#requests = Array.from({ length: BATCHES_UNDER_WAY }, () => new Batch(options.request, options.numberAt));
    this.#replies = new Batch(options.reply, options.numberAt);
  }

  /** Keys that the server has not answered. */
  get left(): number {
    return this.#options.count - this.#answered;
  }

  /** Fills every batch whose replies are all there; such a batch has left the process, so its bytes may change. */
  sendMore(): void {
    const { count } = this.#options;
    while (this.#sent < count && this.#sent - this.#answered <= BATCH_KEYS * (BATCHES_UNDER_WAY - 1)) {
      const keys = Math.min(BATCH_KEYS, count - this.#sent);
      const batch = this.#requests[(this.#sent / BATCH_KEYS) % BATCHES_UNDER_WAY];
      if (batch === undefined) throw new Error('only the last batch is short');
      this.#socket.write(batch.fill(this.#sent, keys));
      this.#sent += keys;
    }
  }

  /** Counts the replies in a chunk; if one is not as expected, returns what is wrong. */
  take(chunk: Buffer): string | undefined {
    const { textBytes } = this.#replies;
    for (let at = 0; at < chunk.length;) {
      if (this.#come === this.#expected.length) this.#expectMore();
      const length = Math.min(chunk.length - at, this.#expected.length - this.#come);
      const end = this.#come + length;
      if (chunk.compare(this.#expected, this.#come, end, at, at + length) !== 0) return this.#wrong(chunk, at);
      const replies = Math.floor(end / textBytes) - Math.floor(this.#come / textBytes);
      this.#come = end;
      this.#answered += replies;
      this.#options.onProgress?.(replies);
      at += length;
    }
    return undefined;
  }

  #expectMore(): void {
    this.#come = 0;
    this.#expected = this.#replies.fill(this.#answered, Math.min(BATCH_KEYS, this.left));
  }

  /** Words for the first reply in `chunk[at, ...)` that is not as expected. */
  #wrong(chunk: Buffer, at: number): string {
    const { textBytes } = this.#replies;
    let place = this.#come;
    while (chunk[at + place - this.#come] === this.#expected[place]) place++;
    const start = place - (place % textBytes);
    const found = Math.max(at, at + start - this.#come);
    const expected = this.#expected.toString('latin1', start, start + Math.min(textBytes, SHOWN_BYTES));
    return `expected the reply '${expected}', found '${chunk.toString('latin1', found, found + SHOWN_BYTES)}'`;
  }
}

/** A buffer with as many copies of a text as a batch has keys, in which only the numbers change. */
class Batch {
  /** Bytes of one copy. */
  readonly textBytes: number;
  readonly #buffer: Buffer;
  readonly #numberAt: (turn: number) => number;
  /** Where the numbers are in a copy. */
  readonly #digitsAt: readonly number[];

  constructor(parts: NumberedText, numberAt: (turn: number) => number) {
    const text = Buffer.from(parts.join('0'.repeat(DIGITS)));
    this.textBytes = text.length;
    this.#buffer = Buffer.alloc(text.length * BATCH_KEYS, text);
    this.#numberAt = numberAt;
    let at = 0;
    this.#digitsAt = parts.slice(0, -1).map((part) => (at += Buffer.byteLength(part) + DIGITS) - DIGITS);
  }

  /** The texts of `count` turns from `first` on; valid until the next call. */
  fill(first: number, count: number): Buffer {
    if (this.#digitsAt.length > 0) {
      for (let i = 0; i < count; i++) {
        const number = this.#numberAt(first + i);
        for (const digitsAt of this.#digitsAt) this.#putDigits(i * this.textBytes + digitsAt, number);
      }
    }
    return this.#buffer.subarray(0, count * this.textBytes);
  }

  #putDigits(start: number, number: number): void {
    let rest = number;
    for (let at = start + DIGITS - 1; at >= start; at--) {
      const tenth = Math.floor(rest / 10);
      this.#buffer[at] = 48 + (rest - tenth * 10);
      rest = tenth;
    }
  }
}
