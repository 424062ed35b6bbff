/** A handler that notes what happens, and lets a spec wait for it. */

import type { ByteStream, OutgoingHandler } from '../../lib/host/ports.js';

const GARBAGE = 0xee;

export class StreamLog implements OutgoingHandler {
  /** What happened, in order: 'connect', 'drain', 'end', 'close', or 'close: ' and the code of the error. */
  readonly events: string[] = [];
  text = '';
  /** Its stream. */
  stream: ByteStream | undefined;
  private waiting: { isDone: () => boolean; resolve: () => void }[] = [];

  onConnect(): void {
    this.note('connect');
  }

  onData(buffer: Buffer, length: number): void {
    this.text += buffer.toString('latin1', 0, length);
    buffer.fill(GARBAGE, 0, length);
    this.look();
  }

  onDrain(): void {
    this.note('drain');
  }

  onEnd(): void {
    this.note('end');
  }

  onClose(error: Error | undefined): void {
    this.note(error === undefined ? 'close' : `close: ${(error as NodeJS.ErrnoException).code ?? error.message}`);
  }

  /** Resolves when `isDone` says so. */
  until(isDone: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push({ isDone, resolve });
      this.look();
    });
  }

  untilEvent(name: string): Promise<void> {
    return this.until(() => this.events.some((event) => event.startsWith(name)));
  }

  untilText(text: string): Promise<void> {
    return this.until(() => this.text === text);
  }

  private note(event: string): void {
    this.events.push(event);
    this.look();
  }

  private look(): void {
    for (const { isDone, resolve } of this.waiting) if (isDone()) resolve();
    this.waiting = this.waiting.filter(({ isDone }) => !isDone());
  }
}
