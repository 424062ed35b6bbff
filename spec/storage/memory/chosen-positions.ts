import { POSITION_KEY_BYTES, PositionHasher, SLOT_SPAN } from '../../../lib/base/position.js';

/** A hasher that puts a key where its name says: `<position>:<anything>`. */
export class ChosenPositions extends PositionHasher {
  constructor() {
    super(new Uint8Array(POSITION_KEY_BYTES));
  }

  override hash(bytes: Uint8Array, start: number, end: number): void {
    const position = parseInt(Buffer.from(bytes.subarray(start, end)).toString('latin1'), 10);
    this.slot = Math.floor(position / SLOT_SPAN);
    this.high = Math.floor(position / 2 ** 32);
    this.low = position | 0;
  }
}
