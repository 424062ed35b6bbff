import { Args } from '../../lib/protocol/args.js';

/** A request of these words, each character one byte. */
export function requestOf(...words: string[]): Args {
  const args = new Args();
  args.buffer = Buffer.from(words.join(''), 'latin1');
  let at = 0;
  for (const word of words) {
    args.push(at, at + word.length);
    at += word.length;
  }
  return args;
}
