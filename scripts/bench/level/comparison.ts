/** Measures both stores in rounds, one after the other, in turn: so that both meet the same disturbances. */
import { settle, type Worker } from '../settle.js';
import { median } from '../statistics.js';
import type { Engine, EngineName } from './engine.js';

export type Engines = Readonly<Record<EngineName, Engine>>;
export type Figures = Readonly<Record<EngineName, number>>;

/** One round of one operation. */
export interface Round {
  readonly opsPerSecond: Figures;
  /** Of all threads, with the work that the operations left behind. */
  readonly cpuUsPerOp: Figures;
}

/** Medians over the rounds; ratios are ringkv's rate to LevelDB's, taken round by round. */
export interface Summary {
  readonly opsPerSecond: Figures;
  readonly cpuUsPerOp: Figures;
  readonly ratio: number;
  readonly ratioMin: number;
  readonly ratioMax: number;
}

/** Who goes first in a round that counts from 0: A, B, B, A, A, B ... */
export function orderOf(round: number): readonly [EngineName, EngineName] {
  return round % 2 === 0 ? ['level', 'ringkv'] : ['ringkv', 'level'];
}

export function summarize(rounds: readonly Round[]): Summary {
  const ratios = rounds.map(({ opsPerSecond }) => opsPerSecond.ringkv / opsPerSecond.level);
  const medians = (of: (round: Round) => Figures): Figures => ({
    level: median(rounds.map((round) => of(round).level)),
    ringkv: median(rounds.map((round) => of(round).ringkv)),
  });
  return {
    opsPerSecond: medians(({ opsPerSecond }) => opsPerSecond),
    cpuUsPerOp: medians(({ cpuUsPerOp }) => cpuUsPerOp),
    ratio: median(ratios),
    ratioMin: Math.min(...ratios),
    ratioMax: Math.max(...ratios),
  };
}

export class Comparison {
  private readonly engines: Engines;
  private readonly process: Worker;
  private readonly rounds = new Map<string, Round[]>();

  /** `process`: the one that both stores run in. */
  constructor(engines: Engines, process: Worker) {
    this.engines = engines;
    this.process = process;
  }

  /** One more round of an operation: `run` does it `operations` times. Waits afterwards until nothing is left to do in the background. */
  async measure(name: string, operations: number, run: (engine: Engine) => Promise<void>): Promise<void> {
    const rounds = this.roundsOf(name);
    const opsPerSecond = { level: 0, ringkv: 0 };
    const cpuUsPerOp = { level: 0, ringkv: 0 };
    for (const engine of orderOf(rounds.length)) {
      const cpuUs = this.process.cpuUs();
      const startedMs = performance.now();
      await run(this.engines[engine]);
      opsPerSecond[engine] = (operations * 1000) / (performance.now() - startedMs);
      cpuUsPerOp[engine] = ((await settle(this.process)) - cpuUs) / operations;
    }
    rounds.push({ opsPerSecond, cpuUsPerOp });
  }

  /** Throws if the operation was not measured. */
  summary(name: string): Summary {
    return summarize(this.roundsOf(name));
  }

  private roundsOf(name: string): Round[] {
    let rounds = this.rounds.get(name);
    if (rounds === undefined) this.rounds.set(name, (rounds = []));
    return rounds;
  }
}
