import { expect } from 'chai';
import fc from 'fast-check';
import { INCOMPLETE, MALFORMED, ReplyScanner, openArray } from '../../lib/protocol/reply-scanner.js';

/** Any reply, of RESP2 or RESP3. */
const reply = fc.letrec<{ reply: string }>((tie) => ({
  reply: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('+OK\r\n', '-ERR no\r\n', ':1\r\n', '_\r\n', '#t\r\n', ',1.5\r\n', '(12\r\n', '$-1\r\n', '*-1\r\n'),
    fc.string({ maxLength: 12 }).map((text) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`),
    fc.string({ maxLength: 5 }).map((text) => `=${Buffer.byteLength(text) + 4}\r\ntxt:${text}\r\n`),
    fc
      .tuple(fc.constantFrom('*', '~', '>'), fc.array(tie('reply'), { maxLength: 3 }))
      .map(([type, items]) => `${type}${items.length}\r\n${items.join('')}`),
    fc
      .array(fc.tuple(tie('reply'), tie('reply')), { maxLength: 2 })
      .map((pairs) => `%${pairs.length}\r\n${pairs.flat().join('')}`),
    fc.tuple(tie('reply'), tie('reply')).map(([key, value]) => `|1\r\n${key}${key}${value}`),
  ),
})).reply;

describe('ReplyScanner', () => {
  it('finds the end of each reply, however they are cut', () => {
    fc.assert(
      fc.property(fc.array(reply, { minLength: 1, maxLength: 5 }), fc.integer({ min: 1, max: 7 }), (replies, step) => {
        const bytes = Buffer.from(replies.join(''));
        const scanner = new ReplyScanner();
        const found: string[] = [];
        let start = 0;
        for (let length = 0; length < bytes.length;) {
          length = Math.min(bytes.length, length + step);
          for (;;) {
            const end = scanner.scan(bytes, start, length);
            if (end === INCOMPLETE) break;
            expect(end).to.be.above(start);
            found.push(bytes.toString('utf8', start, end));
            start = end;
          }
        }
        expect(found).to.deep.equal(replies);
      }),
    );
  });

  it('goes on with a reply that was moved in its buffer', () => {
    const scanner = new ReplyScanner();
    const bytes = Buffer.from('*2\r\n$3\r\nabc\r\n:1\r\n');
    const moved = Buffer.concat([Buffer.from('???'), bytes]);
    expect(scanner.scan(bytes, 0, 13)).to.equal(INCOMPLETE);
    expect(scanner.scan(moved, 3, moved.length)).to.equal(moved.length);
  });

  it('says what is no reply', () => {
    for (const text of ['x\r\n', '*x\r\n', '$\r\n', '*-2\r\n', '$1234567890123456\r\n']) {
      expect(new ReplyScanner().scan(Buffer.from(text), 0, text.length), JSON.stringify(text)).to.equal(MALFORMED);
    }
  });
});

describe('openArray', () => {
  it('finds the first item, and how many there are', () => {
    expect(openArray(Buffer.from('*12\r\n:1\r\n'), 0, 9)).to.deep.equal({ at: 5, count: 12 });
    expect(openArray(Buffer.from('*-1\r\n'), 0, 5)).to.equal(undefined);
    expect(openArray(Buffer.from('~1\r\n:1\r\n'), 0, 8)).to.equal(undefined);
  });
});
