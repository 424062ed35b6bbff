/**
 * The ring document: all that members must agree on, decided as a whole (topology/), and then spread.
 *
 * Its bytes are JSON in one form only, without spaces, keys in the order of the interfaces: equal documents have equal
 * bytes, so that they are compared, and checksummed, as bytes.
 *
 *     {"clusterId":"...","generation":1,"epoch":7,"replicaCount":3,"positionKey":"...","nextOrdinal":4,"members":[...],"voters":["..."]}
 *
 *  1. Members stand in the order of their ordinals, which are below `nextOrdinal`. That never falls: an ordinal is given once.
 *  2. No two tokens are in one slot, but for those of a joining member that takes the place of a leaving one. Every member has some.
 *  3. Voters are members, 1 to VOTERS_MAX, in the order of the members.
 *  4. Some member is not joining, and some member is not leaving.
 */

import { ShapeError, integer, list, object } from '../../base/json-shape.js';
import { SLOT_COUNT } from '../../base/position.js';
import type { Member, MemberId } from './member.js';
import { ORDINAL_MAX, checkMember, checkMemberId, pattern } from './member.js';
import type { RingVersion } from './ring-version.js';

export interface RingDocument extends RingVersion {
  /** CLUSTER_ID_BYTES in hexadecimal digits. The same for all epochs and generations. */
  readonly clusterId: string;
  /** N: how many members hold a slot, if there are so many. */
  readonly replicaCount: number;
  /** 16 hexadecimal digits: by this key all members hash keys to positions (base/position.ts). */
  readonly positionKey: string;
  /** What the next new member gets. ORDINAL_MAX + 1: there are none left. */
  readonly nextOrdinal: number;
  readonly members: readonly Member[];
  /** Who decides about the next epoch. */
  readonly voters: readonly MemberId[];
}

export const CLUSTER_ID_BYTES = 20;
/** More voters would survive more losses, and make every change slower. */
export const VOTERS_MAX = 7;
export const REPLICA_COUNT_MAX = 16;
/** Of 64 tokens each: half of the slots are free then. */
export const MEMBERS_MAX = 128;

const version = integer(1, Number.MAX_SAFE_INTEGER);

const checkShape = object<RingDocument>({
  clusterId: pattern(/^[0-9a-f]{40}$/, '40 hexadecimal digits'),
  generation: version,
  epoch: version,
  replicaCount: integer(1, REPLICA_COUNT_MAX),
  positionKey: pattern(/^[0-9a-f]{16}$/, '16 hexadecimal digits'),
  nextOrdinal: integer(2, ORDINAL_MAX + 1),
  members: list(checkMember),
  voters: list(checkMemberId),
});

/** The one form of bytes that the document has. Throws ShapeError if it is none. */
export function encodeRing(document: RingDocument): Buffer {
  return Buffer.from(canonicalJson(checkRing(document)), 'utf8');
}

/** Throws ShapeError that says what is wrong with the bytes. */
export function decodeRing(bytes: Uint8Array): RingDocument {
  const json = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  const document = checkRing(parseJson(json));
  if (canonicalJson(document) !== json) throw new ShapeError('ring', 'its one form', json);
  return document;
}

/** The document, if the value is one. Throws ShapeError. */
export function checkRing(value: unknown): RingDocument {
  const document = checkShape(value, 'ring');
  const { members } = document;
  if (members.length > MEMBERS_MAX) throw new ShapeError('ring.members', `at most ${MEMBERS_MAX}`, members.length);
  if (!members.some(({ state }) => state !== 'joining')) {
    throw new ShapeError('ring.members', 'one that is not joining', members);
  }
  if (!members.some(({ state }) => state !== 'leaving')) {
    throw new ShapeError('ring.members', 'one that is not leaving', members);
  }
  checkIds(document);
  checkTokens(members);
  checkVoters(document);
  return document;
}

function checkIds({ members, nextOrdinal }: RingDocument): void {
  const ids = new Set<MemberId>();
  let before = 0;
  members.forEach(({ id, ordinal }, index) => {
    const place = `ring.members[${index}]`;
    if (ids.has(id)) throw new ShapeError(`${place}.id`, 'an id of its own', id);
    if (ordinal <= before || ordinal >= nextOrdinal) {
      throw new ShapeError(`${place}.ordinal`, `one between ${before} and ${nextOrdinal}`, ordinal);
    }
    ids.add(id);
    before = ordinal;
  });
}

function checkTokens(members: readonly Member[]): void {
  // Those who hold slots now, and those who will: no two of either have tokens in one slot.
  const isTaken = { joining: new Uint8Array(SLOT_COUNT), leaving: new Uint8Array(SLOT_COUNT) };
  members.forEach(({ tokens, state }, index) => {
    const place = `ring.members[${index}].tokens`;
    if (tokens.length === 0) throw new ShapeError(place, 'some tokens', tokens);
    tokens.forEach((slot, at) => {
      if (at > 0 && slot <= tokens[at - 1]) throw new ShapeError(`${place}[${at}]`, 'a higher slot', slot);
      for (const not of ['joining', 'leaving'] as const) {
        if (state === not) continue;
        if (isTaken[not][slot] === 1) throw new ShapeError(`${place}[${at}]`, 'a slot without a token', slot);
        isTaken[not][slot] = 1;
      }
    });
  });
}

function checkVoters({ members, voters }: RingDocument): void {
  if (voters.length === 0 || voters.length > VOTERS_MAX) {
    throw new ShapeError('ring.voters', `1 to ${VOTERS_MAX}`, voters.length);
  }
  let before = -1;
  voters.forEach((id, index) => {
    const at = members.findIndex((member) => member.id === id);
    if (at <= before) throw new ShapeError(`ring.voters[${index}]`, 'a member, in the order of the members', id);
    before = at;
  });
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    throw new ShapeError('ring', 'JSON', json);
  }
}

function canonicalJson(document: RingDocument): string {
  const { clusterId, generation, epoch, replicaCount, positionKey, nextOrdinal, members, voters } = document;
  return JSON.stringify({
    clusterId,
    generation,
    epoch,
    replicaCount,
    positionKey,
    nextOrdinal,
    members: members.map(({ id, ordinal, zone, tokens, state, address, absence }) => {
      const { host, port, tlsPort, busPort } = address;
      return { id, ordinal, zone, tokens, state, address: { host, port, tlsPort, busPort }, absence };
    }),
    voters,
  });
}
