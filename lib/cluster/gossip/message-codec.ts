/**
 * The bytes of messages, and of the state that members exchange. Varints as in base/varint.ts; u16 big-endian.
 *
 *   message      = ping | ping-request | ack | nack | alive | accusation | left
 *   ping         = 1 sequence:varint target:id                     answered by the target alone
 *   ping-request = 2 sequence:varint target:id host:text port:u16  please ping the target, which is there
 *   ack          = 3 sequence:varint                               the target of the ping of that number answered
 *   nack         = 4 sequence:varint                               it has not answered yet
 *   alive        = 5 member:id incarnation:varint profile
 *   accusation   = (6 | 7) member:id incarnation:varint from:id    suspect, dead
 *   left         = 8 member:id incarnation:varint
 *
 *   state        = 1 record*                                       that of the sender comes first
 *   record       = member:id state:u8 incarnation:varint profile-incarnation:varint age-ms:varint profile
 *                                                                  state: its place in LIVENESSES
 *   profile      = host:text port:u16 tls-port:u16 bus-port:u16 zone:text
 *                  keys:varint bytes:varint commands-per-second:varint generation:varint epoch:varint
 *   id           = 20 bytes
 *   text         = length:u8 utf-8
 *
 * Decoding never throws: what does not follow this to the last byte is refused as a whole.
 */

import { isUtf8 } from 'node:buffer';

import { assert } from '../../base/assert.js';
import { VARINT_BYTES_MAX, VarintReader, writeVarint } from '../../base/varint.js';
import { MEMBER_ID_BYTES, type MemberId } from '../ring/member.js';
import { LIVENESSES, type MemberRecord, type News, type Profile } from './member.js';
import type { Endpoint } from './ports.js';

export type Message =
  | News
  | { readonly kind: 'ping'; readonly sequence: number; readonly target: MemberId }
  | { readonly kind: 'ping-request'; readonly sequence: number; readonly target: MemberId; readonly endpoint: Endpoint }
  | { readonly kind: 'ack'; readonly sequence: number }
  | { readonly kind: 'nack'; readonly sequence: number };

const KINDS = ['none', 'ping', 'ping-request', 'ack', 'nack', 'alive', 'suspect', 'dead', 'left'] as const;

/** Incarnations beyond this are refused: it leaves room to refute. */
export const INCARNATION_MAX = 2 ** 52;

const STATE_VERSION = 1;
export const TEXT_BYTES_MAX = 255;
const PROFILE_BYTES_MAX = 2 * (1 + TEXT_BYTES_MAX) + 3 * 2 + 5 * VARINT_BYTES_MAX;
const RECORD_BYTES_MAX = MEMBER_ID_BYTES + 1 + 3 * VARINT_BYTES_MAX + PROFILE_BYTES_MAX;
/** No message is longer: room for two ids at most, or for an id and a profile. */
export const MESSAGE_BYTES_MAX = 1 + MEMBER_ID_BYTES + VARINT_BYTES_MAX + PROFILE_BYTES_MAX;

const scratch = Buffer.alloc(Math.max(RECORD_BYTES_MAX, MESSAGE_BYTES_MAX));

export function encodeMessage(message: Message): Buffer {
  scratch[0] = KINDS.indexOf(message.kind);
  return Buffer.from(scratch.subarray(0, writeMessage(message, 1)));
}

function writeMessage(message: Message, at: number): number {
  switch (message.kind) {
    case 'ping':
      return writeId(message.target, writeVarint(scratch, at, message.sequence));
    case 'ping-request':
      at = writeId(message.target, writeVarint(scratch, at, message.sequence));
      return writeU16(message.endpoint.port, writeText(message.endpoint.host, at));
    case 'ack':
    case 'nack':
      return writeVarint(scratch, at, message.sequence);
    case 'alive':
      return writeProfile(message.profile, writeVarint(scratch, writeId(message.id, at), message.incarnation));
    case 'suspect':
    case 'dead':
      return writeId(message.from, writeVarint(scratch, writeId(message.id, at), message.incarnation));
    case 'left':
      return writeVarint(scratch, writeId(message.id, at), message.incarnation);
  }
}

/** The messages in `buffer[start, end)`; undefined if anything is malformed. */
export function decodeMessages(buffer: Buffer, start: number, end: number): Message[] | undefined {
  const reader = new FieldReader(buffer, start, end);
  const messages: Message[] = [];
  while (reader.offset < reader.end) {
    const message = readMessage(reader);
    if (message === undefined || reader.failed) return undefined;
    messages.push(message);
  }
  return messages;
}

function readMessage(reader: FieldReader): Message | undefined {
  const kind = KINDS[reader.u8()];
  switch (kind) {
    case 'ping':
      return { kind, sequence: reader.read(), target: reader.id() };
    case 'ping-request':
      return {
        kind,
        sequence: reader.read(),
        target: reader.id(),
        endpoint: { host: reader.host(), port: reader.u16() },
      };
    case 'ack':
    case 'nack':
      return { kind, sequence: reader.read() };
    case 'alive':
      return { kind, id: reader.id(), incarnation: reader.incarnation(), profile: readProfile(reader) };
    case 'suspect':
    case 'dead':
      return { kind, id: reader.id(), incarnation: reader.incarnation(), from: reader.id() };
    case 'left':
      return { kind, id: reader.id(), incarnation: reader.incarnation() };
    default:
      return undefined;
  }
}

/** REQUIRES: there is at least one record, the sender's. */
export function encodeState(records: readonly MemberRecord[]): Buffer {
  assert(records.length > 0, 'a state begins with its sender');
  const parts = [Buffer.of(STATE_VERSION)];
  for (const record of records) parts.push(Buffer.from(scratch.subarray(0, writeRecord(record))));
  return Buffer.concat(parts);
}

function writeRecord(record: MemberRecord): number {
  let at = writeId(record.id, 0);
  scratch[at++] = LIVENESSES.indexOf(record.state);
  at = writeVarint(scratch, at, record.incarnation);
  at = writeVarint(scratch, at, record.profileIncarnation);
  at = writeVarint(scratch, at, record.ageMs);
  return writeProfile(record.profile, at);
}

/** The records of a state, at least one; undefined if anything is malformed. */
export function decodeState(buffer: Buffer): MemberRecord[] | undefined {
  const reader = new FieldReader(buffer, 0, buffer.length);
  if (reader.u8() !== STATE_VERSION) return undefined;
  const records: MemberRecord[] = [];
  while (!reader.failed && reader.offset < reader.end) records.push(readRecord(reader));
  return reader.failed || records.length === 0 ? undefined : records;
}

function readRecord(reader: FieldReader): MemberRecord {
  const id = reader.id();
  const state = LIVENESSES.at(reader.below(LIVENESSES.length)) ?? 'dead';
  const incarnation = reader.incarnation();
  const profileIncarnation = reader.incarnation();
  if (profileIncarnation > incarnation) reader.failed = true;
  return { id, state, incarnation, profileIncarnation, ageMs: reader.read(), profile: readProfile(reader) };
}

function writeProfile({ address, zone, load, ring }: Profile, at: number): number {
  at = writeText(address.host, at);
  at = writeU16(address.port, at);
  at = writeU16(address.tlsPort, at);
  at = writeU16(address.busPort, at);
  at = writeText(zone, at);
  at = writeVarint(scratch, at, load.keyCount);
  at = writeVarint(scratch, at, load.memoryBytes);
  at = writeVarint(scratch, at, load.commandsPerSecond);
  at = writeVarint(scratch, at, ring.generation);
  return writeVarint(scratch, at, ring.epoch);
}

function readProfile(reader: FieldReader): Profile {
  return {
    address: { host: reader.host(), port: reader.u16(), tlsPort: reader.u16(), busPort: reader.u16() },
    zone: reader.text(),
    load: { keyCount: reader.read(), memoryBytes: reader.read(), commandsPerSecond: reader.read() },
    ring: { generation: reader.read(), epoch: reader.read() },
  };
}

function writeId(id: MemberId, at: number): number {
  const written = scratch.write(id, at, MEMBER_ID_BYTES, 'hex');
  assert(written === MEMBER_ID_BYTES, 'a member id is 40 hexadecimal digits');
  return at + MEMBER_ID_BYTES;
}

function writeU16(value: number, at: number): number {
  return scratch.writeUInt16BE(value, at);
}

function writeText(text: string, at: number): number {
  const length = Buffer.byteLength(text);
  assert(length <= TEXT_BYTES_MAX, 'a host or zone has at most 255 bytes');
  scratch[at] = length;
  return at + 1 + scratch.write(text, at + 1);
}

/** Reads fields off a buffer; past its end, and after one that is not what it should be, `failed` is set. */
class FieldReader extends VarintReader {
  private readonly bytes: Buffer;

  constructor(buffer: Buffer, start: number, end: number) {
    super();
    this.bytes = buffer;
    this.buffer = buffer;
    this.offset = start;
    this.end = end;
  }

  u8(): number {
    return this.skip(1) ? this.bytes[this.offset - 1] : 0;
  }

  u16(): number {
    return this.skip(2) ? this.bytes.readUInt16BE(this.offset - 2) : 0;
  }

  /** A byte that is an index into a list of `length`. */
  below(length: number): number {
    const value = this.u8();
    if (value < length) return value;
    this.failed = true;
    return 0;
  }

  incarnation(): number {
    const value = this.read();
    if (value > INCARNATION_MAX) this.failed = true;
    return value;
  }

  id(): MemberId {
    return this.skip(MEMBER_ID_BYTES) ? this.bytes.toString('hex', this.offset - MEMBER_ID_BYTES, this.offset) : '';
  }

  text(): string {
    const length = this.u8();
    if (!this.skip(length)) return '';
    const bytes = this.bytes.subarray(this.offset - length, this.offset);
    if (!isUtf8(bytes)) this.failed = true;
    return this.failed ? '' : bytes.toString('utf8');
  }

  /** A text of printable ASCII, of at least one character. */
  host(): string {
    const host = this.text();
    if (!/^[\x21-\x7e]+$/.test(host)) this.failed = true;
    return host;
  }

  private skip(length: number): boolean {
    if (this.failed || this.end - this.offset < length) {
      this.failed = true;
      return false;
    }
    this.offset += length;
    return true;
  }
}
