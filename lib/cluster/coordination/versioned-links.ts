/**
 * Messages about data say which ring they were sent for:
 *
 *     message = generation:u32 epoch:u32 payload          numbers little-endian
 *
 * Who knows a newer ring refuses a message for an older one: the sender may have written to, or read from, the wrong members. Who gets one for a newer ring has
 * that fetched, and takes the message: the sender knows better who has the slot.
 */

import type { Payload } from '../bus/payload.js';
import type { MemberId } from '../ring/member.js';
import type { RingVersion } from '../ring/ring-version.js';
import { compareRingVersions } from '../ring/ring-version.js';
import type { MemberLinks } from './ports.js';

const HEAD_BYTES = 8;

/** A message as it comes: its bytes are valid until the handler returns. */
export interface RingMessage {
  readonly from: MemberId;
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
}

/** A payload behind the version of a ring. */
class VersionedPayload implements Payload {
  version: RingVersion = { generation: 0, epoch: 0 };
  inner: Payload | undefined;

  get byteLength(): number {
    return HEAD_BYTES + (this.inner?.byteLength ?? 0);
  }

  writeTo(target: Buffer, at: number): void {
    target.writeUInt32LE(this.version.generation, at);
    target.writeUInt32LE(this.version.epoch, at + 4);
    this.inner?.writeTo(target, at + HEAD_BYTES);
  }
}

export class VersionedLinks implements MemberLinks {
  /** Messages that were refused because they were for an older ring. */
  staleCount = 0;
  private readonly links: MemberLinks;
  private readonly version: () => RingVersion;
  private readonly payload = new VersionedPayload();

  /** `version` is that of the ring that this node acts by. */
  constructor(links: MemberLinks, version: () => RingVersion) {
    this.links = links;
    this.version = version;
  }

  send(member: MemberId, kind: number, payload: Payload): boolean {
    this.payload.version = this.version();
    this.payload.inner = payload;
    return this.links.send(member, kind, this.payload);
  }

  /** How the ring of a message stands to ours: below 0 if it is older, above 0 if it is newer; undefined if the bytes are no message. */
  order({ buffer, start, end }: RingMessage): number | undefined {
    if (end - start < HEAD_BYTES) return undefined;
    const order = compareRingVersions(versionOf(buffer, start), this.version());
    if (order < 0) this.staleCount++;
    return order;
  }

  /** The version of the ring that a message was sent for. */
  versionOf({ buffer, start }: RingMessage): RingVersion {
    return versionOf(buffer, start);
  }

  /** Where the payload of a message begins. */
  payloadStart({ start }: RingMessage): number {
    return start + HEAD_BYTES;
  }
}

function versionOf(buffer: Buffer, start: number): RingVersion {
  return { generation: buffer.readUInt32LE(start), epoch: buffer.readUInt32LE(start + 4) };
}
