/** Tables for the terminal: columns padded to their widest cell. */

export interface Column {
  readonly title: string;
  /** Numbers read best at the right. */
  readonly align: 'left' | 'right';
}

/** A column whose cells start at the left. */
export function left(title: string): Column {
  return { title, align: 'left' };
}

/** A column whose cells end at the right. */
export function right(title: string): Column {
  return { title, align: 'right' };
}

/** The table as lines, each ended by a line feed: titles, a rule, the rows. Every row has a cell for each column. */
export function textTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map((column, at) => Math.max(column.title.length, ...rows.map((row) => cell(row, at).length)));
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ align }, at) => {
        const width = widths[at] ?? 0;
        return align === 'left' ? cell(cells, at).padEnd(width) : cell(cells, at).padStart(width);
      })
      .join('  ')
      .trimEnd();
  const titles = line(columns.map((column) => column.title));
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [titles, rule, ...rows.map(line)].map((text) => text + '\n').join('');
}

function cell(row: readonly string[], at: number): string {
  const text = row[at];
  if (text === undefined) throw new Error(`the table's row [${row.join(', ')}] has no cell ${at}`);
  return text;
}
