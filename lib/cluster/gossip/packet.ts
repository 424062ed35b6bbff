/**
 * The datagram: messages under a seal.
 *
 *   datagram    = version:u8 mac:16 body                        at most DATAGRAM_BYTES_MAX
 *   body        = cluster:8 sender:20 incarnation:varint sequence:varint message*
 *
 *   mac         the first 16 bytes of HMAC-SHA256(key, version body)
 *   key         HMAC-SHA256(cluster secret, "ringkv gossip")
 *   cluster     the first 8 bytes of SHA-256(cluster id)
 *   sequence    counts the sender's datagrams, to whomever: replay-window.ts
 *   message     message-codec.ts
 *
 * 1400 bytes pass every usual network in one piece. What is not a good datagram of this cluster is dropped, and counted by its reason.
 */

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

import { VARINT_BYTES_MAX, VarintReader, writeVarint } from '../../base/varint.js';
import { MEMBER_ID_BYTES, type MemberId } from '../ring/member.js';
import { INCARNATION_MAX, decodeMessages, type Message } from './message-codec.js';
import { ReplayWindow } from './replay-window.js';

export const DATAGRAM_BYTES_MAX = 1400;

/**
 * Why a datagram was dropped. `foreign`: it is of another cluster; `forged`: of somebody without the secret, or damaged; `own`: it came
 * back to its sender; `crowded`: from more senders than a cluster has.
 */
export const DROP_REASONS = [
  'oversized',
  'truncated',
  'version',
  'foreign',
  'forged',
  'own',
  'replayed',
  'crowded',
  'malformed',
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** A datagram that is good. */
export interface OpenedPacket {
  readonly sender: MemberId;
  readonly incarnation: number;
  readonly messages: readonly Message[];
}

const VERSION = 1;
const MAC_AT = 1;
const MAC_BYTES = 16;
const CLUSTER_AT = MAC_AT + MAC_BYTES;
const CLUSTER_BYTES = 8;
const SENDER_AT = CLUSTER_AT + CLUSTER_BYTES;
const NUMBERS_AT = SENDER_AT + MEMBER_ID_BYTES;
/** The seal at its longest. */
export const HEADER_BYTES_MAX = NUMBERS_AT + 2 * VARINT_BYTES_MAX;
/** Senders that are remembered: more than a cluster has members. */
const SENDERS_MAX = 4096;

export class PacketCodec {
  private readonly key: Buffer;
  private cluster: Buffer;
  /** The one before, while its datagrams are still taken. */
  private formerCluster: Buffer | undefined;
  private readonly self: MemberId;
  private readonly senderBytes: Buffer;
  private readonly windows = new Map<MemberId, ReplayWindow>();
  private readonly reader = new VarintReader();
  private sequence = 0;

  private readonly buffer = Buffer.alloc(DATAGRAM_BYTES_MAX);
  private length = 0;

  constructor(clusterId: string, secret: string, self: MemberId) {
    this.key = createHmac('sha256', secret).update('ringkv gossip').digest();
    this.cluster = clusterBytes(clusterId);
    this.self = self;
    this.senderBytes = Buffer.from(self, 'hex');
  }

  /** The cluster has this id from now on. Datagrams with the former one are taken until `endFormerCluster`. */
  setCluster(clusterId: string): void {
    this.formerCluster = this.cluster;
    this.cluster = clusterBytes(clusterId);
  }

  endFormerCluster(): void {
    this.formerCluster = undefined;
  }

  /** Begins a datagram. */
  begin(incarnation: number): void {
    this.buffer[0] = VERSION;
    this.cluster.copy(this.buffer, CLUSTER_AT);
    this.senderBytes.copy(this.buffer, SENDER_AT);
    const at = writeVarint(this.buffer, NUMBERS_AT, incarnation);
    this.length = writeVarint(this.buffer, at, this.sequence++);
  }

  /** Adds an encoded message, if there is room. */
  add(message: Buffer): boolean {
    if (this.length + message.length > DATAGRAM_BYTES_MAX) return false;
    this.length += message.copy(this.buffer, this.length);
    return true;
  }

  /** Seals the datagram. The result is valid until the next `begin`. */
  finish(): Buffer {
    this.mac(this.buffer, this.length).copy(this.buffer, MAC_AT);
    return this.buffer.subarray(0, this.length);
  }

  /** Opens the datagram in `buffer[0, length)`, or says why not. */
  open(buffer: Buffer, length: number): OpenedPacket | DropReason {
    if (length > DATAGRAM_BYTES_MAX) return 'oversized';
    if (length < NUMBERS_AT) return 'truncated';
    if (buffer[0] !== VERSION) return 'version';
    if (!isOf(this.cluster, buffer) && !isOf(this.formerCluster, buffer)) return 'foreign';
    if (!timingSafeEqual(this.mac(buffer, length), buffer.subarray(MAC_AT, CLUSTER_AT))) return 'forged';
    return this.openSealed(buffer, length);
  }

  /** No datagram of this sender is remembered. */
  forget(sender: MemberId): void {
    this.windows.delete(sender);
  }

  private openSealed(buffer: Buffer, length: number): OpenedPacket | DropReason {
    const sender = buffer.toString('hex', SENDER_AT, NUMBERS_AT);
    if (sender === this.self) return 'own';
    const { reader } = this;
    reader.buffer = buffer;
    reader.offset = NUMBERS_AT;
    reader.end = length;
    reader.failed = false;
    const incarnation = reader.read();
    const sequence = reader.read();
    if (reader.failed || incarnation > INCARNATION_MAX) return 'malformed';
    const messages = decodeMessages(buffer, reader.offset, length);
    if (messages === undefined) return 'malformed';
    const window = this.windowOf(sender);
    if (window === undefined) return 'crowded';
    return window.accept(incarnation, sequence) ? { sender, incarnation, messages } : 'replayed';
  }

  private windowOf(sender: MemberId): ReplayWindow | undefined {
    let window = this.windows.get(sender);
    if (window === undefined && this.windows.size < SENDERS_MAX) {
      window = new ReplayWindow();
      this.windows.set(sender, window);
    }
    return window;
  }

  private mac(buffer: Buffer, length: number): Buffer {
    return createHmac('sha256', this.key)
      .update(buffer.subarray(0, MAC_AT))
      .update(buffer.subarray(CLUSTER_AT, length))
      .digest()
      .subarray(0, MAC_BYTES);
  }
}

function clusterBytes(clusterId: string): Buffer {
  return createHash('sha256').update(clusterId).digest().subarray(0, CLUSTER_BYTES);
}

function isOf(cluster: Buffer | undefined, datagram: Buffer): boolean {
  return cluster?.compare(datagram, CLUSTER_AT, SENDER_AT) === 0;
}
