/** redlock 4 has no types of its own: what the spec uses of it. */
declare module 'redlock' {
  import { EventEmitter } from 'node:events';

  namespace Redlock {
    interface Options {
      readonly driftFactor?: number;
      readonly retryCount?: number;
      readonly retryDelay?: number;
      readonly retryJitter?: number;
    }

    interface Lock {
      readonly value: string;
      /** Unix milliseconds. */
      readonly expiration: number;
      unlock(): Promise<void>;
      extend(ttlMs: number): Promise<Lock>;
    }
  }

  class Redlock extends EventEmitter {
    /** `clients`: one for each independent server. */
    constructor(clients: readonly unknown[], options?: Redlock.Options);
    lock(resource: string | readonly string[], ttlMs: number): Promise<Redlock.Lock>;
  }

  export = Redlock;
}
