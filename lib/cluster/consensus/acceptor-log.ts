/**
 * What this node has promised and accepted as an acceptor, key by key: in memory, and durable before it is told.
 *
 *     path    = <dir>/consensus/<number>.states          10 decimal digits
 *               <dir>/cluster/acceptor                   a checked file (topology/checked-file.ts): there are such
 *     file    = file-header data*                        as those of the log (storage/log/aof-frame.ts), with a version of its own: that of states, and of entries in them
 *     data    = state*                                   what was promised and accepted from one sync to the next
 *     state   = 1:u8 key:bytes promised:ballot                                            a promise
 *             | 2:u8 key:bytes promised:ballot accepted:ballot entry:bytes                something was accepted
 *             | 3:u8 slot:u32 floor:ballot                                                of the slot, nothing up to that ballot is promised or accepted any more
 *             | 4:u8 key:bytes                                                            the state of the key is forgotten
 *             | 5:u8                                                                      all that counts by now stands in this file
 *
 *  1. A state that was told to anybody is on the disk: `whenDurable` waits for a sync that began after it was written. How the data's own log is synced does not
 *     matter.
 *  2. States only rise until they are forgotten: who reads all files in their order has the newest of each key, however often a state stands there.
 *  3. A file that has grown to some times of what is in memory is followed by another one, to which everything is written again, a little at a time. When that is
 *     durable, and says that it is everything, those before it go, in any order: what only they have does not count, though a crash may leave some of them, and not those that say
 *     what was forgotten.
 *  4. What a crash has torn off the end of the last file was never told. Damage anywhere else stops the start: a node that went on without it could break a promise
 *     and has to come back as a new one. So does a file that is missing, or has no header: all of them, once there were some, or one that is needed beside those that are there; and one that is
 *     shorter than the next one says that it was (`previousBytes`: 0 in files of earlier programs, which say nothing of that). The last
 *     one may have no header yet, as a crash leaves it: it goes before there is another one; if it is the only one, behind the mark, for nothing was told then. A header is durable before
 *     anything stands behind it: if something does, and the header is gone, this is damage.
 *  5. After a failed write or sync nothing is promised or accepted any more. A disk that is full is no failure: what waits is written when there is room.
 */

import { dirname } from 'node:path';

import { CorruptionError, DiskError } from '../../base/errors.js';
import { SLOT_COUNT, slotOf } from '../../base/position.js';
import type { Disk, DiskFile, Random, ReadableFile } from '../../host/ports.js';
import type { FileHeader } from '../../storage/log/aof-frame.js';
import {
  FILE_HEADER_BYTES,
  FRAME_HEADER_BYTES,
  FrameKind,
  drawFileId,
  encodeFileHeader,
  encodeFrameHeader,
  frameSeed,
} from '../../storage/log/aof-frame.js';
import { FrameReader, readAll, readHeader } from '../../storage/log/aof-reader.js';
import { FrameScanner } from '../../storage/log/aof-scanner.js';
import { cutFile } from '../../storage/log/cut-file.js';
import { isDiskFull } from '../../storage/log/disk-full-error.js';
import { PayloadBuffer } from '../bus/payload-buffer.js';
import { PayloadReader } from '../bus/payload-reader.js';
import type { AcceptorState } from './acceptor.js';
import { FRESH_STATE } from './acceptor.js';
import type { Ballot } from './ballot.js';
import { NO_BALLOT, compareBallots, maxBallot } from './ballot.js';
import { readBallot, writeBallot } from './messages.js';
import { writeCheckedFile } from '../topology/checked-file.js';

/** Where a member has them in its data directory. */
export function consensusDirectory(directory: string): string {
  return `${directory}/consensus`;
}

/** Where it says that there is something in that. */
export function acceptorMark(directory: string): string {
  return `${directory}/cluster/acceptor`;
}

const MARK_TITLE = 'acceptor';
const NAME = /^(\d{10})\.states$/;
const StateKind = { PROMISE: 1, ACCEPTED: 2, FLOOR: 3, FORGOTTEN: 4, WHOLE: 5 } as const;
const NO_ID = { high: 0, low: 0 };
/** What a state takes besides its key and entry, at most. */
const STATE_BYTES = 32;
/** What it takes in memory besides these: an estimate. */
const HEAP_BYTES = 240;
/** A file below this is not worth being written again. */
const FILE_BYTES_MIN = 8 * 1024 * 1024;
/** How many times what is in memory a file may be. */
const GROWTH_MAX = 3;
/** So much is written again at a time. */
const STEP_BYTES = 256 * 1024;
const ADVICE =
  'Nothing was changed on the disk. A member that does not know all that it has promised comes back as another one: start it with an empty data directory and --replaces <its node id>, ' +
  'so that it is rebuilt from the other replicas.';
/** A file's size as headers say it. */
const HEADER_SIZE_MAX = 0xffff_ffff;
const WINDOW_BYTES = 64 * 1024;

export interface AcceptorLogOptions {
  readonly disk: Disk;
  readonly random: Random;
  /** Of the files, and of what says that there are some. */
  readonly directory: string;
  readonly mark: string;
  /** It has failed. */
  readonly onFailed: (error: DiskError) => void;
  /** A sync has ended: what waits for it is called next. */
  readonly onSynced: () => void;
}

/** One of the files, which states are appended to. */
interface OpenFile {
  readonly number: number;
  readonly handle: DiskFile;
  readonly seed: number;
  syncedBytes: number;
}

export class AcceptorLog {
  failure: DiskError | undefined;
  private readonly options: AcceptorLogOptions;
  /** By key, each byte one character. */
  private readonly states = new Map<string, AcceptorState>();
  /** Of slots that have one. */
  private readonly floors = new Map<number, Ballot>();
  /** Of each slot, how many keys there are. */
  private readonly counts = new Uint32Array(SLOT_COUNT);
  /** Of keys and entries. */
  private liveBytes = 0;
  private file: OpenFile | undefined;
  /** Files before that one, that are needed until everything is written again. */
  private older: number[] = [];
  /** How large the last one of them is that an earlier process has left. */
  private leftBytes = 0;
  private rewriting: IterableIterator<[string, AcceptorState]> | undefined;
  private readonly unwritten = new PayloadBuffer();
  private frame = Buffer.alloc(0);
  /** Whether it is on the disk that there are files. */
  private isMarked = false;
  /** The newest file that says that it is everything; 0: none. */
  private wholeAt = 0;
  /** The last file, as it was read, if a crash has left it without a header. */
  private unbegun: number | undefined;
  /** Where a crash has torn the last file, as it was read. */
  private tornAt: number | undefined;
  private isSyncing = false;
  private readonly waiting: (() => void)[] = [];
  /** Of those who are told that the disk has failed. */
  private readonly rejects = new Set<(error: DiskError) => void>();

  constructor(options: AcceptorLogOptions) {
    this.options = options;
  }

  /** Reads what was promised before. Throws CorruptionError and DiskError. */
  open(): void {
    const numbers = this.readFiles();
    if (this.unbegun !== undefined) {
      if (numbers.length === 1) this.forgetMark();
      this.options.disk.remove(this.pathOf(this.unbegun));
      numbers.pop();
    }
    this.older = numbers;
    const last = numbers.at(-1);
    if (last === undefined) return;
    if (this.tornAt !== undefined) cutFile(this.options.disk, this.pathOf(last), this.tornAt);
    this.leftBytes = this.syncAgain(last);
  }

  /** Reads the same, and changes nothing. Throws CorruptionError and DiskError. */
  survey(): void {
    this.readFiles();
  }

  /** The keys that there are states of. */
  get size(): number {
    return this.states.size;
  }

  /** Bytes that they take in memory, about. */
  get usedBytes(): number {
    return this.liveBytes + this.states.size * HEAP_BYTES;
  }

  /** Whether a key of the slot has a state: whoever asks for a key asks that first. */
  hasSlot(slot: number): boolean {
    return this.counts[slot] > 0;
  }

  get(name: string): AcceptorState | undefined {
    return this.states.get(name);
  }

  keys(): IterableIterator<string> {
    return this.states.keys();
  }

  /** Up to where ballots are refused in a slot. */
  floorOf(slot: number): Ballot {
    return this.floors.get(slot) ?? NO_BALLOT;
  }

  /** Notes that ballots up to `floor` are refused in a slot. Durable with `whenDurable`. */
  raiseFloor(slot: number, floor: Ballot): void {
    if (compareBallots(floor, this.floorOf(slot)) <= 0) return;
    this.floors.set(slot, floor);
    this.addFloor(slot, floor);
  }

  /** Forgets the state of a key. REQUIRES: the floor of its slot is not below what it has promised. Durable with `whenDurable`. */
  forget(name: string): void {
    if (!this.remove(name)) return;
    this.unwritten.byte(StateKind.FORGOTTEN);
    this.unwritten.latin1(name);
  }

  /** Notes a new state of a key. REQUIRES: it is above the one before. Durable with `whenDurable`. */
  put(name: string, state: AcceptorState): void {
    this.keep(name, state);
    this.add(name, state);
  }

  /** Calls `then` when everything that was put is durable: later; never, if the disk fails. */
  whenDurable(then: () => void): void {
    this.waiting.push(then);
  }

  /** Resolves when everything that was put is durable. Rejects with DiskError if the disk fails, or has failed. */
  durable(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.rejects.add(reject);
      this.whenDurable(() => {
        this.rejects.delete(reject);
        resolve();
      });
    });
  }

  /** The turn ends: writes what was put, and has it synced; after the sync that is under way, if one is. */
  flush(): void {
    if (this.failure !== undefined) {
      this.abandon(this.failure);
      return;
    }
    // What is put while a sync runs is written when that has ended, together.
    if (this.isSyncing || (this.waiting.length === 0 && this.unwritten.isEmpty)) return;
    try {
      this.write();
      this.rewriteSome();
    } catch (error) {
      if (!isDiskFull(error)) this.fail(error);
      return;
    }
    this.sync();
  }

  close(): void {
    this.file?.handle.close();
    this.file = undefined;
  }

  /** Returns the numbers of the files, in order. */
  private readFiles(): number[] {
    const { disk, directory } = this.options;
    const numbers = disk.list(directory).flatMap((name) => {
      const match = NAME.exec(name);
      return match === null ? [] : [Number(match[1])];
    });
    const last = numbers.at(-1);
    const headers = new Map(numbers.map((number) => [number, this.read(number, number === last)]));
    this.unbegun = last !== undefined && headers.get(last) === undefined ? last : undefined;
    this.isMarked = disk.exists(this.options.mark);
    this.checkAllThere(numbers.filter((number) => number === last || headers.get(number) !== undefined));
    for (const header of headers.values()) if (header !== undefined) this.checkBefore(header);
    return numbers;
  }

  /** Of the file before the one with that header nothing is missing at its end, if it is needed. REQUIRES: all that are needed are there. */
  private checkBefore({ number, previousBytes }: FileHeader): void {
    if (number <= Math.max(1, this.wholeAt)) return;
    const path = this.pathOf(number - 1);
    const sizeBytes = this.options.disk.sizeOf(path);
    if (sizeBytes >= previousBytes) return;
    throw new CorruptionError(path, sizeBytes, `the file had ${previousBytes} bytes once. ${ADVICE}`);
  }

  /** Nothing that counts is missing, as far as can be seen: of files at the end nothing says that they were there. */
  private checkAllThere(numbers: readonly number[]): void {
    let next = Math.max(1, this.wholeAt);
    for (const number of numbers) if (number === next) next++;
    const last = numbers.at(-1);
    if (last === undefined ? !this.isMarked : next === last + 1) return;
    throw new CorruptionError(this.pathOf(next), 0, `what this node has promised is missing. ${ADVICE}`);
  }

  /** Before anything is told for the first time. */
  private markAsBegun(): void {
    const { disk, mark } = this.options;
    if (this.isMarked) return;
    disk.makeDirectory(dirname(mark));
    writeCheckedFile(disk, mark, MARK_TITLE, 'has promised');
    this.isMarked = true;
  }

  /** Nothing was told yet. Durable, so that no crash leaves the mark alone: it would say that something is missing. */
  private forgetMark(): void {
    const { disk, mark } = this.options;
    if (!this.isMarked) return;
    disk.remove(mark);
    disk.syncDirectory(dirname(mark));
    this.isMarked = false;
  }

  private keep(name: string, state: AcceptorState): void {
    const before = this.states.get(name);
    if (before === undefined) {
      this.counts[slotOfName(name)]++;
      this.liveBytes += name.length;
    }
    this.liveBytes += state.entry.length - (before?.entry.length ?? 0);
    this.states.set(name, state);
  }

  /** Whether there was a state. */
  private remove(name: string): boolean {
    const before = this.states.get(name);
    if (before === undefined) return false;
    this.counts[slotOfName(name)]--;
    this.liveBytes -= name.length + before.entry.length;
    return this.states.delete(name);
  }

  private addFloor(slot: number, floor: Ballot): void {
    const { unwritten } = this;
    unwritten.byte(StateKind.FLOOR);
    unwritten.word(slot);
    writeBallot(unwritten, floor);
  }

  private add(name: string, { promised, accepted, entry }: AcceptorState): void {
    const { unwritten } = this;
    const isPromise = compareBallots(accepted, NO_BALLOT) === 0;
    unwritten.byte(isPromise ? StateKind.PROMISE : StateKind.ACCEPTED);
    unwritten.latin1(name);
    writeBallot(unwritten, promised);
    if (isPromise) return;
    writeBallot(unwritten, accepted);
    unwritten.latin1(entry);
  }

  /** Appends what was put as one frame. */
  private write(): void {
    const { unwritten } = this;
    if (unwritten.isEmpty) return;
    const { handle, seed, syncedBytes } = this.currentFile();
    this.markAsBegun();
    const length = FRAME_HEADER_BYTES + unwritten.byteLength;
    if (this.frame.length < length) this.frame = Buffer.allocUnsafeSlow(length * 2);
    const { frame } = this;
    unwritten.writeTo(frame, FRAME_HEADER_BYTES);
    const payload = frame.subarray(FRAME_HEADER_BYTES, length);
    encodeFrameHeader(frame, 0, FrameKind.data, seed, handle.sizeBytes, syncedBytes, payload);
    const { sizeBytes } = handle;
    try {
      handle.append(frame, 0, length);
    } catch (error) {
      // A part of it may be there.
      if (isDiskFull(error)) handle.truncate(sizeBytes);
      throw error;
    }
    unwritten.clear();
  }

  private currentFile(): OpenFile {
    const limit = Math.max(FILE_BYTES_MIN, (this.liveBytes + this.states.size * STATE_BYTES) * GROWTH_MAX);
    const { file } = this;
    if (file !== undefined && (file.handle.sizeBytes < limit || this.rewriting !== undefined)) return file;
    file?.handle.syncNow();
    // If there is no room for it, the one before goes on.
    const next = this.create((file?.number ?? this.older.at(-1) ?? 0) + 1, file?.handle.sizeBytes ?? this.leftBytes);
    if (file !== undefined) {
      file.handle.close();
      this.older.push(file.number);
    }
    this.file = next;
    this.rewriting = this.older.length > 0 ? this.states.entries() : undefined;
    return this.file;
  }

  private create(number: number, bytesBefore: number): OpenFile {
    const { disk, random, directory } = this.options;
    const fileId = drawFileId(random);
    disk.makeDirectory(directory);
    disk.syncDirectory(dirname(directory));
    const path = this.pathOf(number);
    const handle = disk.create(path);
    const previousBytes = Math.min(bytesBefore, HEADER_SIZE_MAX);
    const header = encodeFileHeader({ type: 'consensus', number, fileId, nextFileId: NO_ID, previousBytes });
    try {
      handle.append(header, 0, header.length);
      handle.syncNow();
      disk.syncDirectory(directory);
    } catch (error) {
      handle.close();
      disk.remove(path);
      throw error;
    }
    return { number, handle, seed: frameSeed(fileId), syncedBytes: 0 };
  }

  private rewriteSome(): void {
    const { rewriting, unwritten } = this;
    if (rewriting === undefined) return;
    while (unwritten.byteLength < STEP_BYTES) {
      const next = rewriting.next();
      if (next.done === true) {
        for (const [slot, floor] of this.floors) this.addFloor(slot, floor);
        unwritten.byte(StateKind.WHOLE);
        this.write();
        this.rewriting = undefined;
        return;
      }
      this.add(...next.value);
    }
    this.write();
  }

  private sync(): void {
    const { file, waiting } = this;
    if (file === undefined) {
      // Nothing was ever written: then there is nothing to wait for.
      for (const then of waiting.splice(0)) then();
      return;
    }
    const covered = waiting.splice(0);
    const gone = this.rewriting === undefined ? this.older.splice(0) : [];
    const { sizeBytes } = file.handle;
    this.isSyncing = true;
    file.handle.sync().then(
      () => {
        this.isSyncing = false;
        file.syncedBytes = sizeBytes;
        this.removeAll(gone);
        this.options.onSynced();
        for (const then of covered) then();
        this.flush();
      },
      (error: unknown) => {
        this.fail(error);
      },
    );
  }

  private removeAll(numbers: readonly number[]): void {
    for (const number of numbers) void this.options.disk.removeLater(this.pathOf(number)).catch(() => undefined);
  }

  private fail(error: unknown): void {
    if (!(error instanceof DiskError)) throw error;
    this.failure = error;
    this.abandon(error);
    this.options.onFailed(error);
  }

  /** Nothing that waits will ever be durable. */
  private abandon(error: DiskError): void {
    this.waiting.length = 0;
    for (const reject of this.rejects) reject(error);
    this.rejects.clear();
  }

  /** What an earlier process has written and not synced was not told, but is now. Returns how large the file is. */
  private syncAgain(number: number): number {
    const handle = this.options.disk.open(this.pathOf(number));
    try {
      handle.writeAgain(0);
      handle.syncNow();
      return handle.sizeBytes;
    } finally {
      handle.close();
    }
  }

  /** Returns its header; undefined: it has none. */
  private read(number: number, isLast: boolean): FileHeader | undefined {
    const { disk } = this.options;
    const path = this.pathOf(number);
    const file = disk.openForReading(path);
    try {
      const header = readHeader(file, 'consensus');
      if (header === undefined) {
        if (isLast && !isBlank(file)) throw new CorruptionError(path, 0, `its header is missing. ${ADVICE}`);
        return undefined;
      }
      const seed = frameSeed(header.fileId);
      const frames = new FrameReader(file, seed);
      const names = new Set<string>();
      while (frames.next()) if (this.readStates(frames.payload, path, frames.end, names)) this.wholeAt = number;
      if (frames.ending === 'complete') return header;
      if (!isLast || wasDurable(file, seed, frames.end)) {
        throw new CorruptionError(path, frames.end, `the file is damaged. ${ADVICE}`);
      }
      this.tornAt = frames.end;
      return header;
    } finally {
      file.close();
    }
  }

  /** `names`: the keys that the file has said something of so far. Returns whether it says that it is everything. */
  private readStates(payload: Buffer, path: string, end: number, names: Set<string>): boolean {
    const reader = new PayloadReader(payload, 0, payload.length);
    let isWhole = false;
    while (!reader.isAtEnd) {
      const kind = reader.byte();
      if (kind === StateKind.WHOLE) {
        for (const name of [...this.states.keys()]) if (!names.has(name)) this.remove(name);
        isWhole = true;
        continue;
      }
      const slot = kind === StateKind.FLOOR ? reader.word() : 0;
      const name = kind === StateKind.FLOOR ? '' : reader.bytes().toString('latin1');
      const promised = kind === StateKind.FORGOTTEN ? NO_BALLOT : readBallot(reader);
      const accepted = kind === StateKind.ACCEPTED ? readBallot(reader) : NO_BALLOT;
      const entry = kind === StateKind.ACCEPTED ? reader.bytes().toString('latin1') : FRESH_STATE.entry;
      if (reader.failed) throw new CorruptionError(path, end, `a state that ends too soon. ${ADVICE}`);
      if (kind === StateKind.FLOOR) this.floors.set(slot, maxBallot(promised, this.floorOf(slot)));
      else if (kind === StateKind.FORGOTTEN) this.remove(name);
      else {
        names.add(name);
        this.take(name, { promised, accepted, entry });
      }
    }
    return isWhole;
  }

  /** A state that stands in a file: perhaps there was a newer one already. */
  private take(name: string, state: AcceptorState): void {
    const before = this.states.get(name) ?? FRESH_STATE;
    const newer = compareBallots(state.accepted, before.accepted) >= 0 ? state : before;
    this.keep(name, { ...newer, promised: maxBallot(state.promised, before.promised) });
  }

  private pathOf(number: number): string {
    return `${this.options.directory}/${String(number).padStart(10, '0')}.states`;
  }
}

function slotOfName(name: string): number {
  const key = Buffer.from(name, 'latin1');
  return slotOf(key, 0, key.length);
}

/** Whether a frame behind damage at `offset` says that what was there was on the disk. */
function wasDurable(file: ReadableFile, seed: number, offset: number): boolean {
  const scanner = new FrameScanner(file, seed, offset + 1);
  while (scanner.next()) if (scanner.header.synced > offset) return true;
  return false;
}

/** Whether nothing stands behind where a file's header belongs, but what a disk makes of what it has not written. */
function isBlank(file: ReadableFile): boolean {
  for (let at = FILE_HEADER_BYTES; at < file.sizeBytes; at += WINDOW_BYTES) {
    const window = Buffer.alloc(Math.min(WINDOW_BYTES, file.sizeBytes - at));
    readAll(file, window, at);
    if (window.some((byte) => byte !== 0)) return false;
  }
  return true;
}
