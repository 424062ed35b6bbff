/** Members, profiles and news for specs, made up or drawn. */

import fc from 'fast-check';
import { GossipMember } from '../../../lib/cluster/gossip/member-list.js';
import {
  LIVENESSES,
  NO_RING,
  type AliveNews,
  type MemberRecord,
  type News,
  type Profile,
} from '../../../lib/cluster/gossip/member.js';
import type { Message } from '../../../lib/cluster/gossip/message-codec.js';
import type { MemberId } from '../../../lib/cluster/ring/member.js';

export function idOf(number: number): MemberId {
  return number.toString(16).padStart(40, '0');
}

export function profileOf(number: number): Profile {
  return {
    address: { host: `10.0.0.${number}`, port: 7000, tlsPort: 0, busPort: 17000 },
    zone: 'a',
    load: { keyCount: 0, memoryBytes: 0, commandsPerSecond: 0 },
    ring: NO_RING,
  };
}

export function aliveNews(number: number, incarnation: number): AliveNews {
  return { kind: 'alive', id: idOf(number), incarnation, profile: profileOf(number) };
}

export function accusation(kind: 'suspect' | 'dead', number: number, incarnation: number, from: number): News {
  return { kind, id: idOf(number), incarnation, from: idOf(from) };
}

export function recordOf(number: number, state: MemberRecord['state'], incarnation: number): MemberRecord {
  const profile = profileOf(number);
  return { id: idOf(number), state, incarnation, profile, profileIncarnation: incarnation, ageMs: 0 };
}

export function memberOf(number: number): GossipMember {
  return new GossipMember(recordOf(number, 'alive', 1), 0);
}

const whole = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const port = fc.integer({ min: 0, max: 65535 });
const host = fc.stringMatching(/^[a-z0-9.:-]{1,40}$/);

export const someId = fc
  .uint8Array({ minLength: 20, maxLength: 20 })
  .map((bytes) => Buffer.from(bytes).toString('hex'));
export const someIncarnation = fc.integer({ min: 0, max: 2 ** 52 });
export const someEndpoint = fc.record({ host, port });

export const someProfile: fc.Arbitrary<Profile> = fc.record({
  address: fc.record({ host, port, tlsPort: port, busPort: port }),
  zone: fc.string({ unit: 'grapheme', maxLength: 20 }).filter((zone) => Buffer.byteLength(zone) <= 255),
  load: fc.record({ keyCount: whole, memoryBytes: whole, commandsPerSecond: whole }),
  ring: fc.record({ generation: whole, epoch: whole }),
});

export const someNews: fc.Arbitrary<News> = fc.oneof(
  fc.record({ kind: fc.constant('alive' as const), id: someId, incarnation: someIncarnation, profile: someProfile }),
  fc.record({
    kind: fc.constantFrom('suspect' as const, 'dead' as const),
    id: someId,
    incarnation: someIncarnation,
    from: someId,
  }),
  fc.record({ kind: fc.constant('left' as const), id: someId, incarnation: someIncarnation }),
);

export const someRecord: fc.Arbitrary<MemberRecord> = fc
  .record({
    id: someId,
    state: fc.constantFrom(...LIVENESSES),
    incarnation: someIncarnation,
    profile: someProfile,
    back: fc.integer({ min: 0, max: 3 }),
    ageMs: whole,
  })
  .map(({ back, ...record }) => ({ ...record, profileIncarnation: Math.max(0, record.incarnation - back) }));

const sequence = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

export const someMessage: fc.Arbitrary<Message> = fc.oneof(
  someNews,
  fc.record({ kind: fc.constant('ping' as const), sequence, target: someId }),
  fc.record({ kind: fc.constant('ping-request' as const), sequence, target: someId, endpoint: someEndpoint }),
  fc.record({ kind: fc.constantFrom('ack' as const, 'nack' as const), sequence }),
);
