import type { Database } from './database.js';

/** Hears what has happened to a key: the bytes [start, end) of `key`, a view that ends with the call. It changes no data. */
export type KeyEventListener = (event: string, db: Database, key: Uint8Array, start: number, end: number) => void;

/** What has happened to a key. */
export interface KeyEvent {
  readonly event: string;
  readonly key: Buffer;
}

const NONE: readonly KeyEvent[] = [];

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
  /** Defined while events are collected. */
  private collected: KeyEvent[] | undefined;

  /** Whom to tell. */
  listen(listener: KeyEventListener): void {
    this.listener = listener;
  }

  /** Whether any are told. */
  get isTelling(): boolean {
    return this.classes !== 0;
  }

  wants(eventClass: number): boolean {
    return (this.classes & eventClass) !== 0;
  }

  /** Tells of an event in `db`, if its class is wanted. */
  tell(eventClass: number, event: string, db: Database, key: Uint8Array, start: number, end: number): void {
    if ((this.classes & eventClass) === 0) return;
    if (this.collected === undefined) this.listener(event, db, key, start, end);
    else this.collected.push({ event, key: Buffer.from(key.subarray(start, end)) });
  }

  /** Has something done that may not have happened after all: its events are returned, and told to nobody. REQUIRES: it collects nothing itself. */
  collect(work: () => void): readonly KeyEvent[] {
    if (this.classes === 0) {
      work();
      return NONE;
    }
    const collected: KeyEvent[] = [];
    this.collected = collected;
    try {
      work();
    } finally {
      this.collected = undefined;
    }
    return collected;
  }

  /** It has happened, in `db`. */
  tellCollected(events: readonly KeyEvent[], db: Database): void {
    for (const { event, key } of events) this.listener(event, db, key, 0, key.length);
  }
}
