/** Stands where there is no buffer at the moment. One object, so that it can be told by identity. */
export const EMPTY: Buffer = Buffer.alloc(0);
