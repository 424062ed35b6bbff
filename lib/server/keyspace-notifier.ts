import { KEYSPACE_EVENT } from '../config/keyspace-events.js';
import type { Database, Keyspace } from '../data/keyspace.js';
import type { PubSubRegistry } from './pubsub.js';

/**
 * Publishes what happens to keys (`notify-keyspace-events`), each event on two channels:
 *
 *     __keyspace@<db>__:<key>     message: the event
 *     __keyevent@<db>__:<event>   message: the key
 */
export class KeyspaceNotifier {
  private readonly keyspace: Keyspace;
  private readonly pubsub: PubSubRegistry;
  private toKeyspace = false;
  private toKeyevent = false;
  /** The bytes of events' names. */
  private readonly events = new Map<string, Buffer>();

  constructor(keyspace: Keyspace, pubsub: PubSubRegistry) {
    this.keyspace = keyspace;
    this.pubsub = pubsub;
    keyspace.events.listen((event, db, key, start, end) => {
      if (!pubsub.isEmpty) this.publish(event, db, key, start, end);
    });
  }

  /** `classes`: bits of KEYSPACE_EVENT. Without a channel to publish on, no class counts. */
  configure(classes: number): void {
    this.toKeyspace = (classes & KEYSPACE_EVENT.keyspaceChannel) !== 0;
    this.toKeyevent = (classes & KEYSPACE_EVENT.keyeventChannel) !== 0;
    this.keyspace.events.classes = this.toKeyspace || this.toKeyevent ? classes : 0;
  }

  private publish(event: string, db: Database, key: Uint8Array, start: number, end: number): void {
    const { pubsub } = this;
    const number = this.numberOf(db);
    if (this.toKeyspace) {
      const name = Buffer.from(key.buffer, key.byteOffset + start, end - start).toString('latin1');
      const message = this.bytesOf(event);
      pubsub.deliver('channel', `__keyspace@${number}__:${name}`, message, 0, message.length);
    }
    if (this.toKeyevent) pubsub.deliver('channel', `__keyevent@${number}__:${event}`, key, start, end);
  }

  private bytesOf(event: string): Buffer {
    let bytes = this.events.get(event);
    if (bytes === undefined) {
      bytes = Buffer.from(event, 'latin1');
      this.events.set(event, bytes);
    }
    return bytes;
  }

  /** SELECT's number of a database. */
  private numberOf(db: Database): number {
    const { keyspace } = this;
    let number = 0;
    while (keyspace.database(number) !== db) number++;
    return number;
  }
}
