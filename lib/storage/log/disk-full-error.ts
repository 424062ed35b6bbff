import { DiskError } from '../../base/errors.js';

/** The disk or a quota is full: nothing was written, and what was written before is as safe as it was. */
const FULL: readonly string[] = ['ENOSPC', 'EDQUOT'];
/** The process or the machine has no more file descriptors. */
const NO_FILES: readonly string[] = ['EMFILE', 'ENFILE'];

/**
 * There is no room for this now, and nothing of it was done: it may be tried again later. `path` is the file that was to be
 * written, `cause` the disk's DiskError.
 */
export class DiskFullError extends Error {
  override readonly name = 'DiskFullError';
  readonly code = 'DISKFULL';
  readonly path: string;

  constructor(cause: DiskError) {
    super(`no room on the disk, nothing was written: ${cause.message}`, { cause });
    this.path = cause.path;
  }
}

/** Has a write failed for want of space? Not to be asked of a sync: when that fails, written data may be lost. */
export function isDiskFull(error: unknown): error is DiskError {
  return error instanceof DiskError && FULL.includes(error.code);
}

/** Could a file not be made for want of space or of descriptors? */
export function hasNoRoomForFile(error: unknown): error is DiskError {
  return isDiskFull(error) || (error instanceof DiskError && NO_FILES.includes(error.code));
}
