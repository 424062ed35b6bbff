/** Random input of one kind, tried again and again; what makes the test fail is made small by fast-check. */
import fc, { type Arbitrary } from 'fast-check';
import { errorText } from '../tools/error-text.js';

export interface ExperimentOptions<Input> {
  readonly name: string;
  readonly arbitrary: Arbitrary<Input>;
  /** Rejects if the input does what must not be. Called for one input at a time; must not depend on those before. */
  readonly test: (input: Input) => Promise<void>;
  /** The input that made the test reject with `error` for people, a line for each command or write. */
  readonly describe: (input: Input, error: unknown) => readonly string[];
  /** How many commands (of raw bytes: connections) an input is. */
  readonly sizeOf: (input: Input) => number;
}

/** Something that must not be, with the smallest input that was found to cause it. */
export interface Failure {
  /** The seed of the runs that it came up in. */
  readonly seed: number;
  readonly input: readonly string[];
  readonly error: string;
}

export interface ExperimentOutcome {
  /** Inputs that were tried, without those that made a failure smaller; and their sizes together. */
  readonly runs: number;
  readonly size: number;
  readonly failure: Failure | undefined;
}

/** To make a failure small, no more time is taken than this. */
const SHRINK_MS_MAX = 60_000;

/** An experiment, whatever its input is. */
export interface Experiment {
  readonly name: string;
  /** Tries `runs` random inputs, the same for the same seed, until one fails. */
  run(seed: number, runs: number): Promise<ExperimentOutcome>;
}

export function experiment<Input>(options: ExperimentOptions<Input>): Experiment {
  return { name: options.name, run: (seed, runs) => runInputs(options, seed, runs) };
}

async function runInputs<Input>(
  { arbitrary, test, describe, sizeOf }: ExperimentOptions<Input>,
  seed: number,
  numRuns: number,
): Promise<ExperimentOutcome> {
  let runs = 0;
  let size = 0;
  let failedMs = Infinity;
  const property = fc.asyncProperty(arbitrary, async (input) => {
    if (performance.now() - failedMs > SHRINK_MS_MAX) return;
    if (failedMs === Infinity) {
      runs++;
      size += sizeOf(input);
    }
    try {
      await test(input);
    } catch (error) {
      failedMs = Math.min(failedMs, performance.now());
      throw error;
    }
  });
  const { counterexample, errorInstance } = await fc.check(property, { seed, numRuns });
  if (counterexample === null) return { runs, size, failure: undefined };
  const failure = { seed, input: describe(counterexample[0], errorInstance), error: errorText(errorInstance) };
  return { runs, size, failure };
}
