/** The table files in the directory, held against those that the version has. */

import { tableIdOf } from '../sstable/table-format.js';
import type { TableMeta } from '../sstable/table-meta.js';
import type { Version } from './version.js';

export function tablesDirectory(directory: string): string {
  return `${directory}/tables`;
}

export interface TableFile {
  readonly name: string;
  readonly bytes: number;
}

export interface TableFileSurvey {
  /** Names of tables that the version does not have: a crash left them, they may be removed. */
  readonly orphans: readonly string[];
  /** Names of what are no tables. */
  readonly foreign: readonly string[];
  /** Tables of the version that have no file. */
  readonly missing: readonly TableMeta[];
  /** And those whose file has another size: `bytes`. */
  readonly misfits: readonly { readonly table: TableMeta; readonly bytes: number }[];
  /** Above every id in use, by the version or by a file. */
  readonly nextTableId: number;
}

/** Compares `files`, all that there are in the directory of tables, with the version. */
export function surveyTableFiles(version: Version, files: readonly TableFile[]): TableFileSurvey {
  const orphans: string[] = [];
  const foreign: string[] = [];
  const misfits: { table: TableMeta; bytes: number }[] = [];
  const found = new Set<number>();
  let { nextTableId } = version;
  for (const { name, bytes } of files) {
    const id = tableIdOf(name);
    if (id === undefined) {
      foreign.push(name);
      continue;
    }
    found.add(id);
    nextTableId = Math.max(nextTableId, id + 1);
    const table = version.placeOf(id)?.table;
    if (table === undefined) orphans.push(name);
    else if (table.fileBytes !== bytes) misfits.push({ table, bytes });
  }
  const missing = [...version.tables()].filter(({ id }) => !found.has(id));
  return { orphans, foreign, missing, misfits, nextTableId };
}
