/** Sets of versions on a memory disk, and what they must have come to, for the specs of the manifest. */

import { expect } from 'chai';

import { DiskError } from '../../../lib/base/errors.js';
import { manifestPath, readCurrent } from '../../../lib/storage/levels/manifest-directory.js';
import { readManifest } from '../../../lib/storage/levels/manifest-reader.js';
import type { VersionEdit } from '../../../lib/storage/levels/version-edit.js';
import { VersionSet } from '../../../lib/storage/levels/version-set.js';
import { Version } from '../../../lib/storage/levels/version.js';
import type { MemoryDisk } from '../../sim/memory-disk.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import { tableOf } from './some-tables.js';

export const DIRECTORY = '/data';

/** Everything that a version says, as one text. */
export function stateOf(version: Version): string {
  return JSON.stringify(version.toEdits());
}

/** The n-th edit of a history: a flush, or a compaction of what was there. The states after each are all different. */
export function editOf(n: number): VersionEdit {
  const range = { smallest: n * 10, largest: n * 10 + 5 };
  const flushed = { number: n, nextFileId: { high: n, low: n } };
  if (n % 3 > 0) return { added: [{ level: 0, table: tableOf({ id: n, ...range }) }], flushed };
  const databases = [{ db: 0, floor: n, keyCount: n, expiringCount: 0, isEstimate: n % 2 === 0 }];
  const merged = tableOf({ id: n, ...range, smallest: range.smallest - 20 });
  return { removed: [n - 2, n - 1], added: [{ level: 6, table: merged }], databases };
}

/** Logs the edits of a history, and keeps account of what was acknowledged. */
export class History {
  set: VersionSet | undefined;
  /** So many edits were acknowledged, and so many asked for. */
  acknowledged = 0;
  asked = 0;
  readonly refused: unknown[] = [];

  private readonly states = [stateOf(Version.empty)];
  private version = Version.empty;

  async open(disk: MemoryDisk, bytesMax: number): Promise<void> {
    const random = new SeededRandom(disk.stepCount);
    const report = (): void => undefined;
    this.set = await VersionSet.open({ disk, random, directory: DIRECTORY, bytesMax, report, onGone: report });
  }

  /** Logs the next edit, and waits; an edit that is refused is the next one again. */
  async log(): Promise<void> {
    const edit = editOf(this.acknowledged + 1);
    this.asked = this.acknowledged + 1;
    try {
      await this.set?.log(edit);
    } catch (error) {
      this.refused.push(error);
      if (error instanceof DiskError) this.asked = this.acknowledged;
      return;
    }
    this.acknowledged = this.asked;
    if (this.states.length > this.asked) return;
    this.version = this.version.apply(edit);
    this.states.push(stateOf(this.version));
  }

  /** The version is that of a moment, not before what was acknowledged. */
  check(version: Version, what: string): void {
    const state = stateOf(version);
    if (state === this.states[this.acknowledged]) return;
    expect(this.asked, what).to.be.greaterThan(this.acknowledged);
    expect(state, what).to.equal(stateOf(this.version.apply(editOf(this.asked))));
  }

  /** Opens the disk that the next boot finds: the state is right, and no file is left that nobody needs. */
  async checkBoot(disk: MemoryDisk, what: string): Promise<void> {
    const found = readManifest(disk, DIRECTORY);
    if (found !== undefined || this.acknowledged > 0) this.check(found?.version ?? Version.empty, what);
    const next = new History();
    await next.open(disk, 1000);
    this.check(next.set?.current ?? Version.empty, what);
    expect(next.set?.current.tableCount, what).to.equal(found?.version.tableCount ?? 0);
    expectTidy(disk, what);
    await next.set?.close();
  }
}

/** In the data directory there are CURRENT and the manifest that it names, and nothing else. */
export function expectTidy(disk: MemoryDisk, what = ''): void {
  const number = readCurrent(disk, DIRECTORY) ?? 0;
  const name = manifestPath('', number).slice(1);
  expect(disk.list(DIRECTORY), what).to.deep.equal(['CURRENT', name]);
}
