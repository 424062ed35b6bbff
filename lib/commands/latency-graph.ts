import type { LatencySample } from './ports.js';

const WIDTH_MAX = 80;
const ROWS = 4;
/** From empty to full. */
const LEVELS = ' _o#';

const SECONDS_A_MINUTE = 60;
const SECONDS_AN_HOUR = 60 * SECONDS_A_MINUTE;
const SECONDS_A_DAY = 24 * SECONDS_AN_HOUR;

/**
 * The last samples of an event as columns, each with its age below, written downward:
 *
 *     command - high 500 ms, low 300 ms (all time high 500 ms)
 *     --------------------------------------------------------------------------------
 *       #
 *      o#
 *     ...
 *     210
 *     sss
 */
export function latencyGraph(
  event: string,
  samples: readonly LatencySample[],
  maxMs: number,
  nowSeconds: number,
): string {
  const shown = samples.slice(-WIDTH_MAX);
  const high = Math.max(...shown.map(({ latencyMs }) => latencyMs));
  const low = Math.min(...shown.map(({ latencyMs }) => latencyMs));
  const title = `${event} - high ${high} ms, low ${low} ms (all time high ${maxMs} ms)`;
  const lines = [title, '-'.repeat(WIDTH_MAX)];
  for (let row = ROWS - 1; row >= 0; row--) {
    lines.push(shown.map(({ latencyMs }) => partInRow(latencyMs, low, high, row)).join(''));
  }
  const ages = shown.map(({ atSeconds }) => ageLabel(Math.max(0, nowSeconds - atSeconds)));
  const labelRows = Math.max(...ages.map((age) => age.length));
  for (let i = 0; i < labelRows; i++) lines.push(ages.map((age) => age[i] ?? ' ').join(''));
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

/** What a column shows in a row, counted from the bottom: columns end between 1 level (the lowest sample) and all. */
function partInRow(latencyMs: number, low: number, high: number, row: number): string {
  const levels = LEVELS.length - 1;
  const height = high === low ? 1 : 1 + Math.round(((latencyMs - low) / (high - low)) * (ROWS * levels - 1));
  return LEVELS[Math.min(Math.max(height - row * levels, 0), levels)];
}

function ageLabel(seconds: number): string {
  if (seconds < SECONDS_A_MINUTE) return `${seconds}s`;
  if (seconds < SECONDS_AN_HOUR) return `${Math.floor(seconds / SECONDS_A_MINUTE)}m`;
  if (seconds < SECONDS_A_DAY) return `${Math.floor(seconds / SECONDS_AN_HOUR)}h`;
  return `${Math.floor(seconds / SECONDS_A_DAY)}d`;
}
