/**
 * A Disk in memory that can fail and lose power, for specs and for the simulator.
 *
 *   const disk = new MemoryDisk();
 *   ... use it ...
 *   const next = disk.crash(keepNothing);   // the disk at the next boot
 *
 * 1. What was appended is durable when a sync that began later is done; a create, rename or remove when the directory was
 *    synced. The rest is in the hands of a CrashFate: files keep any sectors and any size, directories any changes.
 * 2. Creating, appending, writing again, syncing, truncating, renaming, linking, removing and making directories are numbered
 *    steps, from 1. A plan names what happens at each: the call fails with an error of the system, or the power fails there.
 *    Reads are not numbered, so that reading more shifts nothing; `onRead` is asked about them.
 * 3. With the power gone every call throws PowerFailure, and promises stay open. `crash` turns it off too.
 * 4. A failed sync loses its pages: later syncs of the file say that they are done, and are not, until all that was not
 *    synced is written again.
 * 5. Syncs and reads off the thread end when `later` runs them, in order; by default in a microtask. What is read is in its
 *    buffer no sooner: until then there is garbage.
 */

import { dirname } from 'node:path';

import { DiskError } from '../../lib/base/errors.js';
import type { Disk, DiskFile, ReadableFile } from '../../lib/host/ports.js';
import type { CrashFate } from './crash-fate.js';
import { MemoryDirectory } from './memory-directory.js';
import { MemoryFile } from './memory-file.js';

export type StepName =
  'create' | 'append' | 'rewrite' | 'sync' | 'truncate' | 'rename' | 'link' | 'remove' | 'mkdir' | 'rmdir' | 'syncdir';

/** One thing that a process asked of the disk. */
export interface Step {
  /** From 1. */
  readonly number: number;
  readonly name: StepName;
  readonly path: string;
}

/**
 * What goes wrong at a step. `error`: the call fails with this code; an append has taken `takenBytes` (default 0) before.
 * `power`: the step is done, but not synced, and the power fails.
 */
export type Fault =
  { readonly kind: 'error'; readonly code: string; readonly takenBytes?: number } | { readonly kind: 'power' };

export interface MemoryDiskOptions {
  /** Asked at each step. */
  readonly plan?: (step: Step) => Fault | undefined;
  /** Asked at each read. */
  readonly onRead?: (path: string, offset: number) => Fault | undefined;
  /** Runs the end of a sync or read later. */
  readonly later?: (run: () => void) => void;
}

/** The machine is off. */
export class PowerFailure extends Error {
  override readonly name = 'PowerFailure';
}

/** What is in a buffer whose read has not ended. */
const GARBAGE = 0xdb;

export class MemoryDisk implements Disk {
  /** Steps so far. */
  stepCount = 0;
  /** Those of them that were syncs of files. */
  syncCount = 0;
  /** Resolves when the power fails. */
  readonly died: Promise<void>;

  private readonly options: MemoryDiskOptions;
  private root = new MemoryDirectory();
  private readonly locks = new Set<string>();
  private isOff = false;
  private turnOff: () => void = () => undefined;

  constructor(options: MemoryDiskOptions = {}) {
    this.options = options;
    this.died = new Promise((resolve) => (this.turnOff = resolve));
  }

  /**
   * The power fails; returns the disk as the next boot finds it. Everything on that one is durable. May be asked again, for
   * what another fate would have left.
   */
  crash(fate: CrashFate, options: MemoryDiskOptions = {}): MemoryDisk {
    this.die();
    return this.snapshot(fate, options);
  }

  /** What `crash` would return now; this disk goes on. */
  snapshot(fate: CrashFate, options: MemoryDiskOptions = {}): MemoryDisk {
    const next = new MemoryDisk(options);
    next.root = this.root.crash('', fate, new Map());
    return next;
  }

  /** The process ends without the power failing (kill -9): the next one finds everything, synced or not. */
  kill(options: MemoryDiskOptions = {}): MemoryDisk {
    this.die();
    const next = new MemoryDisk(options);
    next.root = this.root;
    return next;
  }

  get isDead(): boolean {
    return this.isOff;
  }

  /** The content of a file, to look at or to damage. */
  contentOf(path: string): Buffer {
    return this.fileAt(path).content;
  }

  /** Puts a durable file there, whatever was. */
  plant(path: string, content: Uint8Array): void {
    const { directory, name } = this.place(path);
    directory.add(name, new MemoryFile(Buffer.from(content)));
    directory.beginSync()();
  }

  create(path: string): DiskFile {
    const { directory, name } = this.place(path);
    if (directory.entries.has(name)) throw new DiskError('EEXIST', path, 'create failed: it is there already');
    const file = new MemoryFile();
    this.step('create', path, () => directory.add(name, file));
    return new MemoryDiskFile(this, path, file);
  }

  open(path: string): DiskFile {
    return new MemoryDiskFile(this, path, this.fileAt(path));
  }

  openForReading(path: string): ReadableFile {
    return this.open(path);
  }

  sizeOf(path: string): number {
    return this.fileAt(path).sizeBytes;
  }

  exists(path: string): boolean {
    return this.find(path) !== undefined;
  }

  list(directory: string): string[] {
    const node = this.find(directory);
    return node instanceof MemoryDirectory ? [...node.entries.keys()].sort() : [];
  }

  makeDirectory(path: string): void {
    let directory = this.root;
    for (const name of namesOf(path)) {
      const parent = directory;
      const made = parent.entries.get(name) ?? new MemoryDirectory();
      if (!(made instanceof MemoryDirectory))
        throw new DiskError('EEXIST', path, 'make directory failed: a file is there');
      if (!parent.entries.has(name)) this.step('mkdir', path, () => parent.add(name, made));
      directory = made;
    }
  }

  rename(from: string, to: string): void {
    const node = this.find(from);
    if (node === undefined) throw new DiskError('ENOENT', from, 'no such file');
    const source = this.place(from);
    const target = this.place(to);
    const there = target.directory.entries.get(target.name);
    if (there instanceof MemoryDirectory && (node instanceof MemoryFile || there.entries.size > 0)) {
      throw new DiskError('ENOTEMPTY', from, `rename to ${to} failed: it is there already`);
    }
    if (source.directory !== target.directory) throw new DiskError('EXDEV', from, 'rename stays in one directory here');
    this.step('rename', to, () => source.directory.rename(source.name, target.name));
  }

  renameLater(from: string, to: string): Promise<void> {
    return this.finishLater(() => {
      this.rename(from, to);
      const directory = dirname(to);
      const done = this.directoryAt(directory).beginSync();
      this.step('syncdir', directory, () => undefined);
      return done;
    });
  }

  link(from: string, to: string): void {
    const file = this.fileAt(from);
    const { directory, name } = this.place(to);
    if (directory.entries.has(name)) throw new DiskError('EEXIST', to, 'link failed: it is there already');
    this.step('link', to, () => directory.add(name, file));
  }

  remove(path: string): void {
    this.fileAt(path);
    const { directory, name } = this.place(path);
    this.step('remove', path, () => directory.remove(name));
  }

  removeDirectory(path: string): void {
    if (this.directoryAt(path).entries.size > 0) throw new DiskError('ENOTEMPTY', path, 'the directory is not empty');
    const { directory, name } = this.place(path);
    this.step('rmdir', path, () => directory.remove(name));
  }

  removeLater(path: string): Promise<void> {
    return this.finishLater(() => {
      this.remove(path);
      return () => undefined;
    });
  }

  syncDirectory(path: string): void {
    const done = this.directoryAt(path).beginSync();
    this.step('syncdir', path, () => undefined);
    done();
  }

  syncDirectoryLater(path: string): Promise<void> {
    return this.finishLater(() => {
      const done = this.directoryAt(path).beginSync();
      this.step('syncdir', path, () => undefined);
      return done;
    });
  }

  /** A lock ends with the process: `crash` and `kill`. */
  lock(path: string): void {
    if (this.locks.has(path)) throw new DiskError('ELOCKED', path, 'locked by another process');
    this.locks.add(path);
  }

  lockHolder(path: string): string | undefined {
    return this.locks.has(path) ? 'another process' : undefined;
  }

  /** Throws PowerFailure if the machine is off. */
  checkPower(): void {
    if (this.isOff) throw new PowerFailure('the machine is off');
  }

  /** Does `run` as the next step, or what the plan has for it instead. For the files of this disk. */
  step(
    name: StepName,
    path: string,
    run: () => void,
    fail: (fault: Fault & { kind: 'error' }) => void = () => undefined,
  ): void {
    this.checkPower();
    const number = ++this.stepCount;
    const fault = this.options.plan?.({ number, name, path });
    if (name === 'sync') this.syncCount++;
    if (fault?.kind === 'error') {
      fail(fault);
      throw new DiskError(fault.code, path, `${name} failed: injected`);
    }
    run();
    if (fault?.kind !== 'power') return;
    this.die();
    throw new PowerFailure(`the power failed at step ${this.stepCount}: ${name} ${path}`);
  }

  /** A read is about to happen: throws what `onRead` has for it. For the files of this disk. */
  checkRead(path: string, offset: number): void {
    this.checkPower();
    const fault = this.options.onRead?.(path, offset);
    if (fault === undefined) return;
    if (fault.kind === 'error') throw new DiskError(fault.code, path, `read at ${offset} failed: injected`);
    this.die();
    throw new PowerFailure(`the power failed at a read of ${path} at ${offset}`);
  }

  /**
   * Begins something now, and ends it later; resolves to what the end returns. The promise stays open if the power fails. For
   * the files of this disk.
   */
  finishLater<T>(begin: () => () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      let done: () => T;
      try {
        done = begin();
      } catch (error) {
        if (error instanceof DiskError) this.later(() => reject(error));
        return;
      }
      this.later(() => {
        resolve(done());
      });
    });
  }

  private later(run: () => void): void {
    (this.options.later ?? queueMicrotask)(() => {
      if (!this.isOff) run();
    });
  }

  private die(): void {
    this.isOff = true;
    this.turnOff();
  }

  private find(path: string): MemoryDirectory | MemoryFile | undefined {
    this.checkPower();
    let node: MemoryDirectory | MemoryFile | undefined = this.root;
    for (const name of namesOf(path)) node = node instanceof MemoryDirectory ? node.entries.get(name) : undefined;
    return node;
  }

  private fileAt(path: string): MemoryFile {
    const node = this.find(path);
    if (node instanceof MemoryFile) return node;
    throw new DiskError('ENOENT', path, 'no such file');
  }

  private directoryAt(path: string): MemoryDirectory {
    const node = this.find(path);
    if (node instanceof MemoryDirectory) return node;
    throw new DiskError('ENOENT', path, 'no such directory');
  }

  private place(path: string): { directory: MemoryDirectory; name: string } {
    const names = namesOf(path);
    const name = names[names.length - 1];
    return { directory: this.directoryAt(names.slice(0, -1).join('/')), name };
  }
}

class MemoryDiskFile implements DiskFile {
  readonly path: string;

  private readonly disk: MemoryDisk;
  private readonly file: MemoryFile;
  private isOpen = true;

  constructor(disk: MemoryDisk, path: string, file: MemoryFile) {
    this.disk = disk;
    this.path = path;
    this.file = file;
  }

  get sizeBytes(): number {
    return this.file.sizeBytes;
  }

  append(buffer: Uint8Array, start: number, end: number): void {
    this.checkOpen();
    const part = buffer.subarray(start, end);
    const take = (length: number): void => this.file.append(part.subarray(0, length));
    this.disk.step(
      'append',
      this.path,
      () => take(part.length),
      (fault) => take(fault.takenBytes ?? 0),
    );
  }

  readAt(target: Uint8Array, offset: number, length: number): number {
    this.checkOpen();
    this.disk.checkRead(this.path, offset);
    return this.copyTo(target, offset, length);
  }

  readLater(target: Uint8Array, offset: number, length: number): Promise<number> {
    this.checkOpen();
    return this.disk.finishLater(() => {
      this.disk.checkRead(this.path, offset);
      target.fill(GARBAGE, 0, this.contentAt(offset, length).length);
      return () => this.copyTo(target, offset, length);
    });
  }

  sync(): Promise<void> {
    this.checkOpen();
    return this.disk.finishLater(() => this.beginSync());
  }

  syncNow(): void {
    this.checkOpen();
    this.beginSync()();
  }

  writeAgain(offset: number): void {
    this.checkOpen();
    this.disk.step('rewrite', this.path, () => this.file.writeAgain(offset));
  }

  truncate(sizeBytes: number): void {
    this.checkOpen();
    this.disk.step('truncate', this.path, () => this.file.truncate(sizeBytes));
  }

  close(): void {
    this.isOpen = false;
  }

  private contentAt(offset: number, length: number): Buffer {
    return this.file.content.subarray(offset, offset + length);
  }

  private copyTo(target: Uint8Array, offset: number, length: number): number {
    const part = this.contentAt(offset, length);
    target.set(part);
    return part.length;
  }

  private beginSync(): () => void {
    const done = this.file.beginSync();
    this.disk.step(
      'sync',
      this.path,
      () => undefined,
      () => this.file.failSync(),
    );
    return done;
  }

  private checkOpen(): void {
    if (!this.isOpen) throw new DiskError('EBADF', this.path, 'the file is closed');
  }
}

function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}
