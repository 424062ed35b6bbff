/**
 * An index into `length` elements that may count from the end (-1 is the last), counted from the start; 0 if it lies before
 * that. How GETRANGE, BITCOUNT and their like read both ends of a range.
 */
export function fromStart(index: number, length: number): number {
  return Math.max(0, index < 0 ? length + index : index);
}

/** Whether both ends lie before the start, the wrong way round: as indexes they could become equal, but they mean nothing. */
export function isReversed(first: number, last: number): boolean {
  return first < 0 && last < 0 && first > last;
}
