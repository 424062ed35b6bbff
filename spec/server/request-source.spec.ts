import { expect } from 'chai';
import { RequestLimits } from '../../lib/protocol/request-limits.js';
import { PARSED } from '../../lib/protocol/request-parser.js';
import { RequestSource } from '../../lib/server/request-source.js';
import { requestOf } from './node-bench.js';

/** A source that ECHO was sent so often, each time with its number. */
function sourceOf(count: number): RequestSource {
  const source = new RequestSource(new RequestLimits());
  const bytes = Buffer.concat(Array.from({ length: count }, (_, i) => requestOf('ECHO', i)));
  source.feed(bytes, bytes.length);
  return source;
}

/** The numbers of all requests that are left. */
function rest(source: RequestSource): number[] {
  const numbers: number[] = [];
  while (source.next() === PARSED) numbers.push(Number(source.args.text(1)));
  return numbers;
}

describe('RequestSource', () => {
  it('gives the requests in order, whether or not some were looked at beforehand', () => {
    const source = sourceOf(200);
    expect(source.next()).to.equal(PARSED);
    const seen: number[] = [];
    source.lookAhead((args) => seen.push(Number(args.text(1))) > 0);
    expect(seen[0]).to.equal(1);
    expect(seen.length).to.equal(128);
    source.lookAhead(() => {
      throw new Error('they were looked at already');
    });
    source.retain();
    expect(source.hasAhead).to.equal(true);
    expect(rest(source)).to.deep.equal(Array.from({ length: 199 }, (_, i) => i + 1));
    expect(source.hasAhead).to.equal(false);
  });

  it('gives a request that was put back first, and says that it is there again', () => {
    const source = sourceOf(3);
    source.next();
    const args = source.args.clone();
    source.lookAhead(() => true);
    source.putBack(args);
    expect(source.isAgain).to.equal(true);
    source.next();
    expect(source.args.text(1)).to.equal('0');
    expect(source.isAgain).to.equal(false);
    expect(rest(source)).to.deep.equal([1, 2]);
  });

  it('shows the next ones again when half of them have been taken, or the first of which not all was done', () => {
    const source = sourceOf(300);
    const look = (isDone: (number: number) => boolean): number[] => {
      const seen: number[] = [];
      source.lookAhead((args) => {
        seen.push(Number(args.text(1)));
        return isDone(seen.at(-1) ?? 0);
      });
      return seen;
    };
    const take = (count: number): void => {
      for (let i = 0; i < count; i++) expect(source.next()).to.equal(PARSED);
    };
    take(1);
    expect(look(() => true)).to.deep.equal(Array.from({ length: 128 }, (_, i) => i + 1));
    take(63);
    expect(look(() => true)).to.deep.equal([]);
    take(1);
    expect(look((number) => number !== 67)).to.deep.equal(Array.from({ length: 128 }, (_, i) => i + 65));
    take(2);
    expect(look(() => true)).to.deep.equal([]);
    take(1);
    expect(source.args.text(1)).to.equal('67');
    source.putBack(source.args);
    expect(
      look(() => true),
      'it has its turn once more',
    ).to.deep.equal([]);
    take(1);
    expect(look(() => true)).to.deep.equal(Array.from({ length: 128 }, (_, i) => i + 68));
    expect(rest(source)).to.deep.equal(Array.from({ length: 232 }, (_, i) => i + 68));
  });

  it('is full with 64 KiB that were not parsed', () => {
    const source = sourceOf(1);
    expect(source.isFull).to.equal(false);
    source.next();
    source.retain();
    const bytes = requestOf('ECHO', Buffer.alloc(64 * 1024));
    source.feed(bytes, bytes.length);
    expect(source.isFull).to.equal(true);
  });
});
