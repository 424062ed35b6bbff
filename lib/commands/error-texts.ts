/** Error replies that several commands share, in Redis's words. */

export const UNBLOCKED = 'UNBLOCKED client unblocked via CLIENT UNBLOCK';
export const SYNTAX_ERROR = 'ERR syntax error';
export const NOT_POSITIVE = 'ERR value is out of range, must be positive';
export const NOT_AN_INTEGER = 'ERR value is not an integer or out of range';
export const STRING_TOO_LONG = 'ERR string exceeds maximum allowed size (proto-max-bulk-len)';
export const NO_SUCH_KEY = 'ERR no such key';
export const SAME_OBJECT = 'ERR source and destination objects are the same';
export const DB_OUT_OF_RANGE = 'ERR DB index is out of range';
export const NOT_A_FLOAT = 'ERR value is not a valid float';
export const NOT_A_RANGE_OF_SCORES = 'ERR min or max is not a float';
export const NOT_A_RANGE_OF_MEMBERS = 'ERR min or max not valid string range item';
/** To another member, which starts over. */
export const RING_CHANGED = 'CLUSTERDOWN the ring has changed, try again';
