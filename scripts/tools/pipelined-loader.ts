/**
 * Fills a server with keys as fast as one connection can, and reads them back as fast.
 *
 * Keys are a prefix and twelve digits, as redis-benchmark names them with `-r`: `key:000000000001`.
 */
import { DIGITS, exchange, type NumberedText } from './pipelined-exchange.js';

/** Which keys: `first` to `first + count - 1`, or those that `numberAt` names. */
export interface KeyOptions {
  readonly port: number;
  readonly count: number;
  readonly first?: number;
  /** The numbers of the keys, by their turn from 0 to `count - 1`; in place of `first`. */
  readonly numberAt?: (turn: number) => number;
  /** Default `key:`, which makes keys of 16 bytes. */
  readonly prefix?: string;
  /** Called with the number of keys that were answered since the last call. */
  readonly onProgress?: (keys: number) => void;
}

export interface LoadOptions extends KeyOptions {
  /** One value for all keys. Default: `valueBytes` letters. */
  readonly value?: string;
  /** Default 64. */
  readonly valueBytes?: number;
  /** Values begin with the key's digits, in place of their own: so that `readKeys` can tell them apart. */
  readonly stamped?: boolean;
}

/** Keys that `loadKeys` has written, `stamped`, with values of so many bytes. */
export interface ReadOptions extends KeyOptions {
  readonly valueBytes: number;
}

/** The name of a key that the loader, or redis-benchmark, writes. */
export function keyName(prefix: string, index: number): string {
  return prefix + String(index).padStart(DIGITS, '0');
}

/** Letters that compress badly and are no number, the same for every call with the same length. */
export function sampleValue(bytes: number): string {
  let state = 1;
  let text = '';
  for (let at = 0; at < bytes; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    text += String.fromCharCode(97 + ((state >>> 16) % 26));
  }
  return text;
}

/** The value that a stamped key has. */
export function stampedValue(index: number, bytes: number): string {
  return keyName('', index) + sampleValue(bytes).slice(DIGITS);
}

/** Resolves when the server has acknowledged every key; rejects at the first reply that is not +OK. */
export function loadKeys(options: LoadOptions): Promise<void> {
  const value = options.value ?? sampleValue(options.valueBytes ?? 64);
  const [head, tail] = command('SET', options);
  const before = `${tail}$${Buffer.byteLength(value)}\r\n`;
  const request =
    options.stamped === true ? [head, before, `${value.slice(DIGITS)}\r\n`] : [head, `${before}${value}\r\n`];
  return exchange({ ...options, numberAt: numbersOf(options), request, reply: ['+OK\r\n'] });
}

/** Resolves when every key was read; rejects at the first one that does not have its value. */
export function readKeys(options: ReadOptions): Promise<void> {
  const { valueBytes } = options;
  const reply = [`$${valueBytes}\r\n`, `${sampleValue(valueBytes).slice(DIGITS)}\r\n`];
  return exchange({ ...options, numberAt: numbersOf(options), request: command('GET', options), reply });
}

/** Resolves when the server has said of every key that it is not there; rejects at the first that is. */
export function readMissingKeys(options: KeyOptions): Promise<void> {
  return exchange({ ...options, numberAt: numbersOf(options), request: command('GET', options), reply: ['$-1\r\n'] });
}

/** The command's name and key; what else SET has follows. */
function command(name: 'GET' | 'SET', { prefix = 'key:' }: KeyOptions): NumberedText & { readonly length: 2 } {
  const keyBytes = Buffer.byteLength(prefix) + DIGITS;
  return [`*${name === 'SET' ? 3 : 2}\r\n$3\r\n${name}\r\n$${keyBytes}\r\n${prefix}`, '\r\n'];
}

function numbersOf({ first = 0, numberAt }: KeyOptions): (turn: number) => number {
  return numberAt ?? ((turn) => first + turn);
}
