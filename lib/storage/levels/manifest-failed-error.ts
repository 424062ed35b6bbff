/** The manifest has failed and takes nothing more. `cause` is the disk's error that ended it. */
export class ManifestFailedError extends Error {
  override readonly name = 'ManifestFailedError';
  readonly code = 'MANIFESTFAILED';

  constructor(directory: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`${directory}: the manifest takes no more edits until a restart: ${why}`, { cause });
  }
}
