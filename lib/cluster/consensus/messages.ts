/**
 * What proposers and acceptors tell each other of keys. A message holds any number of these, one behind the other.
 *
 *     PREPARE  = id:u32 ballot key:bytes                                promise the ballot, and say what is accepted
 *     PROMISED = id:u32 answer
 *     answer   = 0:u8 ballot                                            refused: this is promised
 *              | 1:u8 ballot floor:ballot entry:bytes                   accepted by that ballot; with NO_BALLOT: what plain writes have made of the key
 *     ACCEPT   = id:u32 ballot next:ballot key:bytes entry:bytes        accept the entry, and promise `next`
 *     ACCEPTED = id:u32 (0:u8 ballot | 1:u8)                            refused: this is promised; or done
 *     DECIDED  = ballot isLeft:u8 key:bytes                             what was accepted by that ballot is decided; 1: and the key is left to the receiver
 *     ballot   = round:u32 proposer:u32
 *     bytes    = length:u32 byte*                                       numbers little-endian
 */

import type { PayloadBuffer } from '../bus/payload-buffer.js';
import type { PayloadReader } from '../bus/payload-reader.js';
import type { Ballot } from './ballot.js';

/** How an acceptor answers a PREPARE. */
export type PrepareAnswer =
  | { readonly isPromised: false; readonly promised: Ballot }
  | {
      readonly isPromised: true;
      readonly accepted: Ballot;
      /** Of the key's slot: what was accepted by ballots up to there is perhaps forgotten. */
      readonly floor: Ballot;
      readonly entry: Buffer;
    };

/** How it answers an ACCEPT: undefined if it was done, else what it has promised. */
export type AcceptAnswer = Ballot | undefined;

export interface Prepare {
  readonly id: number;
  readonly ballot: Ballot;
  readonly key: Buffer;
}

export interface Accept extends Prepare {
  readonly next: Ballot;
  readonly entry: Buffer;
}

export interface Decided {
  readonly ballot: Ballot;
  /** Whether the receiver may propose about the key from now on, for its clients alone use it. */
  readonly isLeft: boolean;
  readonly key: Buffer;
}

export function writeBallot(payload: PayloadBuffer, { round, proposer }: Ballot): void {
  payload.word(round);
  payload.word(proposer);
}

export function readBallot(reader: PayloadReader): Ballot {
  return { round: reader.word(), proposer: reader.word() };
}

export function writePrepare(payload: PayloadBuffer, { id, ballot, key }: Prepare): void {
  payload.word(id);
  writeBallot(payload, ballot);
  payload.bytes(key);
}

/** What is read has views of the message, as long as that is valid. Undefined if the bytes are no such message. */
export function readPrepare(reader: PayloadReader): Prepare | undefined {
  const read = { id: reader.word(), ballot: readBallot(reader), key: reader.bytes() };
  return reader.failed ? undefined : read;
}

export function writePromised(payload: PayloadBuffer, id: number, answer: PrepareAnswer): void {
  payload.word(id);
  payload.byte(Number(answer.isPromised));
  writeBallot(payload, answer.isPromised ? answer.accepted : answer.promised);
  if (!answer.isPromised) return;
  writeBallot(payload, answer.floor);
  payload.bytes(answer.entry);
}

export function readPromised(reader: PayloadReader): { id: number; answer: PrepareAnswer } | undefined {
  const id = reader.word();
  const isPromised = reader.byte() === 1;
  const ballot = readBallot(reader);
  const answer: PrepareAnswer = isPromised
    ? { isPromised, accepted: ballot, floor: readBallot(reader), entry: reader.bytes() }
    : { isPromised, promised: ballot };
  return reader.failed ? undefined : { id, answer };
}

export function writeAccept(payload: PayloadBuffer, { id, ballot, next, key, entry }: Accept): void {
  payload.word(id);
  writeBallot(payload, ballot);
  writeBallot(payload, next);
  payload.bytes(key);
  payload.bytes(entry);
}

export function readAccept(reader: PayloadReader): Accept | undefined {
  const id = reader.word();
  const ballot = readBallot(reader);
  const read = { id, ballot, next: readBallot(reader), key: reader.bytes(), entry: reader.bytes() };
  return reader.failed ? undefined : read;
}

export function writeAccepted(payload: PayloadBuffer, id: number, answer: AcceptAnswer): void {
  payload.word(id);
  payload.byte(Number(answer === undefined));
  if (answer !== undefined) writeBallot(payload, answer);
}

export function readAccepted(reader: PayloadReader): { id: number; answer: AcceptAnswer } | undefined {
  const id = reader.word();
  const answer = reader.byte() === 1 ? undefined : readBallot(reader);
  return reader.failed ? undefined : { id, answer };
}

export function writeDecided(payload: PayloadBuffer, { ballot, isLeft, key }: Decided): void {
  writeBallot(payload, ballot);
  payload.byte(Number(isLeft));
  payload.bytes(key);
}

export function readDecided(reader: PayloadReader): Decided | undefined {
  const read = { ballot: readBallot(reader), isLeft: reader.byte() === 1, key: reader.bytes() };
  return reader.failed ? undefined : read;
}
