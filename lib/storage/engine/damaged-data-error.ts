/** What is asked for may lie in a table that is damaged or lost. Nothing is answered instead: it could be wrong. */
export class DamagedDataError extends Error {
  override readonly name = 'DamagedDataError';
  readonly code = 'DAMAGED';

  constructor(path: string, reason: string) {
    super(`this data may be in ${path}, which is not to be read: ${reason}`);
  }
}
