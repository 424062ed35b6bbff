import { expect } from 'chai';
import * as fc from 'fast-check';
import { globMatches } from '../../lib/base/glob.js';
import type { SubscriptionKind, Subscriptions } from '../../lib/commands/ports.js';
import { BufferPool } from '../../lib/protocol/buffer-pool.js';
import { KeptEffects } from '../../lib/server/kept-effects.js';
import { PubSubRegistry } from '../../lib/server/pubsub.js';
import { decodeAll } from '../protocol/resp-decoder.js';

const KINDS = ['channel', 'pattern', 'shard'] as const;
const NAMES = ['a', 'ab', 'b', 'a*', '*', '[ab]', '\xff\0', ''] as const;

/** A subscriber that keeps its messages, in plain form. */
class Ear {
  subscriptions: Subscriptions | undefined;
  readonly reply: { resp: 2 | 3 };
  readonly heard: string[] = [];

  constructor(resp: 2 | 3 = 2) {
    this.reply = { resp };
  }

  push(message: Buffer, length: number): void {
    const wire = Buffer.from(message.subarray(0, length));
    expect(String.fromCharCode(wire[0])).to.equal(this.reply.resp === 2 ? '*' : '>');
    wire[0] = 0x2a;
    const [words] = decodeAll(wire) as Buffer[][];
    this.heard.push(words.map((word) => word.toString('latin1')).join(' '));
  }
}

function registry(effects = new KeptEffects()): PubSubRegistry {
  return new PubSubRegistry(new BufferPool(), effects);
}

function publish(pubsub: PubSubRegistry, kind: 'channel' | 'shard', channel: string, message: string): number {
  const bytes = Buffer.from(`--${message}--`, 'latin1');
  return pubsub.publish(kind, channel, bytes, 2, bytes.length - 2);
}

/** Who has subscribed to what, as a list of triples. */
class DumbPubSub {
  readonly list: { ear: number; kind: SubscriptionKind; name: string }[] = [];
  readonly heard: string[][];

  constructor(ears: number) {
    this.heard = Array.from({ length: ears }, () => []);
  }

  subscribe(ear: number, kind: SubscriptionKind, name: string): void {
    if (!this.has(ear, kind, name)) this.list.push({ ear, kind, name });
  }

  unsubscribe(ear: number, kind: SubscriptionKind, name: string): void {
    const i = this.list.findIndex((each) => each.ear === ear && each.kind === kind && each.name === name);
    if (i !== -1) this.list.splice(i, 1);
  }

  publish(kind: 'channel' | 'shard', channel: string, message: string): number {
    let receivers = 0;
    for (const each of this.list) {
      if (each.kind === kind && each.name === channel) {
        this.heard[each.ear].push(`${kind === 'shard' ? 's' : ''}message ${channel} ${message}`);
      } else if (kind === 'channel' && each.kind === 'pattern' && isMatch(each.name, channel)) {
        this.heard[each.ear].push(`pmessage ${each.name} ${channel} ${message}`);
      } else continue;
      receivers++;
    }
    return receivers;
  }

  has(ear: number, kind: SubscriptionKind, name: string): boolean {
    return this.list.some((each) => each.ear === ear && each.kind === kind && each.name === name);
  }

  count(kind: SubscriptionKind, name: string): number {
    return this.list.filter((each) => each.kind === kind && each.name === name).length;
  }
}

function isMatch(pattern: string, channel: string): boolean {
  const [a, b] = [Buffer.from(pattern, 'latin1'), Buffer.from(channel, 'latin1')];
  return globMatches(a, 0, a.length, b, 0, b.length);
}

describe('PubSubRegistry', () => {
  it('sends a message to those who have subscribed, in the words of each protocol', () => {
    const pubsub = registry();
    const [old, modern, other] = [new Ear(2), new Ear(3), new Ear(2)];
    pubsub.subscribe(old, 'channel', 'news');
    pubsub.subscribe(modern, 'channel', 'news');
    pubsub.subscribe(other, 'shard', 'news');
    expect(publish(pubsub, 'channel', 'news', 'hello')).to.equal(2);
    expect(publish(pubsub, 'shard', 'news', 'hi')).to.equal(1);
    expect(publish(pubsub, 'channel', 'olds', 'hello')).to.equal(0);
    expect([old.heard, modern.heard, other.heard]).to.eql([
      ['message news hello'],
      ['message news hello'],
      ['smessage news hi'],
    ]);
  });

  it('sends a message once for the channel and once for each pattern', () => {
    const pubsub = registry();
    const ear = new Ear(3);
    for (const pattern of ['n*', '*s', 'x*']) pubsub.subscribe(ear, 'pattern', pattern);
    pubsub.subscribe(ear, 'channel', 'news');
    expect(publish(pubsub, 'channel', 'news', 'm')).to.equal(3);
    expect(ear.heard).to.eql(['message news m', 'pmessage n* news m', 'pmessage *s news m']);
  });

  it('sends messages larger than a block of the pool', () => {
    const pubsub = registry();
    const ear = new Ear();
    pubsub.subscribe(ear, 'channel', 'c');
    const large = 'x'.repeat(100_000);
    for (const message of [large, 'small']) publish(pubsub, 'channel', 'c', message);
    expect(ear.heard).to.eql([`message c ${large}`, 'message c small']);
  });

  it('bears that a subscriber goes away while it is sent to', () => {
    const pubsub = registry();
    const ears = [new Ear(), new Ear(), new Ear()];
    for (const ear of ears) {
      pubsub.subscribe(ear, 'channel', 'c');
      pubsub.subscribe(ear, 'pattern', '*');
    }
    ears[1].push = () => {
      pubsub.unsubscribeAll(ears[1]);
    };
    publish(pubsub, 'channel', 'c', 'm');
    expect(ears.map(({ heard }) => heard.length)).to.eql([2, 0, 2]);
    expect(publish(pubsub, 'channel', 'c', 'm')).to.equal(4);
  });

  it('forgets what nobody listens to any more', () => {
    const pubsub = registry();
    const ear = new Ear();
    expect(pubsub.isEmpty).to.equal(true);
    for (const kind of KINDS) pubsub.subscribe(ear, kind, 'c');
    expect(pubsub.isEmpty).to.equal(false);
    expect(KINDS.map((kind) => pubsub.count(kind))).to.eql([1, 1, 1]);
    pubsub.unsubscribeAll(ear);
    expect(pubsub.isEmpty).to.equal(true);
    expect(ear.subscriptions).to.equal(undefined);
  });

  it('does what a list of subscriptions would', () => {
    const ears = 3;
    const who = fc.nat({ max: ears - 1 });
    const what = fc.record({ ear: who, kind: fc.constantFrom(...KINDS), name: fc.constantFrom(...NAMES) });
    const step = fc.oneof(
      fc.record({ does: fc.constant('subscribe' as const), what }),
      fc.record({ does: fc.constant('unsubscribe' as const), what }),
      fc.record({ does: fc.constant('publish' as const), what }),
      fc.record({ does: fc.constant('leave' as const), what }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const pubsub = registry();
        const dumb = new DumbPubSub(ears);
        const listeners = Array.from({ length: ears }, (_, i) => new Ear(i === 0 ? 3 : 2));
        for (const { does, what } of steps) {
          const { ear, kind, name } = what;
          if (does === 'publish') {
            const sent = kind === 'shard' ? 'shard' : 'channel';
            expect(publish(pubsub, sent, name, 'm')).to.equal(dumb.publish(sent, name, 'm'));
          } else if (does === 'leave') {
            pubsub.unsubscribeAll(listeners[ear]);
            for (const each of [...dumb.list]) if (each.ear === ear) dumb.unsubscribe(ear, each.kind, each.name);
          } else {
            pubsub[does](listeners[ear], kind, name);
            dumb[does](ear, kind, name);
          }
        }
        listeners.forEach(({ heard, subscriptions }, i) => {
          expect([...heard].sort()).to.eql([...dumb.heard[i]].sort());
          const mine = dumb.list.filter(({ ear }) => ear === i);
          expect(subscriptions === undefined).to.equal(mine.length === 0);
          for (const { kind, name } of mine) expect(subscriptions?.[kind].has(name)).to.equal(true);
        });
        for (const kind of KINDS) {
          expect([...pubsub.names(kind)].sort()).to.eql(NAMES.filter((name) => dumb.count(kind, name) > 0).sort());
          for (const name of NAMES) expect(pubsub.subscriberCount(kind, name)).to.equal(dumb.count(kind, name));
        }
      }),
    );
  });

  it('keeps back what may not have happened: it says how often it would be sent, and sends it when it has', () => {
    const effects = new KeptEffects();
    const pubsub = registry(effects);
    const ear = new Ear();
    pubsub.subscribe(ear, 'channel', 'a');
    pubsub.subscribe(ear, 'pattern', 'a*');
    pubsub.subscribe(ear, 'shard', 'a');
    const counts: number[] = [];
    const kept = effects.keepBack(() => {
      for (const [kind, channel] of [
        ['channel', 'a'],
        ['channel', 'ab'],
        ['shard', 'a'],
      ] as const)
        counts.push(publish(pubsub, kind, channel, 'm'));
    });
    expect(counts).to.eql([2, 1, 1]);
    expect(ear.heard).to.eql([]);
    for (const effect of kept) effect();
    expect(ear.heard).to.eql(['message a m', 'pmessage a* a m', 'pmessage a* ab m', 'smessage a m']);
    expect(publish(pubsub, 'channel', 'b', 'm')).to.equal(0);
    expect(publish(pubsub, 'channel', 'ab', 'm')).to.equal(1);
    expect(ear.heard).to.have.length(5);
  });
});
