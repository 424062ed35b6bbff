/** How cjson writes and reads; scripts change it for all that come after them. */
export interface JsonSettings {
  /** Arrays with holes: written as objects (`true`), or refused; from what size on, and how many holes an item. */
  sparseConvert: boolean;
  sparseRatio: number;
  sparseSafe: number;
  encodeDepthMax: number;
  decodeDepthMax: number;
  /** NaN and the infinities: refused, written, or written as null. */
  encodeInvalidNumbers: 'off' | 'on' | 'null';
  decodeInvalidNumbers: 'off' | 'on';
  /** Significant digits. */
  numberPrecision: number;
  /** Does nothing here. */
  keepBuffer: boolean;
}

export function defaultJsonSettings(): JsonSettings {
  return {
    sparseConvert: false,
    sparseRatio: 2,
    sparseSafe: 10,
    encodeDepthMax: 1000,
    decodeDepthMax: 1000,
    encodeInvalidNumbers: 'off',
    decodeInvalidNumbers: 'on',
    numberPrecision: 14,
    keepBuffer: true,
  };
}
