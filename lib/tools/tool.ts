import type { Disk, Network, Random, Timers } from '../host/ports.js';

/** What a tool is given of the world. */
export interface ToolPorts {
  readonly disk: Disk;
  readonly random: Random;
  readonly network: Network;
  readonly timers: Timers;
  /** Whether what is printed goes to a terminal that has colours. */
  readonly hasColour: boolean;
  /** A Unix time in milliseconds as text. */
  readonly formatTime: (unixMs: number) => string;
  /** Takes a line of what was asked for. */
  readonly print: (line: string) => void;
  /** Takes a line of what went wrong. */
  readonly complain: (line: string) => void;
}

/** What the process that ran a tool ends with: FAILED also when damage was found, REFUSED when nothing was even tried. */
export const ExitCode = { OK: 0, FAILED: 1, REFUSED: 2 } as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
