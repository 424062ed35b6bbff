import type { Database } from './database.js';

/** Hears what has happened to a key: the bytes [start, end) of `key`, a view that ends with the call. It changes no data. */
export type KeyEventListener = (event: string, db: Database, key: Uint8Array, start: number, end: number) => void;

interface HeldEvent {
  readonly event: string;
  readonly db: Database;
  readonly key: Buffer;
}

/**
 * Keyspace events (`notify-keyspace-events`): what happens to keys, told to one listener while it happens.
 *
 * Where something happens, the class of the event is tested against `classes` first (`wants`), so that it costs next to nothing while
 * nobody wants to know.
 */
export class KeyEvents {
  /** The classes that are told: bits of KEYSPACE_EVENT (config/keyspace-events.ts). */
  classes = 0;
  private listener: KeyEventListener = () => undefined;
  /** Defined while events are held back. */
  private held: HeldEvent[] | undefined;

  /** Whom to tell. */
  listen(listener: KeyEventListener): void {
    this.listener = listener;
  }

  wants(eventClass: number): boolean {
    return (this.classes & eventClass) !== 0;
  }

  /** Tells of an event in `db`, if its class is wanted. */
  tell(eventClass: number, event: string, db: Database, key: Uint8Array, start: number, end: number): void {
    if ((this.classes & eventClass) === 0) return;
    if (this.held === undefined) this.listener(event, db, key, start, end);
    else this.held.push({ event, db, key: Buffer.from(key.subarray(start, end)) });
  }

  /** Holds events back from now on: what is being done may be undone. REQUIRES: they are not held back already. */
  hold(): void {
    this.held = [];
  }

  /** Tells what was held back, in order; nothing is held back any more. */
  release(): void {
    const { held } = this;
    this.held = undefined;
    held?.forEach(({ event, db, key }) => {
      this.listener(event, db, key, 0, key.length);
    });
  }

  /** Forgets what was held back: it has not happened after all. */
  drop(): void {
    this.held = undefined;
  }
}
