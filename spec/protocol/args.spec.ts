import { expect } from 'chai';
import { Args } from '../../lib/protocol/args.js';

/** Arguments that stand one after the other, with three bytes before each. */
function argsOf(...texts: string[]): Args {
  const args = new Args();
  args.buffer = Buffer.from(texts.map((text) => `...${text}`).join(''), 'latin1');
  let at = 0;
  for (const text of texts) {
    args.push(at + 3, at + 3 + text.length);
    at += 3 + text.length;
  }
  return args;
}

describe('Args', () => {
  it('reads an argument as length, text, view and copy', () => {
    const args = argsOf('GET', 'k\xffy');
    expect(args.count).to.equal(2);
    expect(args.lengthOf(1)).to.equal(3);
    expect(args.text(1)).to.equal('k\xffy');
    const view = args.view(1);
    const copy = args.copy(1);
    args.buffer.fill(0);
    expect(view).to.deep.equal(Buffer.alloc(3));
    expect(copy).to.deep.equal(Buffer.from('k\xffy', 'latin1'));
  });

  it('is compares letters apart from their case, and nothing else', () => {
    const args = argsOf('GeT', 'g@t', 'gets', '[x');
    expect(args.is(0, 'get')).to.equal(true);
    expect(args.is(1, 'g`t')).to.equal(false);
    expect(args.is(2, 'get')).to.equal(false);
    expect(args.is(3, '{x')).to.equal(false);
  });

  it('push makes room and keeps what is there', () => {
    const args = new Args();
    for (let i = 0; i < 5000; i++) args.push(i, 2 * i);
    expect(args.count).to.equal(5000);
    expect(Array.from(args.start.subarray(0, 5000))).to.deep.equal(Array.from({ length: 5000 }, (_, i) => i));
    expect(args.lengthOf(4999)).to.equal(4999);
  });

  it('shift follows bytes that moved', () => {
    const args = argsOf('SET', 'k');
    args.buffer = Buffer.from(args.buffer.subarray(2));
    args.shift(2);
    expect([args.text(0), args.text(1)]).to.deep.equal(['SET', 'k']);
  });

  it('clear lets go of the bytes and of a lot of room', () => {
    const args = argsOf('SET', 'k');
    const buffer = args.buffer;
    args.reserve(100_000);
    args.clear();
    expect(args.count).to.equal(0);
    expect(args.buffer).to.not.equal(buffer);
    expect(args.start.length).to.be.below(1025);
  });

  it('drop forgets the first arguments', () => {
    const args = argsOf('WITH', 'ALL', 'GET', 'key');
    args.drop(2);
    expect([args.count, args.text(0), args.text(1)]).to.deep.equal([2, 'GET', 'key']);
    expect(args.clone().buffer.toString()).to.equal('GETkey');
  });

  it('clone lives on when the bytes are overwritten', () => {
    const args = argsOf('SET', 'key', '');
    const clone = args.clone();
    args.buffer.fill(0);
    args.clear();
    expect([clone.text(0), clone.text(1), clone.text(2)]).to.deep.equal(['SET', 'key', '']);
    expect(clone.count).to.equal(3);
  });

  it('clone copies the arguments and nothing between them', () => {
    const args = argsOf('SET', 'key');
    expect(args.clone().buffer.toString()).to.equal('SETkey');
    expect(new Args().clone().count).to.equal(0);
  });
});
