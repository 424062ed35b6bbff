/**
 * How two members that share a secret come to know each other, before a stream carries anything else. Pure: bytes in, bytes out.
 *
 *     opener                                acceptor
 *        hello  ──────────────────────────▶
 *               ◀──────────────────────────  hello, or refusal
 *        proof  ──────────────────────────▶
 *               ◀──────────────────────────  proof, or refusal      (then frames)
 *
 *     hello   = "Hringkv" | version u8 | purpose u8 | formed u8 | nonce 32 | member id 20 | cluster digest 32
 *     proof   = "P" | HMAC-SHA256 of the secret over ( "ringkv bus " role | the opener's hello | the acceptor's hello )
 *     refusal = "R" | reason u8
 *     role    = "opener" | "acceptor", as the one who proves
 *
 *  1. Nonces are fresh and both are in both proofs, so nothing that was recorded proves anything.
 *  2. The role is in the proof, so that neither can be answered with its own.
 *  3. The opener proves first: who does not know the secret gets nothing to guess it by from those that listen.
 *  4. Everything has a fixed length, about 130 bytes together, and what comes behind a proof is not looked at before that is right.
 *
 * A member that is in a ring is `formed`, and its cluster digest is that of the ring's cluster id. One that is in none yet has that of
 * its seeds, and may talk with any formed one, as a guest; with its like if their seeds are the same.
 */

import { createHmac, timingSafeEqual } from 'node:crypto';

import { assert } from '../../base/assert.js';
import type { MemberId } from '../ring/member.js';

/** Another one whenever the layout of a message changes: what members of both versions told each other would be misread. */
export const PROTOCOL_VERSION = 3;
export const NONCE_BYTES = 32;
export const DIGEST_BYTES = 32;
const MEMBER_ID_BYTES = 20;
const MAC_BYTES = 32;

const MAGIC = Buffer.from('Hringkv');
const VERSION_AT = MAGIC.length;
const PURPOSE_AT = VERSION_AT + 1;
const FORMED_AT = PURPOSE_AT + 1;
const NONCE_AT = FORMED_AT + 1;
const MEMBER_ID_AT = NONCE_AT + NONCE_BYTES;
const DIGEST_AT = MEMBER_ID_AT + MEMBER_ID_BYTES;
const HELLO_BYTES = DIGEST_AT + DIGEST_BYTES;
const PROOF_BYTES = 1 + MAC_BYTES;
const REFUSAL_BYTES = 2;

const HELLO = MAGIC[0];
const PROOF = 'P'.charCodeAt(0);
const REFUSAL = 'R'.charCodeAt(0);

/** What a stream is for. `introduction`: to learn who is there, nothing else. */
export type Purpose = 'introduction' | 'messages' | 'channels';
const PURPOSES: readonly Purpose[] = ['introduction', 'messages', 'channels'];

/** Why a stream was refused; in the order of their numbers on the wire, from 1. */
export const REFUSALS = [
  'malformed',
  'version',
  'self',
  'cluster',
  'secret',
  'identity',
  'timeout',
  'crowded',
  'forbidden',
] as const;
export type Refusal = (typeof REFUSALS)[number];

/** Who a member is when it opens or accepts a stream. */
export interface Identity {
  readonly memberId: MemberId;
  /** DIGEST_BYTES, of the cluster id, or of the seeds of a member that is in no ring yet. */
  readonly clusterDigest: Uint8Array;
  /** Whether it is in a ring. */
  readonly isFormed: boolean;
}

/** What a handshake says of the other side. */
export interface Peer {
  readonly memberId: MemberId;
  /** Whether both are in the same ring. Otherwise it is a guest, or we are. */
  readonly isMember: boolean;
}

export interface HandshakeOptions {
  readonly role: 'opener' | 'acceptor';
  /** An acceptor learns it. */
  readonly purpose: Purpose;
  readonly identity: Identity;
  /** An empty one proves nothing: whoever allows it sees to it that nobody else can connect. */
  readonly secret: Uint8Array;
  /** NONCE_BYTES from a source fit for keys, never used before. */
  readonly nonce: Uint8Array;
  /** Who must be there, if that is known. */
  readonly expectedId?: MemberId | undefined;
  readonly version?: number;
}

export class Handshake {
  /** `open`: goes on. `done`: both are sure; `peer` is set. `failed`: `refusal` is set, by the other side if `wasRefused`. */
  state: 'open' | 'done' | 'failed' = 'open';
  peer: Peer | undefined;
  purpose: Purpose;
  refusal: Refusal | undefined;
  wasRefused = false;

  private readonly role: 'opener' | 'acceptor';
  private readonly identity: Identity;
  private readonly secret: Uint8Array;
  private readonly expectedId: MemberId | undefined;
  private readonly ownHello = Buffer.alloc(HELLO_BYTES);
  private peerHello: Buffer | undefined;
  /** The other side's hello, whether it was taken or refused. */
  private heard: Buffer | undefined;
  /** The beginning of the message that the other side sends. */
  private readonly input = Buffer.alloc(HELLO_BYTES);
  private inputEnd = 0;
  private output: Buffer[] = [];

  constructor(options: HandshakeOptions) {
    const { role, purpose, identity, secret, nonce } = options;
    assert(nonce.length === NONCE_BYTES, 'a nonce has its length');
    assert(identity.clusterDigest.length === DIGEST_BYTES, 'a digest has its length');
    this.role = role;
    this.purpose = purpose;
    this.identity = identity;
    this.secret = secret;
    this.expectedId = options.expectedId;
    const hello = this.ownHello;
    MAGIC.copy(hello);
    hello[VERSION_AT] = options.version ?? PROTOCOL_VERSION;
    hello[PURPOSE_AT] = PURPOSES.indexOf(purpose);
    hello[FORMED_AT] = identity.isFormed ? 1 : 0;
    hello.set(nonce, NONCE_AT);
    assert(hello.write(identity.memberId, MEMBER_ID_AT, 'hex') === MEMBER_ID_BYTES, 'a member id has its length');
    hello.set(identity.clusterDigest, DIGEST_AT);
    if (role === 'opener') this.output.push(hello);
  }

  /** Whether the other side of this one is `other`: it has sent what that has. */
  isOtherSideOf(other: Handshake): boolean {
    return this.heard?.equals(other.ownHello) === true;
  }

  /** What is to be sent now, or undefined. */
  takeOutput(): Buffer | undefined {
    if (this.output.length === 0) return undefined;
    const bytes = Buffer.concat(this.output);
    this.output = [];
    return bytes;
  }

  /** Takes of `buffer[start, end)` what belongs to the handshake; returns the offset behind that. */
  receive(buffer: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end && this.state === 'open') {
      this.input[this.inputEnd++] = buffer[at++];
      this.step();
    }
    return at;
  }

  /** Gives up for a reason of this side's. */
  fail(refusal: Refusal): void {
    if (this.state !== 'open') return;
    this.state = 'failed';
    this.refusal = refusal;
    // Who does not speak this protocol is not answered in it.
    if (refusal !== 'malformed') this.output.push(Buffer.from([REFUSAL, REFUSALS.indexOf(refusal) + 1]));
  }

  /** Looks at what has arrived of a message, after each byte: a wrong one is refused at once. */
  private step(): void {
    const { input, inputEnd } = this;
    const type = input[0];
    if (type === REFUSAL) {
      if (inputEnd === REFUSAL_BYTES) this.takeRefusal();
    } else if (type === HELLO && this.peerHello === undefined) {
      const at = inputEnd - 1;
      if (at < MAGIC.length && input[at] !== MAGIC[at]) this.fail('malformed');
      else if (at === VERSION_AT && input[at] !== this.ownHello[VERSION_AT]) this.fail('version');
      else if (inputEnd === HELLO_BYTES) this.takeHello();
    } else if (type === PROOF && this.peerHello !== undefined) {
      if (inputEnd === PROOF_BYTES) this.takeProof(this.peerHello);
    } else {
      this.fail('malformed');
    }
  }

  private takeRefusal(): void {
    const number = this.input[1];
    if (number < 1 || number > REFUSALS.length) {
      this.fail('malformed');
      return;
    }
    this.state = 'failed';
    this.wasRefused = true;
    this.refusal = REFUSALS[number - 1];
  }

  private takeHello(): void {
    const hello = Buffer.from(this.input);
    this.heard = hello;
    const refusal = this.judge(hello);
    if (refusal !== undefined) {
      this.fail(refusal);
      return;
    }
    this.peerHello = hello;
    this.inputEnd = 0;
    if (this.role === 'opener') {
      this.output.push(this.proof('opener', this.ownHello, hello));
    } else {
      this.purpose = PURPOSES[hello[PURPOSE_AT]];
      this.output.push(this.ownHello);
    }
  }

  private judge(hello: Buffer): Refusal | undefined {
    const { ownHello, identity } = this;
    if (hello[PURPOSE_AT] >= PURPOSES.length || hello[FORMED_AT] > 1) return 'malformed';
    const memberId = memberIdOf(hello);
    if (memberId === identity.memberId) return 'self';
    if (this.expectedId !== undefined && memberId !== this.expectedId) return 'identity';
    const isFormed = hello[FORMED_AT] === 1;
    const isSame = hello.compare(ownHello, DIGEST_AT, HELLO_BYTES, DIGEST_AT, HELLO_BYTES) === 0;
    return isFormed === identity.isFormed && !isSame ? 'cluster' : undefined;
  }

  private takeProof(peerHello: Buffer): void {
    const { ownHello, role } = this;
    const expected =
      role === 'opener' ? this.proof('acceptor', ownHello, peerHello) : this.proof('opener', peerHello, ownHello);
    if (!timingSafeEqual(expected, this.input.subarray(0, PROOF_BYTES))) {
      this.fail('secret');
      return;
    }
    if (role === 'acceptor') this.output.push(this.proof('acceptor', peerHello, ownHello));
    this.state = 'done';
    this.peer = {
      memberId: memberIdOf(peerHello),
      isMember: this.identity.isFormed && peerHello[FORMED_AT] === 1,
    };
  }

  private proof(role: 'opener' | 'acceptor', openerHello: Buffer, acceptorHello: Buffer): Buffer {
    const mac = createHmac('sha256', this.secret).update(`ringkv bus ${role}`).update(openerHello);
    return Buffer.concat([Buffer.from([PROOF]), mac.update(acceptorHello).digest()]);
  }
}

function memberIdOf(hello: Buffer): MemberId {
  return hello.toString('hex', MEMBER_ID_AT, DIGEST_AT);
}
