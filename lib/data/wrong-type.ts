/** What Redis answers to a command that finds a key of another type than its own. */
export const WRONG_TYPE_ERROR = 'WRONGTYPE Operation against a key holding the wrong kind of value';

/**
 * Thrown by a command that finds a key of another type than its own, before it changes anything: the executor takes back what was answered,
 * and answers WRONG_TYPE_ERROR. One object for all, as COLD_KEY is: it costs no stack trace.
 */
class WrongTypeSignal extends Error {
  override readonly name = 'WrongTypeSignal';
}

const { stackTraceLimit } = Error;
Error.stackTraceLimit = 0;
export const WRONG_TYPE = new WrongTypeSignal(WRONG_TYPE_ERROR);
Error.stackTraceLimit = stackTraceLimit;
