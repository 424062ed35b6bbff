import type { Disk } from '../../host/ports.js';
import { surveyTableFiles, tablesDirectory } from '../levels/table-files.js';
import type { VersionSet } from '../levels/version-set.js';
import { tablePath } from '../sstable/table-format.js';
import type { TableMeta } from '../sstable/table-meta.js';

/** The files of the tables: what does not belong there goes, and what is missing is noted. */
export class TableFolder {
  private readonly disk: Disk;
  private readonly path: string;
  private readonly report: (message: string) => void;
  private readonly removals = new Set<Promise<void>>();

  /** `directory` is the data directory. */
  constructor(disk: Disk, directory: string, report: (message: string) => void) {
    this.disk = disk;
    this.path = tablesDirectory(directory);
    this.report = report;
  }

  pathOf({ id }: TableMeta): string {
    return tablePath(this.path, id);
  }

  /**
   * Removes what a crash has left, and quarantines tables that are missing or have another size. Resolves to the first number that no table
   * has had. Throws DiskError.
   */
  async tidy(versions: VersionSet): Promise<number> {
    const { disk, path, report } = this;
    const files = disk.list(path).map((name) => ({ name, bytes: disk.sizeOf(`${path}/${name}`) }));
    const survey = surveyTableFiles(versions.current, files);
    for (const name of survey.foreign) report(`${path}/${name} is not a table: left alone`);
    for (const name of survey.orphans) {
      disk.remove(`${path}/${name}`);
      report(`${path}/${name}: removed: a crash left it, nothing in it is needed`);
    }
    const known = versions.current.quarantined;
    for (const [id, reason] of known) report(`${tablePath(path, id)} is quarantined since an earlier start: ${reason}`);
    const lost = survey.missing.map((table) => ({ table, reason: 'the file is missing' }));
    const cut = survey.misfits.map(({ table, bytes }) => ({
      table,
      reason: `the file has ${bytes} bytes, and should have ${table.fileBytes}`,
    }));
    const damaged = [...lost, ...cut].filter(({ table }) => !known.has(table.id));
    for (const { table, reason } of damaged) report(`${this.pathOf(table)} is quarantined: ${reason}`);
    if (damaged.length > 0) {
      await versions.log({ quarantined: damaged.map(({ table, reason }) => ({ id: table.id, reason })) });
    }
    return survey.nextTableId;
  }

  /** Removes the file of a table that is in no version. One that stays is removed at the next start. */
  remove(table: TableMeta): void {
    const path = this.pathOf(table);
    const removal = this.disk
      .removeLater(path)
      .catch((error: unknown) => {
        this.report(`${path}: removing it failed: ${error instanceof Error ? error.message : String(error)}`);
      })
      .finally(() => this.removals.delete(removal));
    this.removals.add(removal);
  }

  /** Resolves when no file is being removed any more. */
  async settled(): Promise<void> {
    await Promise.all(this.removals);
  }
}
