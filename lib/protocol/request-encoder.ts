import { copyBytes } from '../base/bytes.js';
import { Args } from './args.js';

const LINE_BYTES_MAX = 16;

/** A request as bytes: an array of bulk strings. */
export function encodeArgs(args: Args): Buffer {
  let bytes = LINE_BYTES_MAX;
  for (let i = 0; i < args.count; i++) bytes += args.lengthOf(i) + LINE_BYTES_MAX;
  const target = Buffer.allocUnsafe(bytes);
  let at = target.write(`*${args.count}\r\n`, 0, 'latin1');
  for (let i = 0; i < args.count; i++) {
    at += target.write(`$${args.lengthOf(i)}\r\n`, at, 'latin1');
    at = copyBytes(args.buffer, args.start[i], args.end[i], target, at);
    at += target.write('\r\n', at, 'latin1');
  }
  return target.subarray(0, at);
}

/** The same for words in latin1. */
export function encodeWords(words: readonly string[]): Buffer {
  const lines = words.map((word) => `$${word.length}\r\n${word}\r\n`);
  return Buffer.from(`*${words.length}\r\n${lines.join('')}`, 'latin1');
}

/** A request with another argument i, in latin1. */
export function replaceArg(args: Args, i: number, text: string): Args {
  const replaced = new Args();
  const { length } = args.buffer;
  replaced.buffer = Buffer.concat([args.buffer, Buffer.from(text, 'latin1')]);
  for (let j = 0; j < args.count; j++) {
    if (j === i) replaced.push(length, length + text.length);
    else replaced.push(args.start[j], args.end[j]);
  }
  return replaced.clone();
}

/** Some arguments of a request, in a request of its own. */
export function pickArgs(args: Args, indexes: readonly number[]): Args {
  const picked = new Args();
  picked.buffer = args.buffer;
  for (const i of indexes) picked.push(args.start[i], args.end[i]);
  return picked.clone();
}
