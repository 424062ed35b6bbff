import type { Clock, Timers } from '../host/ports.js';
import type { Clients } from './clients.js';
import type { Connection } from './connection.js';

const LOOK_EVERY_MS = 10;

export interface ClientDoorOptions {
  readonly clients: Pick<Clients, 'all'>;
  /** Whether a connection is one of a client, and not of another member. */
  readonly isOwn: (connection: Connection) => boolean;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Takes no new connections, or does so again. */
  readonly stopListening: () => void;
  readonly listen: () => void;
}

/**
 * Sends the clients of a node away, so that none of them loses a request: new ones are not let in, and each connection is closed when nothing of it is under way. What a client sends at that very
 * moment was not read, and can be asked of another node.
 */
export class ClientDoor {
  private readonly options: ClientDoorOptions;
  private isClosed = false;

  constructor(options: ClientDoorOptions) {
    this.options = options;
  }

  /**
   * Resolves when no client is left, or the door is open again, or after `limitMs`, though requests are still under way. Who is always busy for `patienceMs` is sent away between two requests, though
   * more of them have come.
   */
  async close(patienceMs: number, limitMs = Infinity): Promise<void> {
    const { clock, timers, stopListening } = this.options;
    const begunUs = clock.monotonicUs();
    const ageMs = (): number => (clock.monotonicUs() - begunUs) / 1000;
    this.isClosed = true;
    stopListening();
    while (this.isClosed && this.dismiss(ageMs() >= patienceMs) > 0 && ageMs() < limitMs) {
      await new Promise<void>((resolve) => {
        timers.after(LOOK_EVERY_MS, resolve);
      });
    }
  }

  /** Lets clients in again. */
  open(): void {
    if (this.isClosed) this.options.listen();
    this.isClosed = false;
  }

  /** How many are left. */
  private dismiss(isUrgent: boolean): number {
    const { clients, isOwn } = this.options;
    let count = 0;
    for (const connection of [...clients.all()]) {
      if (!isOwn(connection)) continue;
      connection.dismiss(isUrgent);
      if (!connection.isClosed) count++;
    }
    return count;
  }
}
