/**
 * Messages about data say which ring they were sent for, and how far the sender's clock is:
 *
 *     message = generation:u32 epoch:u32 stamp:f64 payload          numbers little-endian
 *
 * Who knows a newer ring refuses a message for an older one: the sender may have written to, or read from, the wrong members. Who gets one for a newer ring has
 * that fetched, and takes the message when he acts by it (early-messages.ts).
 *
 * The receiver's clock is never behind what it has heard, so what it stamps from then on is newer. Who is further ahead than clocks may differ is not listened to: it
 * would take all others along.
 */

import type { HybridClock } from '../../base/stamp.js';
import type { Payload } from '../bus/payload.js';
import type { MemberId } from '../ring/member.js';
import type { RingVersion } from '../ring/ring-version.js';
import { compareRingVersions } from '../ring/ring-version.js';
import type { MemberLinks } from './ports.js';

/** Before the payload. */
export const VERSIONED_HEAD_BYTES = 16;

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
  stamp = 0;
  inner: Payload | undefined;

  get byteLength(): number {
    return VERSIONED_HEAD_BYTES + (this.inner?.byteLength ?? 0);
  }

  writeTo(target: Buffer, at: number): void {
    target.writeUInt32LE(this.version.generation, at);
    target.writeUInt32LE(this.version.epoch, at + 4);
    target.writeDoubleLE(this.stamp, at + 8);
    this.inner?.writeTo(target, at + VERSIONED_HEAD_BYTES);
  }
}

export interface VersionedLinksOptions {
  readonly links: MemberLinks;
  /** Of the ring that this node acts by. */
  readonly version: () => RingVersion;
  readonly clock: Pick<HybridClock, 'latest' | 'observe'>;
  /** Whose clock is further is not listened to. */
  readonly stampMax: () => number;
}

export class VersionedLinks implements MemberLinks {
  /** Messages that were refused because they were for an older ring, or from a clock that is too far ahead. */
  staleCount = 0;
  aheadCount = 0;
  private readonly options: VersionedLinksOptions;
  private readonly payload = new VersionedPayload();

  constructor(options: VersionedLinksOptions) {
    this.options = options;
  }

  send(member: MemberId, kind: number, payload: Payload): boolean {
    const { links, version, clock } = this.options;
    this.payload.version = version();
    this.payload.stamp = clock.latest;
    this.payload.inner = payload;
    return links.send(member, kind, this.payload);
  }

  /**
   * A message has come: how its ring stands to ours, below 0 if it is older, above 0 if it is newer. The clock learns of the sender's. A message counts for nothing
   * whose sender's clock is too far `ahead`, or that is none (`undefined`).
   */
  receive({ buffer, start, end }: RingMessage): number | 'ahead' | undefined {
    const { version, clock, stampMax } = this.options;
    if (end - start < VERSIONED_HEAD_BYTES) return undefined;
    const stamp = buffer.readDoubleLE(start + 8);
    if (!(stamp <= stampMax())) {
      this.aheadCount++;
      return 'ahead';
    }
    clock.observe(stamp);
    const order = compareRingVersions(versionOf(buffer, start), version());
    if (order < 0) this.staleCount++;
    return order;
  }

  /** The version of the ring that a message was sent for. */
  versionOf({ buffer, start }: RingMessage): RingVersion {
    return versionOf(buffer, start);
  }

  /** Where the payload of a message begins. */
  payloadStart({ start }: RingMessage): number {
    return start + VERSIONED_HEAD_BYTES;
  }
}

function versionOf(buffer: Buffer, start: number): RingVersion {
  return { generation: buffer.readUInt32LE(start), epoch: buffer.readUInt32LE(start + 4) };
}
