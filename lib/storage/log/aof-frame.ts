/**
 * The bytes of the segments of the append-only file. All numbers are little-endian.
 *
 *   segment      = file-header (data | seal)*
 *   file-header  = magic:8 version:u32 number:u32 fileId:u64 nextFileId:u64 previousBytes:u32 crc:u32
 *   frame        = kind:2 bits, length:30 bits | synced:u32 | headerCrc:u32 | payloadCrc:u32 | payload
 *   data, seal   = frame with that kind; the payload of a seal is empty
 *
 *   number         the segment's
 *   fileId         random, drawn for this file alone
 *   nextFileId     the id of the next segment (number + 1). So the files are a chain: a foreign file shows, and the frames
 *                  of a file whose header is lost can still be told from garbage
 *   previousBytes  the size that segment number - 1 had when this one was begun; 0 if there was none
 *   crc            crc32 of all before it
 *   synced         how many bytes of this file were known to be durable when the frame was written
 *   headerCrc      crc32(fileId, offset of the frame in the file as u64, first word, synced)
 *   payloadCrc     crc32(payload), begun with headerCrc
 *
 * A checksum thus fits one place of one file only: a block that was misdirected, or is left from a removed file, shows;
 * and no payload can hold bytes that pass for a frame.
 *
 * Files become durable in order, so `synced` > 0 says that all earlier segments are durable too. A seal says the same at
 * once when that has become true, and on an orderly close that the file is durable up to it.
 *
 * Sizes fit into 32 bits: SEGMENT_BYTES_MAX and one largest frame are less than 4 GiB, and several frames that are written together are much less than that.
 */

import { crc32 } from 'node:zlib';

import { CorruptionError } from '../../base/errors.js';
import type { Random } from '../../host/ports.js';
import { crc32Word } from './aof-checksum.js';

export const FILE_HEADER_BYTES = 40;
export const FRAME_HEADER_BYTES = 16;
export const FRAME_PAYLOAD_BYTES_MAX = 2 ** 30 - 1;
/** Nothing is written that begins behind this offset of a segment. */
export const SEGMENT_BYTES_MAX = 2 ** 31;

/** The end of every message about damage. */
export const ADVICE =
  'Nothing was changed on the disk. Restore the data directory from a backup, or, in a cluster, empty it and replace ' +
  'this node, so that it is rebuilt from its replicas.';

/** What the payloads of each type of file are written in, and how; a change of that is another version. */
const VERSIONS = {
  segment: 1,
  manifest: 1,
  hints: 1,
  /** In 1, entries had no seed (server/ring/era-entry.ts); in 2, nothing was forgotten. */
  consensus: 3,
} as const;
/** "ringkvB\n" began the files of an earlier format: it is not to be given again. */
const MAGICS = {
  segment: Buffer.from('ringkvA\n', 'latin1'),
  manifest: Buffer.from('ringkvM\n', 'latin1'),
  hints: Buffer.from('ringkvH\n', 'latin1'),
  consensus: Buffer.from('ringkvC\n', 'latin1'),
} as const;

/** 2 ended a file of an earlier format and means nothing now; 3 was never used. */
export const FrameKind = { data: 0, seal: 1 } as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

/** 64 bits as two unsigned numbers. */
export interface FileId {
  readonly high: number;
  readonly low: number;
}

export interface FileHeader {
  /** A manifest (storage/levels/manifest.ts), hints (cluster/replication/hint-file.ts) and acceptors (cluster/consensus/acceptor-log.ts) have the same header and frames as a segment. */
  readonly type: keyof typeof MAGICS;
  readonly number: number;
  readonly fileId: FileId;
  readonly nextFileId: FileId;
  readonly previousBytes: number;
}

export function drawFileId(random: Random): FileId {
  return { high: random.uint32(), low: random.uint32() };
}

export function sameFileId(a: FileId, b: FileId): boolean {
  return a.high === b.high && a.low === b.low;
}

export function encodeFileHeader(header: FileHeader): Buffer {
  const bytes = Buffer.alloc(FILE_HEADER_BYTES);
  magicOf(header.type).copy(bytes);
  bytes.writeUInt32LE(VERSIONS[header.type], 8);
  bytes.writeUInt32LE(header.number, 12);
  bytes.writeUInt32LE(header.fileId.low, 16);
  bytes.writeUInt32LE(header.fileId.high, 20);
  bytes.writeUInt32LE(header.nextFileId.low, 24);
  bytes.writeUInt32LE(header.nextFileId.high, 28);
  bytes.writeUInt32LE(header.previousBytes, 32);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 36)), 36);
  return bytes;
}

/**
 * Reads the header of the file `path` from its first bytes. `undefined`: there is none yet, as a crash leaves it when the
 * file has just been made (less bytes than a header has, or only zeros). Throws CorruptionError on anything else.
 */
export function decodeFileHeader(path: string, type: FileHeader['type'], bytes: Buffer): FileHeader | undefined {
  if (bytes.length < FILE_HEADER_BYTES) return undefined;
  const header = bytes.subarray(0, FILE_HEADER_BYTES);
  if (header.every((byte) => byte === 0)) return undefined;
  if (!header.subarray(0, 8).equals(magicOf(type))) {
    throw new CorruptionError(path, 0, `this is not the ${type} that it should be. ${ADVICE}`);
  }
  const version = header.readUInt32LE(8);
  const known = VERSIONS[type];
  if (version !== known) {
    const found = `a ${type} file of format version ${version}, and this program knows version ${known} only`;
    const writer = version < known ? 'an earlier' : 'a newer';
    throw new CorruptionError(path, 8, `${found}: ${writer} program wrote it, or it is damaged. ${ADVICE}`);
  }
  if (crc32(header.subarray(0, 36)) !== header.readUInt32LE(36)) {
    throw new CorruptionError(path, 0, `the header of the file is damaged. ${ADVICE}`);
  }
  return {
    type,
    number: header.readUInt32LE(12),
    fileId: { low: header.readUInt32LE(16), high: header.readUInt32LE(20) },
    nextFileId: { low: header.readUInt32LE(24), high: header.readUInt32LE(28) },
    previousBytes: header.readUInt32LE(32),
  };
}

/** What a file with this beginning is; undefined if it is none of them. */
export function fileTypeOf(beginning: Uint8Array): FileHeader['type'] | undefined {
  const types = Object.keys(MAGICS) as FileHeader['type'][];
  return types.find((type) => MAGICS[type].equals(beginning.subarray(0, MAGICS[type].length)));
}

function magicOf(type: FileHeader['type']): Buffer {
  return MAGICS[type];
}

/** What a frame's checksums begin with: the part that is the same in the whole file. */
export function frameSeed(fileId: FileId): number {
  return crc32Word(crc32Word(0, fileId.low), fileId.high);
}

/**
 * Writes the header of a frame at `target[at, at + FRAME_HEADER_BYTES)`: for `payload`, at `offset` of the file of which
 * `synced` bytes are durable. REQUIRES: payload.length <= FRAME_PAYLOAD_BYTES_MAX.
 */
export function encodeFrameHeader(
  target: Uint8Array,
  at: number,
  kind: FrameKind,
  seed: number,
  offset: number,
  synced: number,
  payload: Uint8Array,
): void {
  const first = (kind << 30) | payload.length;
  const headerCrc = frameHeaderCrc(seed, offset, first, synced);
  writeWord(target, at, first);
  writeWord(target, at + 4, synced);
  writeWord(target, at + 8, headerCrc);
  writeWord(target, at + 12, crc32(payload, headerCrc >>> 0));
}

/** The header of a frame that was read, one object for many. */
export class FrameHeader {
  kind: FrameKind = FrameKind.data;
  payloadBytes = 0;
  synced = 0;
  headerCrc = 0;
  payloadCrc = 0;

  /** Reads the header at `bytes[at, at + FRAME_HEADER_BYTES)`, found at `offset` of its file; false if it is none. */
  decode(bytes: Uint8Array, at: number, seed: number, offset: number): boolean {
    const first = readWord(bytes, at);
    const kind = first >>> 30;
    this.synced = readWord(bytes, at + 4) >>> 0;
    this.headerCrc = readWord(bytes, at + 8) >>> 0;
    if (kind > FrameKind.seal || this.synced > offset) return false;
    if (frameHeaderCrc(seed, offset, first, this.synced) >>> 0 !== this.headerCrc) return false;
    this.kind = kind as FrameKind;
    this.payloadBytes = first & FRAME_PAYLOAD_BYTES_MAX;
    this.payloadCrc = readWord(bytes, at + 12) >>> 0;
    return true;
  }

  /** Is this what was to follow the header? */
  fits(payload: Uint8Array): boolean {
    return crc32(payload, this.headerCrc) === this.payloadCrc;
  }

  /** Does the frame say that all segments before its own are durable? */
  get provesEarlier(): boolean {
    return this.kind === FrameKind.seal || this.synced > 0;
  }
}

function frameHeaderCrc(seed: number, offset: number, first: number, synced: number): number {
  const place = crc32Word(crc32Word(seed, offset | 0), Math.floor(offset / 2 ** 32));
  return crc32Word(crc32Word(place, first), synced);
}

function writeWord(target: Uint8Array, at: number, word: number): void {
  target[at] = word;
  target[at + 1] = word >>> 8;
  target[at + 2] = word >>> 16;
  target[at + 3] = word >>> 24;
}

function readWord(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}
