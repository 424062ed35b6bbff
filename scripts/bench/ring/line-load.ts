/**
 * A load whose replies are counted by their lines, so that a request may be more than one command (SET with WAIT): connections that each send a
 * pipeline of requests, and the next one when all of it is answered.
 */
import { connect, type Socket } from 'node:net';
import type { Load, LoadFigures } from './load.js';
import { Latencies } from './load.js';

/** A request for a key, as text, and the lines of its reply. */
export interface LineRequest {
  readonly words: (key: string) => readonly (readonly string[])[];
  readonly replyLines: number;
}

const LINE_FEED = 0x0a;
const ERROR_SIGN = 0x2d;
const SHOWN_CHARS = 200;

/** Rejects if a connection breaks, or an error is answered. */
export async function lineLoad(port: number, request: LineRequest, load: Load): Promise<LoadFigures> {
  const latencies = new Latencies();
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => new Talk(port, request, load, latencies, resolve, reject));
  await Promise.all(Array.from({ length: load.connections }, one));
  return latencies.figures();
}

class Talk {
  private readonly request: LineRequest;
  private readonly load: Load;
  private readonly latencies: Latencies;
  private readonly socket: Socket;
  private readonly resolve: () => void;
  private readonly reject: (error: Error) => void;
  private sentCount = 0;
  private missingLines = 0;
  private sentAtMs = 0;
  private isAtLineStart = true;

  constructor(
    port: number,
    request: LineRequest,
    load: Load,
    latencies: Latencies,
    resolve: () => void,
    reject: (error: Error) => void,
  ) {
    this.request = request;
    this.load = load;
    this.latencies = latencies;
    this.resolve = resolve;
    this.reject = reject;
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => this.send());
    this.socket.on('data', (chunk: Buffer) => this.take(chunk));
    this.socket.on('error', reject);
    this.socket.on('close', () => reject(new Error(`port ${port} has closed a connection`)));
  }

  private send(): void {
    const { pipeline, nextKey } = this.load;
    let text = '';
    for (this.sentCount = 0; this.sentCount < pipeline; this.sentCount++) {
      const key = nextKey();
      if (key === undefined) break;
      for (const command of this.request.words(key)) {
        text += `*${command.length}\r\n`;
        for (const word of command) text += `$${word.length}\r\n${word}\r\n`;
      }
    }
    if (this.sentCount === 0) return this.end();
    this.missingLines = this.sentCount * this.request.replyLines;
    this.sentAtMs = performance.now();
    this.socket.write(text, 'latin1');
  }

  private take(chunk: Buffer): void {
    for (const byte of chunk) {
      if (this.isAtLineStart && byte === ERROR_SIGN) return this.fail(chunk);
      this.isAtLineStart = byte === LINE_FEED;
      if (this.isAtLineStart) this.missingLines--;
    }
    if (this.missingLines > 0) return;
    this.latencies.add(this.sentCount, performance.now() - this.sentAtMs);
    this.send();
  }

  private end(): void {
    this.resolve();
    this.socket.destroy();
  }

  private fail(chunk: Buffer): void {
    this.reject(new Error(`an error was answered: ${chunk.toString('latin1').slice(0, SHOWN_CHARS)}`));
    this.socket.destroy();
  }
}
