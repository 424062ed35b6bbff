/** What one run of one unit of the suite came to, for the most part read from what the suite's runner printed. */

export interface TestResult {
  readonly name: string;
  readonly passed: boolean;
  /** What the runner said of a failure: the assertion, and where in the unit it stands. Empty for a pass. */
  readonly message: string;
}

/** Names may come more than once: some units have two tests of one name. */
export interface UnitRun {
  /** The tests that ran to an end, in their order. */
  readonly tests: readonly TestResult[];
  /** Names that the runner was told not to start. */
  readonly held: readonly string[];
  /** Errors outside any test: the rest of that block of the unit did not run. */
  readonly aborts: readonly string[];
  /** The test that was running when nothing more happened, if the runner gave up on one. */
  readonly hungIn: string | null;
  /** Whether the runner came to the unit's last line. */
  readonly completed: boolean;
}

/** What the unit came to, and what is only known from outside the runner. */
export interface UnitReport extends UnitRun {
  readonly seconds: number;
  /** Whether the unit's time was over before the runner ended. */
  readonly timedOut: boolean;
  /** How the server ended by itself, with its last words; null if it was still there after the unit. */
  readonly serverEnd: string | null;
  /** All that the runner printed. */
  readonly output: string;
}

const STATUS_LINE = /^\[(ok|err|exception|skip|ignore|ready|TIMEOUT|\d+\/\d+ done)\]: (.*)$/;
const PASSED = /^(.*) \(\d+ ms\)$/;
const FAILED = /^(.*) in tests\/\S+\.tcl$/;
const IN_PROGRESS = /^\S+ => \(IN PROGRESS\) (.*)$/;
/** The runner's closing report says the failures again. */
const THE_END = /^ +The End$/;

/**
 * Reads the runner's output:
 *
 *     [ok]: NAME (12 ms)
 *     [err]: NAME in tests/unit/x.tcl      and lines of explanation, up to the next status line
 *     [err]: TEXT                          an error outside any test
 *     [exception]: TEXT                    the same, and the runner ends
 *     [skip]: NAME                         named in the skip file
 *     [ignore]: TEXT                       left out by its tag
 *     [TIMEOUT]: TEXT                      no progress; then `sock => (IN PROGRESS) NAME`
 *     [1/1 done]: UNIT (3 seconds)
 */
export function parseUnitRun(output: string): UnitRun {
  const tests: TestResult[] = [];
  const held: string[] = [];
  const aborts: string[] = [];
  let hungIn: string | null = null;
  let completed = false;
  for (const { status, first, rest } of statusBlocks(output)) {
    if (status === 'ok') tests.push({ name: matchOr(PASSED, first), passed: true, message: '' });
    else if (status === 'err') {
      const name = FAILED.exec(first)?.[1];
      if (name === undefined) aborts.push([first, ...rest].join('\n'));
      else tests.push({ name, passed: false, message: explanation(rest) });
    } else if (status === 'exception') aborts.push([first, ...rest].join('\n'));
    else if (status === 'skip') held.push(first);
    else if (status === 'TIMEOUT') hungIn = testInProgress(rest);
    else if (status.endsWith('done')) completed = true;
  }
  return { tests, held, aborts, hungIn, completed };
}

/** Whether the line is the end of one test: what a progress bar counts. */
export function endsTest(line: string): boolean {
  return line.startsWith('[ok]: ') || line.startsWith('[err]: ');
}

interface StatusBlock {
  readonly status: string;
  /** The status line itself, after the colon. */
  readonly first: string;
  /** The lines up to the next one. */
  readonly rest: readonly string[];
}

function statusBlocks(output: string): StatusBlock[] {
  const blocks: { status: string; first: string; rest: string[] }[] = [];
  for (const line of output.split('\n')) {
    if (THE_END.test(line)) break;
    const match = STATUS_LINE.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined)
      blocks.push({ status: match[1], first: match[2], rest: [] });
    else blocks.at(-1)?.rest.push(line);
  }
  return blocks;
}

/**
 * What the runner says of a failure. Of an error reply it first prints all but ten characters, for which it takes them
 * to be `assertion:`, and then the whole.
 */
function explanation(lines: readonly string[]): string {
  const [first, second] = lines;
  const saidTwice =
    first !== undefined && second !== undefined && second.length > first.length && second.endsWith(first);
  return lines
    .slice(saidTwice ? 1 : 0)
    .join('\n')
    .trim();
}

function matchOr(pattern: RegExp, text: string): string {
  return pattern.exec(text)?.[1] ?? text;
}

function testInProgress(lines: readonly string[]): string {
  for (const line of lines) {
    const name = IN_PROGRESS.exec(line)?.[1];
    if (name !== undefined) return name;
  }
  return '(between two tests)';
}
