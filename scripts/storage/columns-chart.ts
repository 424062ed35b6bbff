/** A chart for the terminal: values over time as columns, each as high as the mean of the values that it stands for. */

export interface ColumnsChart {
  readonly title: string;
  readonly values: readonly number[];
  readonly width: number;
  readonly height: number;
  /** Words for a value at the scale's end. */
  readonly word: (value: number) => string;
}

/** From empty to full. */
const EIGHTHS = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const SCALE_WIDTH = 9;

/** The chart as lines, each ended by a line feed: the title, the columns with a scale at their left, a rule. */
export function columnsChart({ title, values, width, height, word }: ColumnsChart): string {
  const columns = meansOf(values, width);
  const top = columns.reduce((largest, value) => Math.max(largest, value), 0);
  const lines = Array.from({ length: height }, (_, line) => {
    const below = height - 1 - line;
    const cells = columns.map((value) => EIGHTHS[eighthsAbove(value, top, height, below)]);
    const scale = line === 0 ? word(top) : '';
    return `${scale.padStart(SCALE_WIDTH)} |${cells.join('')}`.trimEnd();
  });
  const rule = `${word(0).padStart(SCALE_WIDTH)} +${'-'.repeat(columns.length)}`;
  return [title, ...lines, rule].map((line) => `${line}\n`).join('');
}

/** Means of neighbours, so that there are at most `count` of them. */
export function meansOf(values: readonly number[], count: number): number[] {
  const columns = Math.min(count, values.length);
  return Array.from({ length: columns }, (_, column) => {
    const start = Math.floor((column * values.length) / columns);
    const end = Math.floor(((column + 1) * values.length) / columns);
    return values.slice(start, end).reduce((sum, value) => sum + value, 0) / (end - start);
  });
}

/** How many eighths of the cell that has `below` cells under it a column fills. What is more than nothing shows. */
function eighthsAbove(value: number, top: number, height: number, below: number): number {
  if (value <= 0 || top <= 0) return 0;
  const eighths = Math.max(1, Math.round((value / top) * height * 8)) - below * 8;
  return Math.min(8, Math.max(0, eighths));
}
