/** A member of the ring: who it is, where it is, and what it holds. */

import type { Check } from '../../base/json-shape.js';
import { ShapeError, integer, list, object, text } from '../../base/json-shape.js';
import { SLOT_COUNT } from '../../base/position.js';
import { ORIGIN_MAX } from '../../record/pair.js';

/** 40 hexadecimal digits in lower case: 20 random bytes, drawn at a node's first boot. */
export type MemberId = string;

export const MEMBER_ID_BYTES = 20;

/** 1 to ORDINAL_MAX: the origin of the pairs that a member makes. The ring gives it once, and never again. */
export type Ordinal = number;

export const ORDINAL_MAX = ORIGIN_MAX;

/** What a node announces, where others and clients reach it; it may listen elsewhere. */
export interface Address {
  readonly host: string;
  /** 0: none. */
  readonly port: number;
  /** 0: none. */
  readonly tlsPort: number;
  readonly busPort: number;
}

/**
 * `joining`: it is being filled, and in no preference list yet. `up`: it has its share. `leaving`: it has its share, and
 * somebody else is getting it.
 */
export type MemberState = 'joining' | 'up' | 'leaving';

/**
 * Of a member that was away for too long (topology/absence.ts). `away`: others have gone on without it, and it is no replica. `returning`: it is being rebuilt.
 */
export type Absence = 'away' | 'returning';

export interface Member {
  readonly id: MemberId;
  readonly ordinal: Ordinal;
  /** What fails together: replicas lie in distinct zones while there are enough. Empty for members that say nothing. */
  readonly zone: string;
  /** The slots at which its tokens are, ascending. */
  readonly tokens: readonly number[];
  readonly state: MemberState;
  /** The address that it joined with; gossip has the current one. */
  readonly address: Address;
  readonly absence?: Absence;
}

/** A text that a pattern fits; `expected` says it in words. */
export function pattern(form: RegExp, expected: string): Check<string> {
  return (value, place) => {
    const found = text(value, place);
    if (!form.test(found)) throw new ShapeError(place, expected, found);
    return found;
  };
}

const MEMBER_ID = /^[0-9a-f]{40}$/;

export const checkMemberId: Check<MemberId> = pattern(MEMBER_ID, '40 hexadecimal digits');

export function isMemberId(text: string): boolean {
  return MEMBER_ID.test(text);
}

/** What may be the name of a zone. */
export const checkZone: Check<string> = pattern(
  /^[A-Za-z0-9_.-]{0,64}$/,
  'a zone: up to 64 letters, digits, dots, dashes and underscores',
);

const port = integer(0, 65535);

export const checkAddress: Check<Address> = object<Address>({
  host: pattern(/^[A-Za-z0-9_.:%-]{1,255}$/, 'a host name or an address'),
  port,
  tlsPort: port,
  busPort: integer(1, 65535),
});

const checkState: Check<MemberState> = (value, place) => {
  if (value === 'joining' || value === 'up' || value === 'leaving') return value;
  throw new ShapeError(place, 'joining, up or leaving', value);
};

const checkAbsence: Check<Absence> = (value, place) => {
  if (value === 'away' || value === 'returning') return value;
  throw new ShapeError(place, 'away or returning', value);
};

export const checkMember: Check<Member> = object<Omit<Member, 'absence'>, { absence: Absence }>(
  {
    id: checkMemberId,
    ordinal: integer(1, ORDINAL_MAX),
    zone: checkZone,
    tokens: list(integer(0, SLOT_COUNT - 1)),
    state: checkState,
    address: checkAddress,
  },
  { absence: checkAbsence },
);
