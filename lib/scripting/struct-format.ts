/**
 * Formats of the library `struct` (http://www.inf.puc-rio.br/~roberto/struct/):
 *
 *   format = *( item | control )
 *   item = "b" | "B" | "h" | "H" | "l" | "L" | "T" | ("i" | "I") [size] | "f" | "d" | "s" | "x" | "c" [size]
 *   control = " " | "<" | ">" | "!" [alignment]
 *
 * Lower case is signed. `l` and `T` have 8 bytes, as on the machines that Redis runs on.
 */

const INTEGER_BYTES_MAX = 32;
const INT_MAX = 2 ** 31 - 1;
const ALIGNMENT_DEFAULT = 8;

const SIZES: ReadonlyMap<string, number> = new Map([
  ['b', 1],
  ['B', 1],
  ['h', 2],
  ['H', 2],
  ['l', 8],
  ['L', 8],
  ['T', 8],
  ['f', 4],
  ['d', 8],
  ['x', 1],
]);

/** What is wrong with a format; `isArgument`: with the first argument as such. */
export class FormatError extends Error {
  override readonly name = 'FormatError';
  readonly isArgument: boolean;

  constructor(message: string, isArgument = false) {
    super(message);
    this.isArgument = isArgument;
  }
}

/** Reads a format item by item. */
export class StructFormat {
  /** The item that was read last: its letter and its bytes; 0 if the data says how many, or if there are none. */
  option = '';
  size = 0;
  isBigEndian = false;

  private readonly text: string;
  private at = 0;
  private alignment = 1;

  constructor(text: string) {
    // C's strings end at a 0.
    this.text = text.split('\0', 1)[0];
  }

  /** Goes to the next item or control; false at the end. Throws FormatError. */
  next(): boolean {
    if (this.at === this.text.length) return false;
    this.option = this.text[this.at++];
    this.size = this.sizeOf(this.option);
    return true;
  }

  get isInteger(): boolean {
    return 'bBhHlLTiI'.includes(this.option);
  }

  get isSigned(): boolean {
    return 'bhli'.includes(this.option);
  }

  /** How many bytes there are before the item at `position`, so that it is aligned. */
  padding(position: number): number {
    if (this.size === 0 || this.option === 'c') return 0;
    const unit = Math.min(this.size, this.alignment);
    return (unit - (position & (unit - 1))) & (unit - 1);
  }

  /** Does what a control says. Throws FormatError if it is none. */
  control(): void {
    switch (this.option) {
      case ' ':
        return;
      case '<':
        this.isBigEndian = false;
        return;
      case '>':
        this.isBigEndian = true;
        return;
      case '!': {
        const alignment = this.number(ALIGNMENT_DEFAULT);
        const isPower = alignment > 0 && (alignment & (alignment - 1)) === 0;
        if (!isPower) throw new FormatError(`alignment ${alignment} is not a power of 2`);
        this.alignment = alignment;
        return;
      }
      default:
        throw new FormatError(`invalid format option '${this.option}'`, true);
    }
  }

  private sizeOf(option: string): number {
    if (option === 'c') return this.number(1);
    if (option !== 'i' && option !== 'I') return SIZES.get(option) ?? 0;
    const size = this.number(4);
    if (size > INTEGER_BYTES_MAX) {
      throw new FormatError(`integral size ${size} is larger than limit of ${INTEGER_BYTES_MAX}`);
    }
    return size;
  }

  private number(otherwise: number): number {
    const digits = /^\d+/.exec(this.text.slice(this.at))?.[0];
    if (digits === undefined) return otherwise;
    this.at += digits.length;
    if (Number(digits) > INT_MAX) throw new FormatError('integral size overflow');
    return Number(digits);
  }
}
