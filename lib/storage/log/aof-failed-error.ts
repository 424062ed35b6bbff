/** The append-only file has failed and takes nothing more. `cause` is the disk's error that ended it. */
export class LogFailedError extends Error {
  override readonly name = 'LogFailedError';
  readonly code = 'LOGFAILED';

  constructor(directory: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`${directory}: the append-only file takes no more writes until a restart: ${why}`, { cause });
  }
}
