/** A client of the Redis protocol in a World: one request at a time, or some in one go, and it knows what it does not know. */

import type { ByteStream, OutgoingHandler, Timer } from '../../lib/host/ports.js';
import type { RespValue } from '../protocol/resp-decoder.js';
import { decode } from '../protocol/resp-decoder.js';
import type { SimProcess } from './sim-process.js';

/** `unsent`: nobody has got the request, for sure. `unknown`: it may have been executed, or be yet. */
export type Answer =
  { readonly kind: 'reply'; readonly value: RespValue } | { readonly kind: 'unsent' } | { readonly kind: 'unknown' };

export interface SimClientOptions {
  readonly host: string;
  readonly port: number;
  /** How long to wait for a connection, and for a reply. */
  readonly timeoutMs: number;
  /** A request leaves; its reply has come. `command`: its first word. */
  readonly onAsk?: (command: string) => void;
  readonly onReply?: (command: string) => void;
}

type Words = readonly (string | number | Buffer)[];

interface Pending {
  readonly command: string;
  readonly request: Buffer;
  readonly settle: (answer: Answer) => void;
  isSent: boolean;
}

export class SimClient {
  private readonly process: SimProcess;
  private readonly options: SimClientOptions;
  private stream: ByteStream | undefined;
  private isConnected = false;
  /** What waits for its reply, in the order of the replies. */
  private pending: Pending[] = [];
  private timer: Timer | undefined;
  private received = Buffer.alloc(0);

  constructor(process: SimProcess, options: SimClientOptions) {
    this.process = process;
    this.options = options;
  }

  /** Sends a command, over a new connection if the old one is gone. REQUIRES: the one before has its answer. */
  call(...words: Words): Promise<Answer> {
    return this.callAll([words])[0];
  }

  /** The same for some commands, which are sent in one go. Each is answered when its reply has come. */
  callAll(commands: readonly Words[]): Promise<Answer>[] {
    if (this.pending.length > 0) throw new Error('a client has one request at a time, or some in one go');
    const answers = commands.map(
      (words) =>
        new Promise<Answer>((settle) => {
          this.pending.push({ command: String(words[0]), request: requestOf(words), settle, isSent: false });
        }),
    );
    this.timer = this.process.timers.after(this.options.timeoutMs, () => this.drop());
    if (this.isConnected) this.send();
    else this.connect();
    return answers;
  }

  /** Sends a command over the connection of the one before; `unsent` if that is gone. */
  follow(...words: Words): Promise<Answer> {
    return this.isConnected ? this.call(...words) : Promise.resolve({ kind: 'unsent' });
  }

  /** Closes the connection. */
  close(): void {
    this.drop();
  }

  private connect(): void {
    const { host, port } = this.options;
    // What an earlier connection still says does not matter.
    const own = (run: () => void) => (): void => {
      if (this.stream === stream) run();
    };
    const handler: OutgoingHandler = {
      onConnect: own(() => {
        this.isConnected = true;
        this.send();
      }),
      onData: (buffer, length) => {
        if (this.stream === stream) this.receive(buffer.subarray(0, length));
      },
      onDrain: () => undefined,
      onEnd: own(() => this.drop()),
      onClose: own(() => this.drop()),
    };
    const stream = this.process.network.connect({ host, port }, handler);
    this.stream = stream;
  }

  private receive(bytes: Buffer): void {
    this.received = Buffer.concat([this.received, bytes]);
    while (this.received.length > 0) {
      const { received, pending } = this;
      if (pending.length === 0) throw new Error(`a reply that nobody asked for: ${received.toString('latin1')}`);
      if (!isWhole(received)) return;
      const { value, consumed } = decode(received);
      this.received = received.subarray(consumed);
      this.options.onReply?.(pending[0].command);
      if (pending.length === 1) this.timer?.cancel();
      pending.shift()?.settle({ kind: 'reply', value });
    }
  }

  private send(): void {
    const { pending, stream } = this;
    if (pending.length === 0 || stream === undefined) return;
    for (const each of pending) {
      each.isSent = true;
      this.options.onAsk?.(each.command);
    }
    const request = Buffer.concat(pending.map((each) => each.request));
    stream.write(request, 0, request.length);
  }

  /** The connection is not good any more: what waits gets no answer. */
  private drop(): void {
    const { stream, pending } = this;
    this.stream = undefined;
    this.isConnected = false;
    this.received = Buffer.alloc(0);
    stream?.destroy();
    this.timer?.cancel();
    this.pending = [];
    for (const { settle, isSent } of pending) settle({ kind: isSent ? 'unknown' : 'unsent' });
  }
}

function isWhole(bytes: Buffer): boolean {
  try {
    decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function requestOf(words: Words): Buffer {
  const parts = words.flatMap((word) => {
    const bytes = Buffer.isBuffer(word) ? word : Buffer.from(String(word), 'latin1');
    return [Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n')];
  });
  return Buffer.concat([Buffer.from(`*${words.length}\r\n`), ...parts]);
}
