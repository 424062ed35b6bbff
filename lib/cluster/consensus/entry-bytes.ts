/** The entry of which nothing is known. */
export const EMPTY_BYTES: Buffer = Buffer.alloc(0);

/** An entry travels and is logged as a whole, so there is a limit. */
export const ENTRY_BYTES_MAX = 1024 * 1024;
