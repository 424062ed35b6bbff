/**
 * What replicas ask and tell each other of keys.
 *
 *     ASK      = ask*               id:u32 low:u32 high:u32 key:bytes        do you know the same of the key, whose digest here is (low, high)?
 *     TELL     = tell*              id:u32 state                             the answer to each, in any order
 *     state    = 0:u8                                                        the same
 *              | 1:u8 low:u32 high:u32 count:u32 batch:bytes{count}          this, with that digest: batches that hold the entry between them
 *              | 2:u8 reason:bytes                                           it cannot be read
 *              | 3:u8                                                        consensus decides about the key: see consensus/consensus.ts. Also in answer to REPAIR
 *     REPAIR   = id:u32 count:u32 batch:bytes{count}                         take this over; answer if id is not 0
 *     REPAIRED = id:u32                                                      it is in the log
 *     bytes    = length:u32 byte*                                            numbers little-endian
 */

import type { PayloadBuffer } from '../bus/payload-buffer.js';
import type { PayloadReader } from '../bus/payload-reader.js';

export const State = { SAME: 0, OTHER: 1, FAILED: 2, ERA_ONE: 3 } as const;

/** What is known of a key, as two numbers of 32 bits: equal entries have equal ones. */
export interface Digest {
  readonly low: number;
  readonly high: number;
}

/** What TELL says of a key. */
export type ToldState =
  | { readonly kind: typeof State.SAME }
  | { readonly kind: typeof State.ERA_ONE }
  | { readonly kind: typeof State.OTHER; readonly digest: Digest; readonly batches: readonly Buffer[] }
  | { readonly kind: typeof State.FAILED; readonly reason: string };

export function sameDigest(a: Digest, b: Digest): boolean {
  return a.low >>> 0 === b.low >>> 0 && a.high >>> 0 === b.high >>> 0;
}

export function writeAsk(payload: PayloadBuffer, id: number, { low, high }: Digest, key: Uint8Array): void {
  payload.word(id);
  payload.word(low);
  payload.word(high);
  payload.bytes(key);
}

export function writeTell(payload: PayloadBuffer, id: number, state: ToldState): void {
  payload.word(id);
  payload.byte(state.kind);
  if (state.kind === State.FAILED) payload.bytes(Buffer.from(state.reason, 'utf8'));
  if (state.kind !== State.OTHER) return;
  payload.word(state.digest.low);
  payload.word(state.digest.high);
  writeBatches(payload, state.batches);
}

export function readTell(reader: PayloadReader): ToldState {
  const kind = reader.byte();
  if (kind === State.SAME) return { kind };
  if (kind === State.ERA_ONE) return { kind };
  if (kind === State.FAILED) return { kind, reason: reader.bytes().toString('utf8') };
  if (kind !== State.OTHER) reader.failed = true;
  const digest = { low: reader.word(), high: reader.word() };
  return { kind: State.OTHER, digest, batches: readBatches(reader) };
}

export function writeBatches(payload: PayloadBuffer, batches: readonly Buffer[]): void {
  payload.word(batches.length);
  for (const batch of batches) payload.bytes(batch);
}

/** Views of the batches: valid as long as the message is. */
export function readBatches(reader: PayloadReader): Buffer[] {
  const batches: Buffer[] = [];
  for (let count = reader.word(); count > 0 && !reader.failed; count--) batches.push(reader.bytes());
  return batches;
}
