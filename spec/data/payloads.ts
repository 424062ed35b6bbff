/** DUMP payloads in all the forms that Redis has used, written in the plainest way; and what is in one. */

import { crc64 } from '../../lib/base/crc64.js';
import { CellType } from '../../lib/record/entry.js';
import type { Dump } from '../../lib/data/dump.js';

/** What a collection holds: elements, members, fields and values in turn, or members and scores in turn. */
export type Content = string[];

/** Puts version and checksum behind a value. */
export function seal(value: Uint8Array, version = 10): Buffer {
  const payload = Buffer.concat([value, Buffer.alloc(10)]);
  payload.writeUInt16LE(version, value.length);
  payload.writeBigUInt64LE(crc64(payload, 0, value.length + 2), value.length + 2);
  return payload;
}

/** A length, in the form of 32 bits. */
export function length(value: number): Buffer {
  const bytes = Buffer.from([0x80, 0, 0, 0, 0]);
  bytes.writeUInt32BE(value, 1);
  return bytes;
}

/** A string, never as an integer nor compressed. */
export function text(value: Uint8Array | string): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'latin1') : value;
  return Buffer.concat([length(bytes.length), bytes]);
}

/** A payload of a type with a count in front of its strings. */
export function counted(type: number, count: number, parts: readonly Uint8Array[]): Buffer {
  return seal(Buffer.concat([Buffer.from([type]), length(count), ...parts]));
}

/** A payload of a type that is one packed text. */
export function packed(type: number, bytes: Uint8Array): Buffer {
  return seal(Buffer.concat([Buffer.from([type]), text(bytes)]));
}

function integerIn(value: string, bytes: number): boolean {
  const limit = 2n ** BigInt(bytes * 8 - 1);
  return /^(0|-?[1-9]\d{0,18})$/.test(value) && BigInt(value) >= -limit && BigInt(value) < limit;
}

function little(head: number, value: string, bytes: number): Buffer {
  const buffer = Buffer.alloc(9, head);
  buffer.writeBigInt64LE(BigInt(value), 1);
  return buffer.subarray(0, bytes + 1);
}

function ziplistElement(value: string): Buffer {
  if (integerIn(value, 1) && Number(value) >= 0 && Number(value) <= 12) return Buffer.from([0xf1 + Number(value)]);
  for (const [bytes, head] of [
    [1, 0xfe],
    [2, 0xc0],
    [3, 0xf0],
    [4, 0xd0],
    [8, 0xe0],
  ]) {
    if (integerIn(value, bytes)) return little(head, value, bytes);
  }
  const bytes = Buffer.from(value, 'latin1');
  if (bytes.length < 64) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  if (bytes.length < 2 ** 14)
    return Buffer.concat([Buffer.from([0x40 | (bytes.length >> 8), bytes.length & 255]), bytes]);
  return text(bytes);
}

/** A ziplist as Redis before 7.0 made it. */
export function ziplist(values: Content): Buffer {
  const parts: Buffer[] = [];
  let previous = 0;
  for (const value of values) {
    const before = previous < 254 ? Buffer.from([previous]) : Buffer.from([254, 0, 0, 0, 0]);
    if (before.length > 1) before.writeUInt32LE(previous, 1);
    const part = Buffer.concat([before, ziplistElement(value)]);
    previous = part.length;
    parts.push(part);
  }
  const header = Buffer.alloc(10);
  const bytes = Buffer.concat([header, ...parts, Buffer.from([255])]);
  bytes.writeUInt32LE(bytes.length, 0);
  bytes.writeUInt32LE(bytes.length - 1 - previous, 4);
  bytes.writeUInt16LE(Math.min(values.length, 65535), 8);
  return bytes;
}

/** A zipmap as Redis 2.4 made it, here and there with bytes that are not used. */
export function zipmap(values: Content): Buffer {
  const lengthOf = (bytes: number): Buffer => {
    const long = Buffer.from([254, 0, 0, 0, 0]);
    long.writeUInt32LE(bytes, 1);
    return bytes < 254 ? Buffer.from([bytes]) : long;
  };
  const parts = values.map((value, i) => {
    const bytes = Buffer.from(value, 'latin1');
    const free = i % 2 === 1 ? (bytes.length * 7) % 4 : -1;
    return Buffer.concat([
      lengthOf(bytes.length),
      Buffer.alloc(free < 0 ? 0 : 1, free),
      bytes,
      Buffer.alloc(Math.max(free, 0)),
    ]);
  });
  return Buffer.concat([Buffer.from([Math.min(values.length / 2, 254)]), ...parts, Buffer.from([255])]);
}

/** Everything that a payload gives to a visitor; of a sorted set, scores as JS writes them. */
export function contentOf(dump: Dump): Content {
  const content: Content = [];
  const add = (bytes: Buffer): number => content.push(bytes.toString('latin1'));
  if (dump.type === CellType.STRING) add(dump.string());
  dump.visit({
    element: add,
    field: (field, value) => add(field) && add(value),
    member: (member, score) => add(member) && content.push(String(score)),
  });
  return content;
}
