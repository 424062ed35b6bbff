/**
 * The versions that are in use: the current one, and those before it that readers still hold.
 *
 *   oldest                                        current
 *   [version] [version] .... [version] [version] [version]
 *      |  |                     |
 *      |  held by readers       what left the set with the next version: `gone`
 *
 * 1. Edits take effect one after the other, in the order in which they were asked for, each when it is durable.
 * 2. A table that is in no version in use is nobody's: its file may be removed. A table is in consecutive versions only, so
 *    when a version is let go, what is gone after it is nobody's unless the version in use before it has it.
 */

import { assert } from '../../base/assert.js';
import type { TableMeta } from '../sstable/table-meta.js';
import type { ManifestOptions } from './manifest.js';
import { Manifest } from './manifest.js';
import { readManifest } from './manifest-reader.js';
import type { VersionEdit } from './version-edit.js';
import { Version } from './version.js';

export interface VersionSetOptions extends ManifestOptions {
  /** The file of this table may be removed: it is in no version any more, and that is durable. */
  readonly onGone: (table: TableMeta) => void;
}

/** A version that a reader holds; it may be held by many. */
export interface HeldVersion {
  readonly version: Version;
}

interface UsedVersion extends HeldVersion {
  holders: number;
  /** The tables that the next version does not have, and that no version in use before this one has. */
  gone: TableMeta[];
}

/** Makes an edit of the version that is current when its turn has come; `undefined`: there is nothing to do. */
export type EditMaker = (current: Version) => VersionEdit | undefined;

interface WaitingEdit {
  readonly edit: VersionEdit | EditMaker;
  readonly resolve: (done: boolean) => void;
  readonly reject: (error: unknown) => void;
}

export class VersionSet {
  private readonly manifest: Manifest;
  private readonly onGone: (table: TableMeta) => void;
  private newest: UsedVersion;
  /** Those before it that are held, oldest first. */
  private readonly older: UsedVersion[] = [];
  private waiting: WaitingEdit[] = [];
  private running: Promise<void> | undefined;

  private constructor(options: VersionSetOptions, manifest: Manifest, version: Version) {
    this.manifest = manifest;
    this.onGone = options.onGone;
    this.newest = { version, holders: 0, gone: [] };
  }

  /**
   * Reads the manifest of a data directory, or finds that it is new, and begins the next manifest. Rejects with
   * CorruptionError, DiskError and ManifestFailedError; with the first, nothing was changed.
   */
  static async open(options: VersionSetOptions): Promise<VersionSet> {
    const version = readManifest(options.disk, options.directory)?.version ?? Version.empty;
    return new VersionSet(options, await Manifest.begin(options, version.toEdits()), version);
  }

  get current(): Version {
    return this.newest.version;
  }

  /** Why no edits are taken any more. */
  get failed(): Error | undefined {
    return this.manifest.failed;
  }

  /** Of the manifest, which `BACKUP` copies. */
  get manifestNumber(): number {
    return this.manifest.number;
  }

  /** How many versions readers hold besides the current one. */
  get olderCount(): number {
    return this.older.length;
  }

  /** Holds the current version: its tables stay until `release`. */
  acquire(): HeldVersion {
    this.newest.holders++;
    return this.newest;
  }

  release(held: HeldVersion): void {
    const used = held as UsedVersion;
    assert(used.holders > 0, 'a version is let go more often than it was held');
    used.holders--;
    if (used.holders > 0 || used === this.newest) return;
    const index = this.older.indexOf(used);
    this.older.splice(index, 1);
    this.letGo(used.gone, this.older[index - 1]);
  }

  /**
   * Makes the edit durable, and then current; resolves to false if there was nothing to do. Rejects with DiskError if the disk
   * is full and nothing has changed, and with ManifestFailedError. Then nobody knows whether the edit is durable: neither the tables
   * that it adds nor those that it removes may be removed.
   */
  log(edit: VersionEdit | EditMaker): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ edit, resolve, reject });
      this.running ??= this.run();
    });
  }

  /** Closes the manifest when all edits that were asked for are done. Nothing may be asked for any more. */
  async close(): Promise<void> {
    await this.running;
    this.manifest.close();
  }

  private async run(): Promise<void> {
    for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) await this.do(next);
    this.running = undefined;
  }

  private async do({ edit: wanted, resolve, reject }: WaitingEdit): Promise<void> {
    try {
      const edit = typeof wanted === 'function' ? wanted(this.current) : wanted;
      if (edit === undefined) {
        resolve(false);
        return;
      }
      const next = this.current.apply(edit);
      await this.manifest.append(edit);
      this.install(next, edit.removed ?? []);
    } catch (error) {
      reject(error);
      return;
    }
    resolve(true);
    await this.manifest.settle(() => this.current.toEdits());
  }

  private install(next: Version, removed: readonly number[]): void {
    const before = this.newest;
    for (const id of removed) {
      const place = before.version.placeOf(id);
      if (place !== undefined && next.placeOf(id) === undefined) before.gone.push(place.table);
    }
    this.newest = { version: next, holders: 0, gone: [] };
    if (before.holders > 0) this.older.push(before);
    else this.letGo(before.gone, this.older.at(-1));
  }

  /** `gone` is not in any version after one that is let go; `before` is the version in use before that one. */
  private letGo(gone: readonly TableMeta[], before: UsedVersion | undefined): void {
    for (const table of gone) {
      if (before?.version.placeOf(table.id) !== undefined) before.gone.push(table);
      else this.onGone(table);
    }
  }
}
