/**
 * How a member that leaves is let go by its clients, before it is no member any more: else it would have read requests then that it cannot have answered.
 *
 *     serves ─(all that it gives away is where it belongs)─▶ retiring: others run what it ran, CLUSTER SLOTS names them
 *            ─(GRACE_MS)─▶ its clients are sent away (client-door.ts) ─▶ retired
 *
 *  1. It stays a replica to the end: only requests are kept from it.
 *  2. If nothing comes of the change, it serves as before.
 */

import type { Timer, Timers } from '../../host/ports.js';
import type { ClientDoor } from '../client-door.js';

/** Clients of Redis Cluster look at who has which slots now and then. */
const GRACE_MS = 1000;
const PATIENCE_MS = 3000;

export interface RetirementOptions {
  readonly door: Pick<ClientDoor, 'close' | 'open'>;
  readonly timers: Timers;
}

export class Retirement {
  state: 'serves' | 'retiring' | 'retired' = 'serves';
  private readonly options: RetirementOptions;
  private timer: Timer | undefined;

  constructor(options: RetirementOptions) {
    this.options = options;
  }

  begin(): void {
    if (this.state !== 'serves') return;
    this.state = 'retiring';
    const { timers, door } = this.options;
    this.timer = timers.after(GRACE_MS, () => {
      void door.close(PATIENCE_MS).then(() => {
        if (this.state === 'retiring') this.state = 'retired';
      });
    });
  }

  /** The node stays. */
  cancel(): void {
    if (this.state === 'serves') return;
    this.timer?.cancel();
    this.state = 'serves';
    this.options.door.open();
  }
}
