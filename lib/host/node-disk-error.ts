import { DiskError } from '../base/errors.js';

/** What was thrown by a call of node:fs, as the DiskError with the system's code that the ports promise. */
export function diskError(path: string, doing: string, cause: unknown): DiskError {
  if (cause instanceof DiskError) return cause;
  const error = cause instanceof Error ? cause : new Error(String(cause));
  const code = (error as NodeJS.ErrnoException).code ?? 'EUNKNOWN';
  return new DiskError(code, path, `${doing} failed: ${error.message}`, { cause });
}
