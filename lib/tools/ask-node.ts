import type { ByteStream, Network, OutgoingHandler, Timers } from '../host/ports.js';
import { encodeWords } from '../protocol/request-encoder.js';
import type { ReplyValue } from '../protocol/reply-value.js';
import { readReplies } from '../protocol/reply-value.js';

export interface AskOptions {
  readonly network: Network;
  readonly timers: Timers;
  readonly host: string;
  readonly port: number;
  /** How long all of it may take. */
  readonly timeoutMs: number;
}

/** Connects to a node, sends requests, and resolves to their replies. Rejects with the reason if there is no connection, or not all replies come. */
export function askNode(options: AskOptions, requests: readonly (readonly string[])[]): Promise<ReplyValue[]> {
  const { network, timers, host, port, timeoutMs } = options;
  return new Promise((resolve, reject) => {
    const asker = new Asker(requests, (replies) => {
      timer.cancel();
      stream.destroy();
      if (replies instanceof Error) reject(new Error(`${host}:${port}: ${replies.message}`, { cause: replies }));
      else resolve(replies);
    });
    const timer = timers.after(timeoutMs, () => {
      asker.end(new Error('does not answer in time'));
    });
    const stream = network.connect({ host, port }, asker);
    asker.stream = stream;
  });
}

class Asker implements OutgoingHandler {
  stream: ByteStream | undefined;
  private readonly requests: readonly (readonly string[])[];
  private readonly done: (replies: ReplyValue[] | Error) => void;
  private received = Buffer.alloc(0);
  private isOver = false;

  constructor(requests: readonly (readonly string[])[], done: (replies: ReplyValue[] | Error) => void) {
    this.requests = requests;
    this.done = done;
  }

  onConnect(): void {
    const bytes = Buffer.concat(this.requests.map((words) => encodeWords(words)));
    this.stream?.write(bytes, 0, bytes.length);
  }

  onData(buffer: Buffer, length: number): void {
    this.received = Buffer.concat([this.received, buffer.subarray(0, length)]);
    const replies = readReplies(this.received);
    if (replies === undefined) this.end(new Error('it speaks another protocol'));
    else if (replies.values.length >= this.requests.length) this.end(replies.values);
  }

  onDrain(): void {
    // Nothing else is to be sent.
  }

  onEnd(): void {
    this.end(new Error('it has closed the connection'));
  }

  onClose(error?: Error): void {
    this.end(error ?? new Error('the connection was closed'));
  }

  end(replies: ReplyValue[] | Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.done(replies);
  }
}
