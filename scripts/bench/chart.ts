/**
 * The chart: for each scenario a pair of bars, one a server, as long as the CPU time that an operation takes.
 * Colours are of middle lightness and there is no background, so that it reads on white as on black.
 */

/** One pair of bars. */
export interface ChartRow {
  readonly title: string;
  /** Microseconds of CPU per operation. */
  readonly redis: number;
  readonly ringkv: number;
  readonly ratio: number;
}

/** Rows below one heading. */
export interface ChartGroup {
  readonly title: string;
  readonly rows: readonly ChartRow[];
}

const WIDTH = 760;
const LABEL_WIDTH = 150;
const VALUE_WIDTH = 150;
const BAR_WIDTH_MAX = WIDTH - LABEL_WIDTH - VALUE_WIDTH;
const BAR_HEIGHT = 9;
const ROW_HEIGHT = 30;
const HEADING_HEIGHT = 34;
const TITLE_HEIGHT = 22;
const NOTE_HEIGHT = 15;
const TEXT = '#768390';
const STRONG = '#57708f';
const RINGKV = '#3f8cde';
const REDIS = '#a3adb8';

/** The chart as the text of an SVG file; `notes` are lines of small print (machine, versions). */
export function chartSvg(groups: readonly ChartGroup[], notes: readonly string[]): string {
  const scale =
    BAR_WIDTH_MAX / Math.max(...groups.flatMap(({ rows }) => rows.flatMap((row) => [row.redis, row.ringkv])), 1e-9);
  const parts = head(notes);
  let y = TITLE_HEIGHT + notes.length * NOTE_HEIGHT;
  for (const group of groups) {
    parts.push(text(0, y + 22, group.title, `font-weight="600" fill="${STRONG}"`));
    y += HEADING_HEIGHT;
    for (const row of group.rows) {
      parts.push(...rowParts(row, y, scale));
      y += ROW_HEIGHT;
    }
  }
  const open =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" ` +
    `font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="CPU time per operation, ringkv and Redis">`;
  return [open, ...parts, '</svg>', ''].join('\n');
}

function head(notes: readonly string[]): string[] {
  const legend = (x: number, colour: string, name: string): string[] => [
    rect(x, 5, 10, 10, colour),
    text(x + 15, 14, name, `fill="${TEXT}"`),
  ];
  return [
    text(
      0,
      15,
      'Server CPU per operation, microseconds (shorter is better)',
      `font-size="14" font-weight="600" fill="${STRONG}"`,
    ),
    ...legend(WIDTH - 135, RINGKV, 'ringkv'),
    ...legend(WIDTH - 65, REDIS, 'Redis'),
    ...notes.map((note, line) =>
      text(0, TITLE_HEIGHT + NOTE_HEIGHT * line + 12, note, `font-size="11" fill="${TEXT}"`),
    ),
  ];
}

function rowParts(row: ChartRow, y: number, scale: number): string[] {
  const bar = (top: number, us: number, colour: string, label: string): string[] => [
    rect(LABEL_WIDTH, top, us * scale, BAR_HEIGHT, colour),
    text(LABEL_WIDTH + us * scale + 6, top + BAR_HEIGHT - 0.5, label, `font-size="10.5" fill="${TEXT}"`),
  ];
  return [
    text(LABEL_WIDTH - 10, y + 14, row.title, `text-anchor="end" fill="${TEXT}"`),
    ...bar(y, row.ringkv, RINGKV, `${row.ringkv.toFixed(2)}, ${row.ratio.toFixed(2)} × Redis`),
    ...bar(y + BAR_HEIGHT + 1, row.redis, REDIS, row.redis.toFixed(2)),
  ];
}

function rect(x: number, y: number, width: number, height: number, colour: string): string {
  return `<rect x="${x}" y="${y}" width="${width.toFixed(1)}" height="${height}" rx="2" fill="${colour}"/>`;
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escapeXml(content)}</text>`;
}

function escapeXml(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
