/** The event loop's figures as ringkv publishes them in `INFO loop`, and what they must be. */
import type { ServerInfo } from '../tools/server-info.js';

/** The share of turns that must use less than 10 ms of the main thread's CPU: everybody waits for a long one. */
export const SHARE_MIN = 0.9999;

/** Turns since the last CONFIG RESETSTAT. */
export interface LoopFigures {
  readonly turns: number;
  /** Turns that used 10 ms of the thread's CPU time or more. */
  readonly longTurns: number;
  /** Those of 20 ms or more. */
  readonly veryLongTurns: number;
  readonly cpuMaxUs: number;
  readonly wallMaxUs: number;
}

/** Reads the section. Throws if a field is missing. */
export function loopFigures(info: ServerInfo): LoopFigures {
  return {
    turns: info.number('loop_turns'),
    longTurns: info.number('loop_cpu_over_10ms'),
    veryLongTurns: info.number('loop_cpu_over_20ms'),
    cpuMaxUs: info.number('loop_cpu_max_us'),
    wallMaxUs: info.number('loop_wall_max_us'),
  };
}

/** The share of turns below 10 ms, from 0 to 1. Throws if there were no turns: then nothing was measured. */
export function shareOfShortTurns({ turns, longTurns }: LoopFigures): number {
  return shareOfOthers(longTurns, turns);
}

/** The same for 20 ms. */
export function shareBelow20Ms({ turns, veryLongTurns }: LoopFigures): number {
  return shareOfOthers(veryLongTurns, turns);
}

/** Whether at least 99.99 % of the turns were short. */
export function isMet(figures: LoopFigures): boolean {
  return shareOfShortTurns(figures) >= SHARE_MIN;
}

function shareOfOthers(turns: number, allTurns: number): number {
  if (allTurns <= 0) throw new Error('the server counted no turns of its loop');
  return 1 - turns / allTurns;
}
