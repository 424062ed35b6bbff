import type { Refusal } from './handshake.js';

/**
 * Why a peer did not answer.
 *
 * `unreachable`: there is no connection, or it broke. `timeout`: no answer came in time. `overloaded`: too much was waiting to be sent to
 * the peer. `refused`: it will not. In the first three cases what was asked for may have been done or not, unless it `isUnsent`.
 */
export type PeerErrorCode = 'unreachable' | 'timeout' | 'overloaded' | 'refused';

export class PeerError extends Error {
  override readonly name = 'PeerError';
  readonly code: PeerErrorCode;
  /** Why there was no connection, where one side refused the other. */
  readonly refusal: Refusal | undefined;
  /** The connection was never made: nothing has left of what was to go by it. */
  readonly isUnsent: boolean;

  constructor(
    code: PeerErrorCode,
    message: string,
    options?: ErrorOptions & { readonly refusal?: Refusal; readonly isUnsent?: boolean },
  ) {
    super(message, options);
    this.code = code;
    this.refusal = options?.refusal;
    this.isUnsent = options?.isUnsent === true;
  }
}
