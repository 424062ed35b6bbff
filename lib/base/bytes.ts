/** From this length on, a call to the engine copies faster than a loop. */
const LOOP_BYTES_MAX = 72;

/** Copies `source[start, end)` to `target` at `at`; returns the offset behind it. Short runs cost no call. The runs must not overlap. */
export function copyBytes(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number {
  if (end - start > LOOP_BYTES_MAX) {
    target.set(source.subarray(start, end), at);
    return at + end - start;
  }
  let from = start;
  for (; from + 8 <= end; from += 8, at += 8) {
    target[at] = source[from];
    target[at + 1] = source[from + 1];
    target[at + 2] = source[from + 2];
    target[at + 3] = source[from + 3];
    target[at + 4] = source[from + 4];
    target[at + 5] = source[from + 5];
    target[at + 6] = source[from + 6];
    target[at + 7] = source[from + 7];
  }
  while (from < end) target[at++] = source[from++];
  return at;
}
