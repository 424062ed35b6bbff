/** Copies `source[start, end)` to `target` at `at`; returns the offset behind it. Short runs cost no call. */
export function copyBytes(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number {
  if (end - start > 96) {
    target.set(source.subarray(start, end), at);
    return at + end - start;
  }
  for (let i = start; i < end; i++) target[at++] = source[i];
  return at;
}
