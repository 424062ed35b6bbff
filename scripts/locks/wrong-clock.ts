/**
 * Node.js loads it before a server (`--import wrong-clock.js?errorMs=250&phase=0.5`): then the server's wall clock is ahead of the machine's for some seconds, and
 * jumps, and is as far behind it for as long, over and over. Its monotonic clock is right.
 */

/** From one jump ahead to the next one. */
const PERIOD_MS = 10_000;

const parameters = new URL(import.meta.url).searchParams;
const errorMs = Number(parameters.get('errorMs'));
const phase = Number(parameters.get('phase'));
const { timeOrigin } = performance;

function aheadMs(): number {
  const turns = phase + (timeOrigin + performance.now()) / PERIOD_MS;
  return turns % 1 < 0.5 ? errorMs : -errorMs;
}

Date.now = () => Math.floor(timeOrigin + performance.now() + aheadMs());
Object.defineProperty(performance, 'timeOrigin', { get: () => timeOrigin + aheadMs() });
