/**
 * What members ask each other about the ring. JSON, checked strictly:
 *
 *     hello        who are you, and which ring do you know?               ─▶ hello
 *     paxos        a request to a voter about an epoch                    ─▶ paxos | ring (a newer one) | behind | refused
 *     ring         this ring has been decided                             ─▶ ring
 *     fetch        which ring do you know?                                ─▶ ring
 *     join         make me a member                                       ─▶ ring (with it) | refused
 *     replace      the next node that joins takes this member's place      ─▶ ring
 *     replace-nobody   that is taken back                                  ─▶ ring
 *     holds-data   do you hold any data? If not: will you take none for a while? ─▶ data
 */

import type { Check } from '../../base/json-shape.js';
import { ShapeError, boolean, integer, object, text } from '../../base/json-shape.js';
import type { MemberId } from '../ring/member.js';
import { checkAddress, checkMemberId, checkZone } from '../ring/member.js';
import type { RingDocument } from '../ring/ring-document.js';
import { checkRing } from '../ring/ring-document.js';
import type { RingVersion } from '../ring/ring-version.js';
import type { Candidate } from './new-ring.js';
import type { AcceptedValue, Ballot, PaxosAnswer, PaxosRequest } from './paxos.js';
import { checkAccepted, checkBallot } from './ring-store.js';

export type TopologyRequest =
  | { readonly kind: 'hello' }
  | {
      readonly kind: 'paxos';
      /** The epoch that is decided about. */
      readonly version: RingVersion;
      readonly seedDigest: string;
      /** Who is asked: if somebody else is there now, it has not promised what this one has. */
      readonly voter: MemberId;
      readonly request: PaxosRequest;
    }
  | { readonly kind: 'ring'; readonly ring: RingDocument }
  | { readonly kind: 'fetch' }
  | { readonly kind: 'join'; readonly candidate: Candidate }
  | { readonly kind: 'replace'; readonly member: MemberId }
  | { readonly kind: 'replace-nobody' }
  | { readonly kind: 'holds-data'; readonly pauseWrites: boolean };

export type TopologyAnswer =
  | {
      readonly kind: 'hello';
      readonly candidate: Candidate;
      readonly seedDigest: string;
      readonly ring?: RingDocument;
    }
  | { readonly kind: 'paxos'; readonly answer: PaxosAnswer }
  | { readonly kind: 'ring'; readonly ring?: RingDocument }
  | { readonly kind: 'behind' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'data'; readonly holdsData: boolean };

export function encodeMessage(message: TopologyRequest | TopologyAnswer): Buffer {
  return Buffer.from(JSON.stringify(message), 'utf8');
}

/** Undefined if it is none. */
export function decodeRequest(bytes: Buffer): TopologyRequest | undefined {
  return decode(bytes, REQUESTS) as TopologyRequest | undefined;
}

/** Undefined if it is none. */
export function decodeAnswer(bytes: Buffer): TopologyAnswer | undefined {
  return decode(bytes, ANSWERS) as TopologyAnswer | undefined;
}

const whole = integer(0, Number.MAX_SAFE_INTEGER);
const ring: Check<RingDocument> = (value) => checkRing(value);
const checkCandidate: Check<Candidate> = object<Omit<Candidate, 'replaces'>, { replaces: MemberId }>(
  { id: checkMemberId, zone: checkZone, tokenCount: integer(1, 1024), address: checkAddress },
  { replaces: checkMemberId },
);
const version = object<RingVersion>({ generation: whole, epoch: whole });

const paxosRequest = oneOf({
  prepare: object<{ kind: string; ballot: Ballot }>({ kind: text, ballot: checkBallot }),
  accept: object<{ kind: string; ballot: Ballot; value: string }>({ kind: text, ballot: checkBallot, value: text }),
});

const paxosAnswer = oneOf({
  promise: object<{ kind: string; ballot: Ballot }, { accepted: AcceptedValue }>(
    { kind: text, ballot: checkBallot },
    { accepted: checkAccepted },
  ),
  accepted: object<{ kind: string; ballot: Ballot }>({ kind: text, ballot: checkBallot }),
  refused: object<{ kind: string; ballot: Ballot; promised: Ballot }>({
    kind: text,
    ballot: checkBallot,
    promised: checkBallot,
  }),
});

const kindAlone = object<{ kind: string }>({ kind: text });

const REQUESTS = oneOf({
  hello: kindAlone,
  paxos: object<{ kind: string; version: RingVersion; seedDigest: string; voter: MemberId; request: unknown }>({
    kind: text,
    version,
    seedDigest: text,
    voter: checkMemberId,
    request: paxosRequest,
  }),
  ring: object<{ kind: string; ring: RingDocument }>({ kind: text, ring }),
  fetch: kindAlone,
  join: object<{ kind: string; candidate: Candidate }>({ kind: text, candidate: checkCandidate }),
  replace: object<{ kind: string; member: MemberId }>({ kind: text, member: checkMemberId }),
  'replace-nobody': kindAlone,
  'holds-data': object<{ kind: string; pauseWrites: boolean }>({ kind: text, pauseWrites: boolean }),
});

const ANSWERS = oneOf({
  hello: object<{ kind: string; candidate: Candidate; seedDigest: string }, { ring: RingDocument }>(
    { kind: text, candidate: checkCandidate, seedDigest: text },
    { ring },
  ),
  paxos: object<{ kind: string; answer: unknown }>({ kind: text, answer: paxosAnswer }),
  ring: object<{ kind: string }, { ring: RingDocument }>({ kind: text }, { ring }),
  behind: kindAlone,
  refused: object<{ kind: string; reason: string }>({ kind: text, reason: text }),
  data: object<{ kind: string; holdsData: boolean }>({ kind: text, holdsData: boolean }),
});

/** An object of one of these kinds. */
function oneOf(kinds: Readonly<Record<string, Check<unknown>>>): Check<unknown> {
  const checks = new Map(Object.entries(kinds));
  return (value, place) => {
    const kind = typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
    const check = typeof kind === 'string' ? checks.get(kind) : undefined;
    if (check === undefined) throw new ShapeError(`${place}.kind`, `one of ${[...checks.keys()].join(', ')}`, kind);
    return check(value, place);
  };
}

function decode(bytes: Buffer, check: Check<unknown>): unknown {
  try {
    return check(JSON.parse(bytes.toString('utf8')), 'message');
  } catch (error) {
    if (error instanceof ShapeError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
