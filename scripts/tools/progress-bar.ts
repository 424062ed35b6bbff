/**
 * How far a long run is, on stderr: one line that is drawn over again on a terminal, and a plain line now and then
 * anywhere else (a log, a pipe).
 */

const BAR_CELLS = 24;
const TERMINAL_EVERY_MS = 100;
const PLAIN_EVERY_MS = 10_000;

/** What the bar writes to; process.stderr is one. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** A duration for people: `42 s`, `3 min 05 s`, `1 h 02 min`. */
export function durationText(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** Milliseconds that are left if the rest goes as the part so far; undefined while nothing is done. */
export function remainingMs(done: number, total: number, elapsedMs: number): number | undefined {
  if (done <= 0) return undefined;
  return (elapsedMs * Math.max(0, total - done)) / done;
}

/** One line: a bar, the share done, the time left, and what is being done now. */
export function progressLine(done: number, total: number, elapsedMs: number, label: string): string {
  const share = total <= 0 ? 1 : Math.min(1, done / total);
  const full = Math.floor(share * BAR_CELLS);
  const left = remainingMs(done, total, elapsedMs);
  const time = left === undefined ? 'time left unknown' : `${durationText(left)} left`;
  const bar = '#'.repeat(full) + '.'.repeat(BAR_CELLS - full);
  return `[${bar}] ${String(Math.floor(share * 100)).padStart(3)} %  ${time}  ${label}`;
}

/**
 * A bar over `total` units of work of any kind. `advance` and `label` may be called as often as one likes: drawing
 * is held to ten times a second on a terminal and once in ten seconds elsewhere. Draws nothing after `finish`.
 */
export class ProgressBar {
  readonly #total: number;
  readonly #stream: ProgressStream;
  readonly #now: () => number;
  readonly #startMs: number;
  #drawnMs = -Infinity;
  #done = 0;
  #label = '';
  #finished = false;

  constructor(total: number, stream: ProgressStream = process.stderr, now: () => number = () => performance.now()) {
    this.#total = total;
    this.#stream = stream;
    this.#now = now;
    this.#startMs = now();
  }

  /** Units done so far. */
  get done(): number {
    return this.#done;
  }

  /** Adds `units` of work done. */
  advance(units = 1): void {
    this.#done += units;
    this.#draw();
  }

  /** Says what is being done now. */
  label(text: string): void {
    this.#label = text;
    this.#draw();
  }

  /** Takes the bar off the terminal, or writes a last line elsewhere. */
  finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    const elapsedMs = this.#now() - this.#startMs;
    if (this.#stream.isTTY) this.#stream.write('\r\x1b[K');
    else this.#stream.write(`done after ${durationText(elapsedMs)}\n`);
  }

  #draw(): void {
    if (this.#finished) return;
    const nowMs = this.#now();
    if (nowMs - this.#drawnMs < (this.#stream.isTTY ? TERMINAL_EVERY_MS : PLAIN_EVERY_MS)) return;
    this.#drawnMs = nowMs;
    const line = progressLine(this.#done, this.#total, nowMs - this.#startMs, this.#label);
    // A line that wraps could not be drawn over.
    if (this.#stream.isTTY) this.#stream.write(`\r\x1b[K${line.slice(0, (this.#stream.columns ?? 80) - 1)}`);
    else this.#stream.write(line + '\n');
  }
}
