/**
 * `ringkv check <dir>`: reads everything in a data directory and says what is wrong with it. Nothing is changed.
 *
 *     identity    the node's id and position key
 *     cluster/    the ring that it knows, if it is a member of a cluster
 *     CURRENT  ─▶ manifest ─▶ the version: which tables there are, and where the log begins
 *     tables/     each table of the version (check-table.ts), what is missing, what is left over
 *     aof/        the segments that are not in tables (check-log.ts)
 *     hints/      what other members have missed (check-hints.ts)
 *     consensus/  what was promised and accepted about keys that are compared and set (check-consensus.ts)
 *
 * What a crash leaves is no damage: an edit or a batch at the end that is not whole was never acknowledged as durable, and files that
 * no version has are removed at the next start.
 */

import { PositionHasher } from '../base/position.js';
import { ringVersionText } from '../cluster/ring/ring-version.js';
import { RingStore } from '../cluster/topology/ring-store.js';
import { StampFile } from '../cluster/topology/stamp-file.js';
import type { Disk } from '../host/ports.js';
import { identityPath, readIdentity } from '../storage/identity.js';
import { currentPath, listManifests, manifestPath } from '../storage/levels/manifest-directory.js';
import { readManifest } from '../storage/levels/manifest-reader.js';
import type { TableFileSurvey } from '../storage/levels/table-files.js';
import { surveyTableFiles, tablesDirectory } from '../storage/levels/table-files.js';
import type { AddedTable } from '../storage/levels/version-edit.js';
import { Version } from '../storage/levels/version.js';
import { aofDirectory } from '../storage/log/aof-directory.js';
import { FrameKind } from '../storage/log/aof-frame.js';
import { FileFrames } from '../storage/log/file-frames.js';
import { tableIdOf, tablePath } from '../storage/sstable/table-format.js';
import { checkConsensus } from './check-consensus.js';
import { checkHints } from './check-hints.js';
import type { CheckedLog } from './check-log.js';
import { checkLog } from './check-log.js';
import { checkTable } from './check-table.js';
import type { Damage } from './findings.js';
import { Findings } from './findings.js';

export interface CheckResult {
  /** What is wrong. None: all that was acknowledged as durable is there. */
  readonly damages: readonly Damage[];
  readonly tableCount: number;
  readonly recordCount: number;
  readonly log: CheckedLog;
  /** What is kept for other members. */
  readonly hintCount: number;
}

/** Checks the data directory; `print` takes a line for each file, and a last one that sums up. Throws nothing that a disk can do. */
export function checkDirectory(disk: Disk, directory: string, print: (line: string) => void): CheckResult {
  const findings = new Findings(directory, print);
  const result = new DirectoryCheck(disk, directory, findings).run();
  print(summaryOf(result, findings));
  return result;
}

function summaryOf(result: CheckResult, { fileCount, noteCount }: Findings): string {
  const { tableCount, recordCount, log, hintCount, damages } = result;
  const tables = `${tableCount} tables with ${recordCount} records`;
  const segments = `${log.segmentCount} segments of the log with ${log.batchCount} batches`;
  const hints = hintCount === 0 ? '' : `, ${hintCount} hints for other members`;
  const damage = damages.length === 0 ? 'no damage' : `${damages.length} DAMAGED`;
  return `${fileCount} files checked, ${tables}, ${segments}${hints}; ${noteCount} notes; ${damage}`;
}

/** Names in a data directory that are looked at elsewhere, and those that hold nothing which lasts. */
const KNOWN_NAME = /^(identity|cluster|CURRENT|aof|tables|hints|consensus|manifest-\d{10})$/;
const PASSING_NAME = /^(lock.*|identity\.tmp|CURRENT\.tmp)$/;

class DirectoryCheck {
  private readonly disk: Disk;
  private readonly directory: string;
  private readonly findings: Findings;
  private tableCount = 0;
  private recordCount = 0;

  constructor(disk: Disk, directory: string, findings: Findings) {
    this.disk = disk;
    this.directory = directory;
    this.findings = findings;
  }

  run(): CheckResult {
    const hasher = this.checkIdentity();
    this.checkTopology();
    this.checkStamps();
    const version = this.checkManifest();
    if (version === undefined) this.checkTablesAlone(hasher);
    else this.checkTables(version, hasher);
    const log =
      version === undefined
        ? { segmentCount: 0, batchCount: 0, changeCount: 0 }
        : checkLog(this.disk, this.directory, version, this.findings);
    checkConsensus(this.disk, this.directory, this.findings);
    const hintCount = checkHints(this.disk, this.directory, this.findings);
    this.noteForeign();
    const { tableCount, recordCount } = this;
    return { damages: this.findings.damages, tableCount, recordCount, log, hintCount };
  }

  private checkIdentity(): PositionHasher | undefined {
    const { disk, directory, findings } = this;
    if (!disk.exists(identityPath(directory))) {
      if (this.isUsed) {
        const why = 'without its position key nothing in the tables can be found. Restore it from a backup';
        findings.damage('identity', `the file is missing: ${why}`);
      } else findings.note('identity', 'not made yet: no node has ever been started here');
      return undefined;
    }
    return findings.attempt('identity', () => {
      const { nodeId, positionKey } = readIdentity(disk, directory);
      findings.ok('identity', `node ${nodeId}`);
      return new PositionHasher(positionKey);
    });
  }

  private checkTopology(): void {
    const { disk, directory, findings } = this;
    const name = 'cluster/topology';
    findings.attempt(name, () => {
      const store = RingStore.openExisting(disk, directory);
      if (store === undefined) return;
      const { nodeId, ring } = store;
      const known =
        ring === undefined ? 'in no ring yet' : `${ringVersionText(ring)} of ${ring.members.length} members`;
      findings.ok(name, `member ${nodeId}, ${known}`);
    });
  }

  private checkStamps(): void {
    const { disk, directory, findings } = this;
    const name = 'cluster/stamps';
    findings.attempt(name, () => {
      const state = StampFile.read(disk, directory);
      if (state === undefined) return;
      const { bound, isExact } = state;
      findings.ok(name, isExact ? `the last stamp is ${bound}` : `no stamp is above ${bound}`);
    });
  }

  /** Has anything been stored here? */
  private get isUsed(): boolean {
    const { disk, directory } = this;
    const folders = [aofDirectory(directory), tablesDirectory(directory)];
    return disk.exists(currentPath(directory)) || folders.some((folder) => disk.list(folder).length > 0);
  }

  /** The version that the manifest comes to; undefined if it cannot be told. */
  private checkManifest(): Version | undefined {
    const { disk, directory, findings } = this;
    return findings.attempt('CURRENT', () => {
      const found = readManifest(disk, directory);
      for (const number of listManifests(disk, directory)) {
        if (number !== found?.number)
          findings.note(manifestPath('', number).slice(1), 'left over: CURRENT does not name it');
      }
      if (found === undefined) {
        findings.note('CURRENT', 'not made yet: nothing has been stored here but what the log holds');
        return Version.empty;
      }
      const name = manifestPath('', found.number).slice(1);
      findings.ok('CURRENT', `names ${name}`);
      this.reportManifest(manifestPath(directory, found.number), name, found.version);
      return found.version;
    });
  }

  /** REQUIRES: it was read, and is good. */
  private reportManifest(path: string, name: string, version: Version): void {
    const frames = FileFrames.open(this.disk, path, 'manifest');
    try {
      let edits = 0;
      while (frames.next()) if (frames.kind === FrameKind.data) edits++;
      const log = version.flushed === undefined ? 'no segment' : `segments up to ${version.flushed.number}`;
      this.findings.ok(
        name,
        `${edits} edits, ${frames.end} bytes: ${version.tableCount} tables, ${log} of the log in them`,
      );
      const torn = frames.sizeBytes - frames.end;
      if (torn > 0) {
        this.findings.note(name, `${torn} bytes behind offset ${frames.end} are an edit that a crash left incomplete`);
      }
    } finally {
      frames.close();
    }
  }

  private checkTables(version: Version, hasher: PositionHasher | undefined): void {
    const survey = surveyTableFiles(version, this.tableFiles());
    for (const db of version.databasesWithTables()) {
      for (const { number, tables } of version.levels(db)) {
        for (const table of tables) this.checkTable(version, { level: number, table }, survey, hasher);
      }
    }
    for (const name of survey.orphans) {
      this.findings.note(`tables/${name}`, 'left over: no version has it, the next start removes it');
    }
  }

  private checkTable(
    version: Version,
    { level, table }: AddedTable,
    survey: TableFileSurvey,
    hasher: PositionHasher | undefined,
  ): void {
    const name = tablePath('tables', table.id);
    const where = `level ${level} of database ${table.db}`;
    const reason = version.quarantined.get(table.id);
    if (reason !== undefined) {
      this.findings.damage(name, `${where}: quarantined: ${reason}`);
    } else if (survey.missing.includes(table)) {
      this.findings.damage(name, `${where}: the file is missing`);
    } else {
      this.findings.attempt(name, () => {
        const { meta, blockCount } = checkTable(this.disk, this.pathOf(name), table, hasher);
        this.tableCount++;
        this.recordCount += meta.recordCount;
        const what = `${meta.recordCount} records in ${blockCount} blocks, ${meta.fileBytes} bytes`;
        this.findings.ok(name, `${where}: ${what}`);
      });
    }
  }

  /** Without a version nobody knows which tables count: each is held against its own footer only. */
  private checkTablesAlone(hasher: PositionHasher | undefined): void {
    for (const { name } of this.tableFiles()) {
      if (tableIdOf(name) === undefined) continue;
      this.findings.attempt(`tables/${name}`, () => {
        const { meta } = checkTable(this.disk, this.pathOf(`tables/${name}`), undefined, hasher);
        this.tableCount++;
        this.recordCount += meta.recordCount;
        this.findings.ok(`tables/${name}`, `whole, ${meta.recordCount} records; whether it counts is not known`);
      });
    }
  }

  private tableFiles(): { name: string; bytes: number }[] {
    const folder = tablesDirectory(this.directory);
    const names = this.disk.list(folder).filter((name) => tableIdOf(name) !== undefined);
    return names.map((name) => ({ name, bytes: this.disk.sizeOf(`${folder}/${name}`) }));
  }

  private noteForeign(): void {
    const { disk, directory, findings } = this;
    for (const name of disk.list(directory)) {
      if (!KNOWN_NAME.test(name) && !PASSING_NAME.test(name)) findings.note(name, 'not a file of ringkv');
    }
    for (const name of disk.list(tablesDirectory(directory))) {
      if (tableIdOf(name) === undefined) findings.note(`tables/${name}`, 'not a table');
    }
  }

  private pathOf(name: string): string {
    return `${this.directory}/${name}`;
  }
}
