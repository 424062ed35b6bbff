import { globMatches } from '../base/glob.js';
import type { PubSub, SubscriptionKind, Subscriptions } from '../commands/ports.js';
import { BLOCK_BYTES } from '../protocol/buffer-pool.js';
import type { BufferPool } from '../protocol/buffer-pool.js';
import { ReplyWriter } from '../protocol/reply-writer.js';
import type { KeptEffects } from './kept-effects.js';

/** The first byte of a message in RESP2 and in RESP3: they differ in nothing else. */
const ARRAY = 0x2a;
const PUSH = 0x3e;

/** Who subscribes: a connection. */
export interface Subscriber {
  readonly reply: { readonly resp: 2 | 3 };
  /** Kept here; undefined while it has subscribed to nothing. */
  subscriptions: Subscriptions | undefined;
  /** Sends the first `length` bytes of `message`, which are overwritten afterwards. */
  push(message: Buffer, length: number): void;
}

/** What somebody has subscribed to. `name` is a channel's or a pattern: latin1, each byte one character. */
class Topic {
  readonly name: string;
  readonly subscribers = new Set<Subscriber>();

  constructor(name: string) {
    this.name = name;
  }
}

class Pattern extends Topic {
  private readonly bytes: Buffer;

  constructor(name: string) {
    super(name);
    this.bytes = Buffer.from(name, 'latin1');
  }

  matches(channel: Buffer): boolean {
    return globMatches(this.bytes, 0, this.bytes.length, channel, 0, channel.length);
  }
}

/**
 * Channels, patterns and shard channels that somebody has subscribed to, and messages to them. A message is encoded once, whoever gets it, and added to
 * the pending replies of each subscriber, which leave at the end of the turn.
 */
export class PubSubRegistry implements PubSub {
  /** In a ring: tells the other members of a message. */
  relay:
    ((kind: 'channel' | 'shard', channel: string, message: Uint8Array, start: number, end: number) => void) | undefined;
  private readonly channel = new Map<string, Topic>();
  private readonly pattern = new Map<string, Pattern>();
  private readonly shard = new Map<string, Topic>();
  private readonly writer: ReplyWriter;
  private readonly effects: KeptEffects;

  constructor(pool: BufferPool, effects: KeptEffects) {
    this.writer = new ReplyWriter(pool);
    this.effects = effects;
  }

  /** Nobody has subscribed to anything. */
  get isEmpty(): boolean {
    return this.channel.size === 0 && this.pattern.size === 0 && this.shard.size === 0;
  }

  subscribe(subscriber: Subscriber, kind: SubscriptionKind, name: string): void {
    subscriber.subscriptions ??= { channel: new Set(), pattern: new Set(), shard: new Set() };
    subscriber.subscriptions[kind].add(name);
    this.topic(kind, name).subscribers.add(subscriber);
  }

  unsubscribe(subscriber: Subscriber, kind: SubscriptionKind, name: string): void {
    const { subscriptions } = subscriber;
    if (subscriptions?.[kind].delete(name) !== true) return;
    const topic = this.topic(kind, name);
    topic.subscribers.delete(subscriber);
    if (topic.subscribers.size === 0) this[kind].delete(name);
    const { channel, pattern, shard } = subscriptions;
    if (channel.size + pattern.size + shard.size === 0) subscriber.subscriptions = undefined;
  }

  unsubscribeAll(subscriber: Subscriber): void {
    const { subscriptions } = subscriber;
    if (subscriptions === undefined) return;
    for (const kind of ['channel', 'pattern', 'shard'] as const) {
      for (const name of subscriptions[kind]) this.unsubscribe(subscriber, kind, name);
    }
  }

  publish(kind: 'channel' | 'shard', channel: string, message: Uint8Array, start: number, end: number): number {
    if (this.effects.isKeeping) {
      const bytes = Buffer.from(message.subarray(start, end));
      this.effects.add(() => this.publish(kind, channel, bytes, 0, bytes.length));
      return this.receiverCount(kind, channel);
    }
    this.relay?.(kind, channel, message, start, end);
    return this.deliver(kind, channel, message, start, end);
  }

  /** Sends a message to the subscribers of this node; returns how often. */
  deliver(kind: 'channel' | 'shard', channel: string, message: Uint8Array, start: number, end: number): number {
    let receivers = 0;
    const topic = this[kind].get(channel);
    if (topic !== undefined) {
      const { writer } = this;
      writer.push(3);
      writer.bulkText(kind === 'channel' ? 'message' : 'smessage');
      writer.bulkLatin1(channel);
      writer.bulk(message, start, end);
      receivers = this.send(topic);
    }
    if (kind === 'shard' || this.pattern.size === 0) return receivers;
    return receivers + this.publishByPattern(channel, message, start, end);
  }

  names(kind: SubscriptionKind): Iterable<string> {
    return this[kind].keys();
  }

  count(kind: SubscriptionKind): number {
    return this[kind].size;
  }

  subscriberCount(kind: SubscriptionKind, name: string): number {
    return this[kind].get(name)?.subscribers.size ?? 0;
  }

  /** How often a message would be sent to the subscribers of this node. */
  private receiverCount(kind: 'channel' | 'shard', channel: string): number {
    let receivers = this.subscriberCount(kind, channel);
    if (kind === 'shard' || this.pattern.size === 0) return receivers;
    const bytes = Buffer.from(channel, 'latin1');
    for (const pattern of this.pattern.values()) if (pattern.matches(bytes)) receivers += pattern.subscribers.size;
    return receivers;
  }

  private publishByPattern(channel: string, message: Uint8Array, start: number, end: number): number {
    const bytes = Buffer.from(channel, 'latin1');
    let receivers = 0;
    for (const pattern of this.pattern.values()) {
      if (!pattern.matches(bytes)) continue;
      const { writer } = this;
      writer.push(4);
      writer.bulkText('pmessage');
      writer.bulkLatin1(pattern.name);
      writer.bulkLatin1(channel);
      writer.bulk(message, start, end);
      receivers += this.send(pattern);
    }
    return receivers;
  }

  /** Sends what was written to the subscribers of a topic; returns how many there are. */
  private send(topic: Topic): number {
    const { writer } = this;
    const { subscribers } = topic;
    const receivers = subscribers.size;
    const { buffer, length } = writer;
    // Who does not take what was sent before is closed, and is not in the set any more: sets bear that.
    for (const subscriber of subscribers) {
      buffer[0] = subscriber.reply.resp === 2 ? ARRAY : PUSH;
      subscriber.push(buffer, length);
    }
    if (buffer.length > BLOCK_BYTES) writer.detach();
    else writer.truncate(0);
    return receivers;
  }

  private topic(kind: SubscriptionKind, name: string): Topic {
    const topics: Map<string, Topic> = this[kind];
    let topic = topics.get(name);
    if (topic === undefined) {
      topic = kind === 'pattern' ? new Pattern(name) : new Topic(name);
      topics.set(name, topic);
    }
    return topic;
  }
}
