/**
 * What one member has missed: files of hints (hint-file.ts), written at one end, and read and removed at the other (hint-replay.ts).
 *
 *     remove ◀─ [ file ][ file ][ file ]......[ file ] ◀─ append
 *
 * 1. A hint is durable when its file and the file's name are. Whoever wants to know is told then, in order.
 * 2. After a failed write or sync nothing more is appended to the file. Those who wait for it are told that it is not durable.
 * 3. A file that cannot be read is reported, counted, and gets another name, so that no later process looks at it either; it goes with the member. Repair has to bring what was in it, and nothing must wait for that: no slot
 *    is settled (repair/closer.ts) before its replicas were compared, and have the same. What was acknowledged because of the hint alone (level ANY) is lost with it.
 * 4. A file that was removed, or named so, may come back with a power failure, until its directory is durable. What could not be removed, or named so, is tried again.
 */

import { CorruptionError, DiskError } from '../../base/errors.js';
import type { Disk, Random } from '../../host/ports.js';
import { FILE_HEADER_BYTES, FRAME_HEADER_BYTES } from '../../storage/log/aof-frame.js';
import type { MemberId } from '../ring/member.js';
import type { HintFile, HintReader } from './hint-file.js';
import {
  HintWriter,
  hintFileNumber,
  hintFilePath,
  isUnreadableHintFile,
  surveyHintFile,
  unreadablePathOf,
} from './hint-file.js';

/** A file that has so much is followed by another. */
const FILE_BYTES_MAX = 8 * 1024 * 1024;

export interface HintLogOptions {
  readonly disk: Disk;
  readonly random: Random;
  /** Of all hints: each member has one in it, by its id. It is itself in `parent`. */
  readonly directory: string;
  readonly parent: string;
  readonly warn: (line: string) => void;
  /** Called before anything happens that the disk has answered to. */
  readonly onWork: () => void;
}

/** Who wants to know when what was appended up to a hint is durable. */
interface Wait {
  readonly upTo: number;
  readonly then: (isDurable: boolean) => void;
}

export class HintLog {
  readonly member: MemberId;
  readonly path: string;
  /** Bytes of damage that were found. */
  lostBytes = 0;
  /** Files that could not be read. */
  unreadableFiles = 0;
  private readonly options: HintLogOptions;
  /** Oldest first. */
  private files: HintFile[] = [];
  /** The highest number that a file ever had. */
  private lastNumber = 0;
  private writer: HintWriter | undefined;
  /** Those that are not durable, oldest first: the last may be `writer`. */
  private unsynced: HintWriter[] = [];
  private isSyncing = false;
  private areParentsDurable = false;
  private appendedCount = 0;
  private waits: Wait[] = [];
  private isGone = false;
  /** Removals of files, those that are under way, and how many cannot come undone. */
  private removals: number;
  /** Files that are being removed. */
  private readonly removing = new Set<string>();
  private durableRemovals = 0;
  /** Files that could not be removed, with the reason. */
  private readonly unremoved = new Map<string, DiskError>();
  /** Files that could not be read, and have their names still; with whether that is being changed, and why it could not be, if it was tried. */
  private readonly unreadable = new Map<string, { isBeingNamed: boolean; reason: string }>();
  private isKnownToStay = false;

  private constructor(options: HintLogOptions, member: MemberId) {
    this.options = options;
    this.member = member;
    this.path = `${options.directory}/${member}`;
    // Of an earlier process, perhaps.
    this.removals = Number(options.disk.exists(this.path));
  }

  /** Opens what earlier processes have left. Throws DiskError if the directory cannot be read. */
  static open(options: HintLogOptions, member: MemberId): HintLog {
    const log = new HintLog(options, member);
    for (const name of options.disk.list(log.path)) {
      const number = hintFileNumber(name);
      if (number !== undefined) log.survey(number);
      else if (isUnreadableHintFile(name)) log.unreadableFiles++;
    }
    return log;
  }

  get byteLength(): number {
    let bytes = 0;
    for (const { sizeBytes } of this.files) bytes += sizeBytes;
    return bytes;
  }

  get hintCount(): number {
    let count = 0;
    for (const { hintCount } of this.files) count += hintCount;
    return count;
  }

  get isEmpty(): boolean {
    return this.files.length === 0;
  }

  /** Whether no file that was removed can come back. */
  get areRemovalsDurable(): boolean {
    return this.removing.size === 0 && this.durableRemovals === this.removals;
  }

  /** What is kept, or may come back of what was; undefined: nothing, whatever happens. */
  get obstacle(): string | undefined {
    const { member, unremoved } = this;
    if (!this.isEmpty) return `hints are kept for node ${member}`;
    for (const { message } of unremoved.values()) return `hints that node ${member} has cannot be removed: ${message}`;
    for (const { reason } of this.unreadable.values()) return `hints for node ${member} cannot be read: ${reason}`;
    return this.areRemovalsDurable ? undefined : `hints that node ${member} has are being removed`;
  }

  get first(): HintFile | undefined {
    return this.files.at(0);
  }

  /** The first file whose number is higher. */
  fileAfter(number: number): HintFile | undefined {
    return this.files.find((file) => file.number > number);
  }

  /** The bytes that a hint takes. */
  bytesFor(batch: Buffer): number {
    return FRAME_HEADER_BYTES + batch.length + (this.writer === undefined ? FILE_HEADER_BYTES : 0);
  }

  /** Keeps a batch that came in `second`. A file has what came in `spanSeconds`, at most. Throws DiskError: then it is not kept. */
  append(batch: Buffer, second: number, spanSeconds: number): void {
    const before = this.writer;
    if (before !== undefined && isFull(before.file, second, spanSeconds)) this.closeFile(before.file);
    const writer = (this.writer ??= this.begin(second));
    try {
      writer.append(batch);
    } catch (error) {
      this.closeFile(writer.file);
      throw error;
    }
    this.appendedCount++;
    if (this.unsynced.at(-1) !== writer) this.unsynced.push(writer);
  }

  /** Nothing more is appended to `file`: the next hint begins another one. */
  closeFile(file: HintFile): void {
    const { writer } = this;
    if (writer?.file !== file) return;
    this.writer = undefined;
    if (!this.unsynced.includes(writer)) writer.close();
  }

  /** Calls `then` when all that was appended so far is durable, or cannot be; never at once. */
  whenDurable(then: (isDurable: boolean) => void): void {
    this.waits.push({ upTo: this.appendedCount, then });
    this.sync();
  }

  /** Makes what was appended durable, and what was removed. One sync runs at a time; what comes meanwhile, and is waited for, is served by the next. */
  sync(): void {
    const isDone = this.unsynced.length === 0 && this.waits.length === 0 && this.durableRemovals === this.removals;
    if (this.isSyncing || this.isGone || isDone) return;
    this.isSyncing = true;
    const upTo = this.appendedCount;
    const writers = [...this.unsynced];
    this.syncAll(writers).then(
      () => {
        for (const writer of writers) if (writer.isDurable) this.forgetWriter(writer);
        this.endSync(upTo, true);
      },
      (error: unknown) => {
        if (!(error instanceof DiskError)) throw error;
        if (!this.isGone) this.options.warn(`Hints for node ${this.member} are not durable: ${error.message}`);
        for (const writer of writers) {
          this.closeFile(writer.file);
          this.forgetWriter(writer);
        }
        this.endSync(upTo, false);
      },
    );
  }

  /** The file is no longer needed, as far as anybody knows. */
  removeFile(file: HintFile): void {
    this.letGo(file);
    this.remove(file.path);
  }

  /** Tries again what could not be removed, or named otherwise. */
  removeAgain(): void {
    if (this.isGone) return;
    for (const [path, { isBeingNamed }] of this.unreadable) if (!isBeingNamed) this.nameUnreadable(path);
    for (const path of this.unremoved.keys()) {
      if (this.removing.has(path)) continue;
      if (this.options.disk.exists(path)) this.remove(path);
      else this.noteRemoved(path);
    }
  }

  /** The file cannot be read: nobody looks at it any more. */
  setAside(error: Error, file: HintFile): void {
    this.letGo(file);
    this.noteUnreadable(error, file.path);
  }

  /** Reports what was found damaged in a file, unless that is known. */
  noteDamage(file: HintFile, { holeCount, lostBytes }: Pick<HintReader, 'holeCount' | 'lostBytes'>): void {
    if (lostBytes <= file.lostBytes) return;
    this.lostBytes += lostBytes - file.lostBytes;
    file.lostBytes = lostBytes;
    const damage = `${file.path} is damaged in ${holeCount} places, ${lostBytes} bytes`;
    this.options.warn(`Hints for node ${this.member} are lost: ${damage}`);
  }

  /** The member is gone for good: nothing is kept for it. Resolves with whether nothing of it can come back; if it may, this is to be called again. */
  async removeAll(): Promise<boolean> {
    const { disk, warn } = this.options;
    this.isGone = true;
    this.close();
    this.files = [];
    for (const { then } of this.waits.splice(0)) then(false);
    try {
      for (const name of disk.list(this.path)) disk.remove(`${this.path}/${name}`);
      if (!disk.exists(this.path)) return true;
      await disk.syncDirectoryLater(this.path);
      disk.removeDirectory(this.path);
      return true;
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      if (!this.isKnownToStay) {
        warn(`Hints for node ${this.member}, which has left, cannot be removed, it is tried again: ${error.message}`);
      }
      this.isKnownToStay = true;
      return false;
    }
  }

  /** Nothing is appended after this. */
  close(): void {
    if (this.writer !== undefined) this.closeFile(this.writer.file);
    if (this.isSyncing) return;
    for (const writer of this.unsynced) writer.close();
    this.unsynced = [];
  }

  private remove(path: string): void {
    const { disk, warn, onWork } = this.options;
    this.removing.add(path);
    disk.removeLater(path).then(
      () => {
        onWork();
        this.removing.delete(path);
        this.noteRemoved(path);
      },
      (error: unknown) => {
        if (!(error instanceof DiskError)) throw error;
        this.removing.delete(path);
        if (!this.unremoved.has(path)) {
          warn(`Hints that were delivered cannot be removed, it is tried again: ${error.message}`);
        }
        this.unremoved.set(path, error);
      },
    );
  }

  private noteUnreadable(error: Error, path: string): void {
    this.options.warn(
      `Hints for node ${this.member} are lost, and repair has to bring what was in them: ${error.message}`,
    );
    this.unreadableFiles++;
    this.unreadable.set(path, { isBeingNamed: false, reason: error.message });
    this.nameUnreadable(path);
  }

  private nameUnreadable(path: string): void {
    const { disk, onWork } = this.options;
    const state = this.unreadable.get(path);
    if (state === undefined) return;
    if (!disk.exists(path)) {
      // It has the other name, and that may come undone.
      this.unreadable.delete(path);
      this.removals++;
      this.sync();
      return;
    }
    state.isBeingNamed = true;
    disk.renameLater(path, unreadablePathOf(path)).then(
      () => {
        onWork();
        this.unreadable.delete(path);
      },
      (error: unknown) => {
        if (!(error instanceof DiskError)) throw error;
        state.isBeingNamed = false;
        state.reason = error.message;
      },
    );
  }

  private noteRemoved(path: string): void {
    this.unremoved.delete(path);
    this.removals++;
    this.sync();
  }

  private survey(number: number): void {
    const { disk } = this.options;
    this.lastNumber = Math.max(this.lastNumber, number);
    try {
      const file = surveyHintFile(disk, this.path, number, (found, reader) => {
        this.noteDamage(found, reader);
      });
      if (file.hintCount > 0) this.files.push(file);
      else disk.remove(file.path);
    } catch (error) {
      if (!(error instanceof CorruptionError) && !(error instanceof DiskError)) throw error;
      this.noteUnreadable(error, hintFilePath(this.path, number));
    }
  }

  private begin(second: number): HintWriter {
    const { disk, random } = this.options;
    if (!disk.exists(this.path)) {
      disk.makeDirectory(this.path);
      this.areParentsDurable = false;
    }
    this.lastNumber = Math.max(this.lastNumber + 1, second);
    const writer = HintWriter.create(disk, random, this.path, this.lastNumber);
    this.files.push(writer.file);
    return writer;
  }

  private async syncAll(writers: readonly HintWriter[]): Promise<void> {
    const { disk, directory, parent } = this.options;
    const { removals } = this;
    if (writers.length === 0 && removals === this.durableRemovals) return;
    for (const writer of writers) {
      // What has been handed over meanwhile is needed no more, and was closed.
      if (this.unsynced.includes(writer)) await writer.sync();
    }
    await disk.syncDirectoryLater(this.path);
    this.durableRemovals = removals;
    if (this.areParentsDurable || writers.length === 0) return;
    await disk.syncDirectoryLater(directory);
    await disk.syncDirectoryLater(parent);
    this.areParentsDurable = true;
  }

  private endSync(upTo: number, isDurable: boolean): void {
    this.isSyncing = false;
    this.options.onWork();
    const over = this.waits.filter((wait) => wait.upTo <= upTo);
    this.waits = this.waits.filter((wait) => wait.upTo > upTo);
    for (const { then } of over) then(isDurable);
    if (this.waits.length > 0 || (isDurable && this.durableRemovals < this.removals)) this.sync();
  }

  private forgetWriter(writer: HintWriter): void {
    this.unsynced = this.unsynced.filter((other) => other !== writer);
    if (writer !== this.writer) writer.close();
  }

  private letGo(file: HintFile): void {
    this.closeFile(file);
    for (const writer of this.unsynced) if (writer.file === file) this.forgetWriter(writer);
    this.files = this.files.filter((other) => other !== file);
  }
}

function isFull(file: HintFile, second: number, spanSeconds: number): boolean {
  return file.sizeBytes >= FILE_BYTES_MAX || second - file.number > spanSeconds;
}
