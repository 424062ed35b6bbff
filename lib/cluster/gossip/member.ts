/** A member as gossip sees it, and the news about members. */

import type { Address, MemberId } from '../ring/member.js';
import { compareRingVersions, type RingVersion } from '../ring/ring-version.js';
import type { Endpoint } from './ports.js';

/**
 * `suspect`: it did not answer somebody; it is asked to refute. `dead`: it did not refute in time. `left`: it said that it goes. Of two
 * states in one incarnation, the later in this list wins.
 */
export const LIVENESSES = ['alive', 'suspect', 'dead', 'left'] as const;
export type Liveness = (typeof LIVENESSES)[number];

/** How busy a member is, in whole numbers. */
export interface MemberLoad {
  readonly keyCount: number;
  readonly memoryBytes: number;
  readonly commandsPerSecond: number;
}

/** The ring of a member that knows none yet. */
export const NO_RING: RingVersion = { generation: 0, epoch: 0 };

/** What a member says of itself. It is one and the same within an incarnation. */
export interface Profile {
  readonly address: Address;
  readonly zone: string;
  readonly load: MemberLoad;
  /** The newest ring that it knows, or NO_RING. */
  readonly ring: RingVersion;
}

/** A member says of itself that it lives. */
export interface AliveNews {
  readonly kind: 'alive';
  readonly id: MemberId;
  readonly incarnation: number;
  readonly profile: Profile;
}

/** `from` says of a member that it does not answer, or has not refuted. */
export interface Accusation {
  readonly kind: 'suspect' | 'dead';
  readonly id: MemberId;
  readonly incarnation: number;
  readonly from: MemberId;
}

/** A member says of itself that it goes. */
export interface LeftNews {
  readonly kind: 'left';
  readonly id: MemberId;
  readonly incarnation: number;
}

export type News = AliveNews | Accusation | LeftNews;

/** All that one member knows of another, as in an exchange of states. */
export interface MemberRecord {
  readonly id: MemberId;
  readonly state: Liveness;
  readonly incarnation: number;
  readonly profile: Profile;
  /** The incarnation that said the profile: not above `incarnation`. */
  readonly profileIncarnation: number;
  /** How long it has been in this state, in whole milliseconds. */
  readonly ageMs: number;
}

export function gossipEndpoint(address: Address): Endpoint {
  return { host: address.host, port: address.busPort };
}

export function isSameAddress(a: Address, b: Address): boolean {
  return a.host === b.host && a.port === b.port && a.tlsPort === b.tlsPort && a.busPort === b.busPort;
}

export function isSameLoad(a: MemberLoad, b: MemberLoad): boolean {
  return a.keyCount === b.keyCount && a.memoryBytes === b.memoryBytes && a.commandsPerSecond === b.commandsPerSecond;
}

export function isSameProfile(a: Profile, b: Profile): boolean {
  return (
    isSameAddress(a.address, b.address) &&
    isSameLoad(a.load, b.load) &&
    a.zone === b.zone &&
    compareRingVersions(a.ring, b.ring) === 0
  );
}
