/**
 * What a client may send, as Redis's options of the same names say. One object is shared by the parsers of all
 * connections, so that CONFIG SET reaches every one of them.
 */
export class RequestLimits {
  /** `proto-max-bulk-len`: the longest argument, in bytes. */
  protoMaxBulkLength = 512 * 1024 * 1024;
  /**
   * `client-query-buffer-limit`: the most unparsed bytes of a connection, so the longest request too. Offsets are
   * 32 bits wide: more than `QUERY_BUFFER_BYTES_MAX` is taken as that.
   */
  clientQueryBufferLimit = 1024 * 1024 * 1024;
}

export const QUERY_BUFFER_BYTES_MAX = 2 ** 31 - 1;
