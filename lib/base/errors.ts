/**
 * Errors of operation: the disk, a peer, a file that is not what it should be. Each is a class with a
 * `code` and, where there is one, a `cause`. A client's mistake is a reply instead; our own mistake an
 * AssertionError (assert.ts).
 */

/** A disk call failed. `code` is the system's (`ENOSPC`, `EIO`, ...), or `ELOCKED`. */
export class DiskError extends Error {
  override readonly name = 'DiskError';
  readonly code: string;
  readonly path: string;

  constructor(code: string, path: string, message: string, options?: ErrorOptions) {
    super(`${path}: ${message}`, options);
    this.code = code;
    this.path = path;
  }
}

/** Bytes on disk that are not what was written. The node does not go on over them. */
export class CorruptionError extends Error {
  override readonly name = 'CorruptionError';
  readonly code = 'CORRUPT';
  readonly path: string;
  /** Byte offset in the file at which the damage begins. */
  readonly offset: number;

  constructor(path: string, offset: number, message: string, options?: ErrorOptions) {
    super(`${path}: at offset ${offset}: ${message}`, options);
    this.path = path;
    this.offset = offset;
  }
}

/** The configuration cannot be used; `message` names the place and what was expected. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'CONFIG';
}
