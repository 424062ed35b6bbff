/** The keys and values of the comparison: everything about them follows from a key's number and its version, so that what is read can be checked. */
import type { Random } from '../../../lib/host/ports.js';
import { keyName } from '../../tools/pipelined-loader.js';
import type { PutOperation } from './engine.js';

export const KEY_BYTES = 16;
export const VALUE_BYTES = 100;
const PREFIX = 'key:';
/** Values are cut from so many random bytes. */
const POOL_BYTES = 8 * 1024 * 1024;
/** Prime, so that keys' values begin at places of their own, as long as there are places. */
const STRIDE = 100_003;
const VERSION_STRIDE = 1_000_003;

export class DataSet {
  readonly count: number;
  private readonly random: Random;
  private readonly pool = Buffer.alloc(POOL_BYTES);
  /** 0, or 1 for keys that were overwritten. */
  private readonly versions: Uint8Array;
  private readonly order: Uint32Array;

  constructor(count: number, random: Random) {
    this.count = count;
    this.random = random;
    this.versions = new Uint8Array(count);
    random.fill(this.pool);
    this.order = shuffled(count, random);
  }

  /** Bytes of all keys and values. */
  get byteLength(): number {
    return this.count * (KEY_BYTES + VALUE_BYTES);
  }

  /** The numbers of all keys in a random order, from place `start` to `end`. */
  inRandomOrder(start: number, end: number): Uint32Array {
    return this.order.subarray(start, end);
  }

  /** `amount` numbers of keys at random, all of them below `limit`. */
  draw(amount: number, limit: number): Uint32Array {
    return Uint32Array.from({ length: amount }, () => this.random.uint32() % limit);
  }

  key(number: number): Buffer {
    return Buffer.from(keyName(PREFIX, number), 'latin1');
  }

  /** What the key's value is now. */
  value(number: number): Buffer {
    const at = (number * STRIDE + this.versions[number] * VERSION_STRIDE) % (POOL_BYTES - VALUE_BYTES);
    return this.pool.subarray(at, at + VALUE_BYTES);
  }

  /** The key gets another value: it is to be put. */
  change(number: number): void {
    this.versions[number] = 1;
  }

  puts(numbers: Uint32Array): PutOperation[] {
    return Array.from(numbers, (number) => ({ type: 'put', key: this.key(number), value: this.value(number) }));
  }

  /** Throws unless `found` is what the key's value is now. */
  check(number: number, found: Buffer | undefined): void {
    if (found === undefined) throw new Error(`key ${number} is lost`);
    if (!found.equals(this.value(number))) throw new Error(`key ${number} has another value than was put`);
  }
}

function shuffled(count: number, random: Random): Uint32Array {
  const numbers = Uint32Array.from({ length: count }, (_, number) => number);
  for (let i = count - 1; i > 0; i--) {
    const j = random.uint32() % (i + 1);
    [numbers[i], numbers[j]] = [numbers[j], numbers[i]];
  }
  return numbers;
}
