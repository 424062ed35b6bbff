import type { ByteStream, StreamHandler, Timers } from '../../host/ports.js';

/** What both ends of a loop are called. */
const ADDRESS = 'ring:0';

/** Opens a stream that leads back into this process; `accept` gets the other end. Bytes arrive when the turn has ended in which they were written. */
export function openLoop(
  timers: Timers,
  accept: (stream: ByteStream) => StreamHandler,
  handler: StreamHandler,
): ByteStream {
  const near = new LoopEnd(timers);
  const far = new LoopEnd(timers);
  near.connect(far, handler);
  far.connect(near, accept(far));
  return near;
}

class LoopEnd implements ByteStream {
  readonly remoteAddress = ADDRESS;
  readonly localAddress = ADDRESS;
  private readonly timers: Timers;
  private other: LoopEnd | undefined;
  private handler: StreamHandler | undefined;
  private arrived: Buffer[] = [];
  private isPaused = false;
  private isScheduled = false;
  private hasEnded = false;
  private isClosed = false;

  constructor(timers: Timers) {
    this.timers = timers;
  }

  connect(other: LoopEnd, handler: StreamHandler): void {
    this.other = other;
    this.handler = handler;
  }

  write(buffer: Buffer, start: number, end: number): boolean {
    this.other?.take(Buffer.from(buffer.subarray(start, end)));
    return true;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    this.schedule();
  }

  setKeepAlive(): void {
    // It cannot break.
  }

  end(): void {
    this.destroy();
  }

  destroy(): void {
    const { other } = this;
    this.isClosed = true;
    if (other === undefined || other.hasEnded) return;
    other.hasEnded = true;
    other.schedule();
  }

  private take(bytes: Buffer): void {
    this.arrived.push(bytes);
    this.schedule();
  }

  private schedule(): void {
    if (this.isScheduled || this.isClosed) return;
    this.isScheduled = true;
    this.timers.endOfTurn(() => {
      this.isScheduled = false;
      this.deliver();
    });
  }

  private deliver(): void {
    while (!this.isPaused && !this.isClosed) {
      const bytes = this.arrived.shift();
      if (bytes === undefined) break;
      this.handler?.onData(bytes, bytes.length);
    }
    if (!this.hasEnded || this.isClosed || this.arrived.length > 0) return;
    this.isClosed = true;
    this.handler?.onClose(undefined);
  }
}
