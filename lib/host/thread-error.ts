/**
 * Errors on their way from one thread to another. The structured clone keeps of an Error of ours only its message: so what
 * crosses is an image of it, and the asker gets an error of the same class.
 */

import { AssertionError } from '../base/assert.js';
import { CorruptionError, DiskError } from '../base/errors.js';

/** An error as plain data. `code`, `path` and `offset` where its class has them. */
export interface ErrorImage {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  readonly code?: string;
  readonly path?: string;
  readonly offset?: number;
}

/** The thread ended before it answered. */
export class ThreadDiedError extends Error {
  override readonly name = 'ThreadDiedError';
  readonly code = 'ETHREAD';
}

export function imageOfError(error: unknown): ErrorImage {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), stack: '' };
  const { name, message, stack = '' } = error;
  if (error instanceof DiskError) return { name, message, stack, code: error.code, path: error.path };
  if (error instanceof CorruptionError) return { name, message, stack, path: error.path, offset: error.offset };
  return { name, message, stack };
}

/** The error again. Its stack is the one of the other thread. */
export function errorOfImage(image: ErrorImage): Error {
  const error = create(image);
  if (image.stack !== '') error.stack = image.stack;
  return error;
}

function create({ name, message, code = '', path = '', offset = 0 }: ErrorImage): Error {
  // The classes put the path, and the offset, before the message that they are given.
  if (name === 'DiskError') return new DiskError(code, path, message.slice(`${path}: `.length));
  if (name === 'CorruptionError') {
    return new CorruptionError(path, offset, message.slice(`${path}: at offset ${offset}: `.length));
  }
  if (name === 'AssertionError') return new AssertionError(message);
  return new Error(name === 'Error' ? message : `${name}: ${message}`);
}
