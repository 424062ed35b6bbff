/**
 * The file in which a member keeps how far its stamps may have come (stamp-bound.ts):
 *
 *     <dir>/cluster/stamps = "ringkv stamps 1\n" line*
 *     line                 = <bound> ("below" | "exact") <crc32 of the two before, 8 hexadecimal digits> "\n"
 *
 *  1. The last line counts. Bounds rise from line to line, but for the "exact" one at the end.
 *  2. A line is appended in place, which costs one sync and waits for nothing else. Each process begins with a new file, as it does when this one has grown, or could
 *     not be written: what failed once is not written to again.
 *  3. What a crash has left of lines that were not durable is passed over. A file without any line that can be read stops the start.
 */

import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';

import { CorruptionError } from '../../base/errors.js';
import type { Disk, DiskFile } from '../../host/ports.js';

export interface StampState {
  /** No stamp above this was given. */
  readonly bound: number;
  /** It is the last one that was given: the process has ended in order. */
  readonly isExact: boolean;
}

const TITLE = 'ringkv stamps 1';
const ADVICE = 'empty the data directory, so that the node joins as a new one';
const LINE = /^(\d{1,16}) (below|exact) ([0-9a-f]{8})$/;
const BYTES_MAX = 64 * 1024;

export class StampFile {
  private readonly disk: Disk;
  private readonly path: string;
  /** What is appended to. */
  private file: DiskFile | undefined;
  /** A crash would not bring back the file that it has replaced. */
  private isNameDurable = false;
  /** Counts what was written at once: a file that was begun before takes no place any more. */
  private generation = 0;

  constructor(disk: Disk, directory: string) {
    this.disk = disk;
    this.path = StampFile.pathIn(directory);
  }

  static pathIn(directory: string): string {
    return join(directory, 'cluster', 'stamps');
  }

  /** What the file of a data directory says; undefined if there is none. Throws CorruptionError and DiskError. */
  static read(disk: Disk, directory: string): StampState | undefined {
    const path = StampFile.pathIn(directory);
    if (!disk.exists(path)) return undefined;
    const file = disk.openForReading(path);
    const bytes = Buffer.alloc(file.sizeBytes);
    file.readAt(bytes, 0, bytes.length);
    file.close();
    const [title, ...lines] = bytes.toString('latin1').split('\n');
    const states = lines.flatMap((line) => parseLine(line) ?? []);
    if (title === TITLE && states.length > 0) return states.at(-1);
    throw new CorruptionError(path, 0, `no bound of stamps can be read; ${ADVICE}`);
  }

  /** Makes the directory of the file. Throws DiskError. */
  prepare(): void {
    const folder = dirname(this.path);
    if (this.disk.exists(folder)) return;
    this.disk.makeDirectory(folder);
    this.disk.syncDirectory(dirname(folder));
  }

  /** Keeps a state; waits for the disk off the main thread. Resolves to whether it is durable: not if `writeNow` came first. Rejects with DiskError. One at a time. */
  async writeLater(state: StampState): Promise<boolean> {
    const { file } = this;
    try {
      if (file === undefined || file.sizeBytes > BYTES_MAX) return await this.replaceLater(state);
      append(file, lineOf(state));
      await file.sync();
      return this.file === file;
    } catch (error) {
      this.letGo();
      throw error;
    }
  }

  /** The same, waited for on this thread. Throws DiskError. */
  writeNow(state: StampState): void {
    const { file } = this;
    this.generation++;
    try {
      if (file === undefined) this.replaceNow(state);
      else {
        append(file, lineOf(state));
        file.syncNow();
      }
      if (!this.isNameDurable) this.disk.syncDirectory(dirname(this.path));
      this.isNameDurable = true;
    } catch (error) {
      this.letGo();
      throw error;
    }
  }

  close(): void {
    this.letGo();
  }

  private async replaceLater(state: StampState): Promise<boolean> {
    const { disk, path } = this;
    const generation = ++this.generation;
    const temporary = `${path}.later`;
    const file = this.begin(temporary, state);
    try {
      await file.sync();
    } catch (error) {
      file.close();
      throw error;
    }
    if (generation !== this.generation) {
      file.close();
      return false;
    }
    disk.rename(temporary, path);
    this.take(file);
    await disk.syncDirectoryLater(dirname(path));
    if (this.file !== file) return false;
    this.isNameDurable = true;
    return true;
  }

  private replaceNow(state: StampState): void {
    const { disk, path } = this;
    const temporary = `${path}.now`;
    const file = this.begin(temporary, state);
    try {
      file.syncNow();
    } catch (error) {
      file.close();
      throw error;
    }
    disk.rename(temporary, path);
    this.take(file);
  }

  /** A new file, with one line. */
  private begin(path: string, state: StampState): DiskFile {
    if (this.disk.exists(path)) this.disk.remove(path);
    const file = this.disk.create(path);
    try {
      append(file, `${TITLE}\n${lineOf(state)}`);
    } catch (error) {
      file.close();
      throw error;
    }
    return file;
  }

  private take(file: DiskFile): void {
    this.file?.close();
    this.file = file;
    this.isNameDurable = false;
  }

  private letGo(): void {
    this.generation++;
    this.file?.close();
    this.file = undefined;
  }
}

function append(file: DiskFile, text: string): void {
  const bytes = Buffer.from(text, 'latin1');
  file.append(bytes, 0, bytes.length);
}

function lineOf({ bound, isExact }: StampState): string {
  const said = `${bound} ${isExact ? 'exact' : 'below'}`;
  return `${said} ${checksumOf(said)}\n`;
}

function parseLine(line: string): StampState | undefined {
  const match = LINE.exec(line);
  if (match === null) return undefined;
  const [, bound, kind, checksum] = match;
  return checksumOf(`${bound} ${kind}`) === checksum ? { bound: Number(bound), isExact: kind === 'exact' } : undefined;
}

function checksumOf(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}
