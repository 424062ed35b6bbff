/**
 * Messages to whoever listens: SUBSCRIBE, PUBLISH and their kin (https://redis.io/docs/latest/develop/interact/pubsub/).
 *
 * A connection subscribes to channels, to patterns of them, and to shard channels, which are apart from the others. Each subscription is confirmed by
 * a message of its own, not by a reply: in RESP3 that is a push, and it comes to those, too, that want no replies.
 */

import { globMatches } from '../base/glob.js';
import type { Call } from './call.js';
import type { Command, CommandFlag, KeyRange } from './command.js';
import { ALL_KEYS, NO_KEYS, ONE_KEY } from './command.js';
import { helpCommand, wrongSubcommand } from './help.js';
import type { HelpEntry } from './help.js';
import type { Client, SubscriptionKind } from './ports.js';

const HELP: readonly HelpEntry[] = [
  ['CHANNELS [<pattern>]', 'The channels that somebody has subscribed to, those that match <pattern>.'],
  ['NUMPAT', 'How many patterns somebody has subscribed to.'],
  ['NUMSUB [<channel> ...]', 'How many connections have subscribed to each channel, not counting patterns.'],
  ['SHARDCHANNELS [<pattern>]', 'The shard channels that somebody has subscribed to.'],
  ['SHARDNUMSUB [<shardchannel> ...]', 'How many connections have subscribed to each shard channel.'],
];

/** The words that confirm a subscription and its end, by what is subscribed to. */
const CONFIRMATIONS: Readonly<Record<SubscriptionKind, readonly [begin: string, end: string]>> = {
  channel: ['subscribe', 'unsubscribe'],
  pattern: ['psubscribe', 'punsubscribe'],
  shard: ['ssubscribe', 'sunsubscribe'],
};

/** SUBSCRIBE channel [channel ...], PSUBSCRIBE pattern [pattern ...], SSUBSCRIBE shardchannel [shardchannel ...] */
function subscribe(kind: SubscriptionKind): (call: Call) => void {
  return (call) => {
    const { args, client, server } = call;
    for (let i = 1; i < args.count; i++) {
      const name = args.text(i);
      server.pubsub.subscribe(client, kind, name);
      confirm(call, kind, CONFIRMATIONS[kind][0], name);
    }
  };
}

/** UNSUBSCRIBE [channel ...] and so on: from all without arguments; that is confirmed even if there are none. */
function unsubscribe(kind: SubscriptionKind): (call: Call) => void {
  return (call) => {
    const { args, client, server } = call;
    const [, word] = CONFIRMATIONS[kind];
    const names = args.count === 1 ? [...(client.subscriptions?.[kind] ?? [])] : namesFrom(call, 1);
    for (const name of names) {
      server.pubsub.unsubscribe(client, kind, name);
      confirm(call, kind, word, name);
    }
    if (names.length === 0) confirm(call, kind, word, undefined);
  };
}

/** Says that a subscription has begun or ended, and how many there are now: of channels and patterns together, of shard channels by themselves. */
function confirm({ reply, client }: Call, kind: SubscriptionKind, word: string, name: string | undefined): void {
  const start = reply.length;
  reply.push(3);
  reply.bulkText(word);
  if (name === undefined) reply.nullBulk();
  else reply.bulkLatin1(name);
  reply.integer(countOf(client, kind));
  if (client.replyMode === 'on') return;
  // It is no reply: CLIENT REPLY OFF does not hold it back.
  const message = Buffer.from(reply.buffer.subarray(start, reply.length));
  reply.truncate(start);
  client.push(message, message.length);
}

function countOf({ subscriptions }: Client, kind: SubscriptionKind): number {
  if (subscriptions === undefined) return 0;
  return kind === 'shard' ? subscriptions.shard.size : subscriptions.channel.size + subscriptions.pattern.size;
}

/** PUBLISH channel message: how many connections got it, each as often as it has subscribed. */
function publish(call: Call): void {
  publishTo(call, 'channel');
}

/** SPUBLISH shardchannel message */
function spublish(call: Call): void {
  publishTo(call, 'shard');
}

function publishTo({ args, reply, server }: Call, kind: 'channel' | 'shard'): void {
  reply.integer(server.pubsub.publish(kind, args.text(1), args.buffer, args.start[2], args.end[2]));
}

/** PUBSUB CHANNELS [pattern], PUBSUB SHARDCHANNELS [pattern] */
function channels(kind: 'channel' | 'shard'): (call: Call) => void {
  return (call) => {
    const { args, reply, server } = call;
    if (args.count > 3) {
      wrongSubcommand(call, 'pubsub');
      return;
    }
    const names = [...server.pubsub.names(kind)].filter((name) => args.count === 2 || matches(call, 2, name));
    reply.array(names.length);
    for (const name of names) reply.bulkLatin1(name);
  };
}

/** PUBSUB NUMSUB [channel ...], PUBSUB SHARDNUMSUB [shardchannel ...] */
function numsub(kind: 'channel' | 'shard'): (call: Call) => void {
  return (call) => {
    const { reply, server } = call;
    const names = namesFrom(call, 2);
    reply.array(names.length * 2);
    for (const name of names) {
      reply.bulkLatin1(name);
      reply.integer(server.pubsub.subscriberCount(kind, name));
    }
  };
}

/** PUBSUB NUMPAT */
function numpat({ reply, server }: Call): void {
  reply.integer(server.pubsub.count('pattern'));
}

function namesFrom({ args }: Call, first: number): string[] {
  const names: string[] = [];
  for (let i = first; i < args.count; i++) names.push(args.text(i));
  return names;
}

/** Whether a channel matches the pattern in argument i. */
function matches({ args }: Call, i: number, name: string): boolean {
  const bytes = Buffer.from(name, 'latin1');
  return globMatches(args.buffer, args.start[i], args.end[i], bytes, 0, bytes.length);
}

const LISTENING: readonly CommandFlag[] = ['pubsub', 'noscript', 'loading', 'stale'];
const PUBLISHING: readonly CommandFlag[] = ['pubsub', 'loading', 'stale', 'fast', 'may_replicate'];
const ASKING: readonly CommandFlag[] = ['pubsub', 'loading', 'stale'];

/** Shard channels are told apart by slot, as keys are. */
const rows: readonly (readonly [SubscriptionKind, prefix: string, KeyRange])[] = [
  ['channel', '', NO_KEYS],
  ['pattern', 'p', NO_KEYS],
  ['shard', 's', ALL_KEYS],
];

export const pubsubCommands: readonly Command[] = [
  ...rows.flatMap(([kind, prefix, keys]): Command[] => [
    { name: `${prefix}subscribe`, arity: -2, flags: LISTENING, keys, run: subscribe(kind) },
    { name: `${prefix}unsubscribe`, arity: -1, flags: LISTENING, keys, run: unsubscribe(kind) },
  ]),
  { name: 'publish', arity: 3, flags: PUBLISHING, keys: NO_KEYS, run: publish },
  { name: 'spublish', arity: 3, flags: PUBLISHING, keys: ONE_KEY, run: spublish },
  {
    name: 'pubsub',
    arity: -2,
    flags: [],
    keys: NO_KEYS,
    subcommands: [
      { name: 'channels', arity: -2, flags: ASKING, keys: NO_KEYS, run: channels('channel') },
      { name: 'numpat', arity: 2, flags: ASKING, keys: NO_KEYS, run: numpat },
      { name: 'numsub', arity: -2, flags: ASKING, keys: NO_KEYS, run: numsub('channel') },
      { name: 'shardchannels', arity: -2, flags: ASKING, keys: NO_KEYS, run: channels('shard') },
      { name: 'shardnumsub', arity: -2, flags: ASKING, keys: NO_KEYS, run: numsub('shard') },
      helpCommand('pubsub', HELP),
    ],
  },
];
