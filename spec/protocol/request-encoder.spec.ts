import { expect } from 'chai';
import fc from 'fast-check';
import { encodeArgs, encodeWords, pickArgs } from '../../lib/protocol/request-encoder.js';
import { RequestLimits } from '../../lib/protocol/request-limits.js';
import { PARSED, RequestParser } from '../../lib/protocol/request-parser.js';
import type { Args } from '../../lib/protocol/args.js';

function parse(bytes: Buffer): Args {
  const parser = new RequestParser(new RequestLimits());
  parser.authenticated = true;
  parser.feed(bytes, 0, bytes.length);
  expect(parser.next()).to.equal(PARSED);
  return parser.args.clone();
}

function words(args: Args): string[] {
  return Array.from({ length: args.count }, (_, i) => args.text(i));
}

const latin1 = fc.array(fc.string({ unit: fc.nat(255).map((code) => String.fromCharCode(code)), maxLength: 20 }), {
  minLength: 1,
  maxLength: 8,
});

describe('encodeArgs', () => {
  it('writes what the parser reads, with every byte as it was', () => {
    fc.assert(
      fc.property(latin1, (request) => {
        const args = parse(encodeWords(request));
        expect(words(args)).to.deep.equal(request);
        expect(words(parse(encodeArgs(args)))).to.deep.equal(request);
      }),
    );
  });
});

describe('pickArgs', () => {
  it('has some arguments, in the order that was asked for, and its own bytes', () => {
    const args = parse(encodeWords(['MSET', 'a', '1', 'b', '2']));
    const picked = pickArgs(args, [0, 3, 4]);
    args.buffer.fill(0);
    expect(words(picked)).to.deep.equal(['MSET', 'b', '2']);
  });
});
