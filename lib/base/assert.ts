/** Something that must hold does not: a bug of ours. The process stops on it. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** Asserts what the code believes. Kept on in production: keep `condition` cheap and `message` a literal. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}
