import { expect } from 'chai';
import fc from 'fast-check';
import { Args } from '../../lib/protocol/args.js';
import { InlineLine } from '../../lib/protocol/inline-line.js';
import { parseStream } from './dumb-request-parser.js';

/** The words of a line (each character one byte) that stands in the middle of other bytes; undefined when the quotes do not match. */
function split(line: string): string[] | undefined {
  const args = new Args();
  const bytes = Buffer.from(`"x ${line}" y`, 'latin1');
  if (!new InlineLine(bytes, 3, 3 + line.length).split(args)) return undefined;
  bytes.fill(0);
  return Array.from({ length: args.count }, (_, i) => args.text(i));
}

describe('InlineLine split', () => {
  // What redis-server 7.0.15 makes of them.
  const lines: [string, string[] | undefined][] = [
    ['', []],
    [' \t\v\f\r', []],
    ['PING', ['PING']],
    ['  SET\tkey  value ', ['SET', 'key', 'value']],
    ['echo "a\\x41\\n\\r\\t\\b\\a\\q\\\\\\""', ['echo', 'aA\n\r\t\b\x07q\\"']],
    ['echo "\\xfF\\x4"', ['echo', '\xffx4']],
    ['echo "\\x4g\\x@1"', ['echo', 'x4gx@1']],
    ['echo "\\x', undefined],
    ["echo 'a\\n\\'b\\x41'", ['echo', "a\\n'b\\x41"]],
    ['echo a\\x41', ['echo', 'a\\x41']],
    ['echo ""', ['echo', '']],
    ['echo a"b c"', ['echo', 'ab c']],
    ["echo a'b c'", ['echo', 'ab c']],
    ['"echo" \'x\'', ['echo', 'x']],
    ['echo "a" "b"', ['echo', 'a', 'b']],
    ['echo "a"\v', ['echo', 'a']],
    ['echo \vfoo\fbar', ['echo', 'foo\fbar']],
    ['echo a\rb', ['echo', 'a', 'b']],
    ['echo "a\rb"', ['echo', 'a\rb']],
    ['echo \xff\xfe', ['echo', '\xff\xfe']],
    ['echo "a"b', undefined],
    ["echo 'a'b", undefined],
    ['echo "a""b"', undefined],
    ['echo a"b c"d', undefined],
    ['echo "a', undefined],
    ["echo 'a", undefined],
    ['echo "', undefined],
    ['echo "ab\\"', undefined],
    ['echo "ab\\', undefined],
    ["echo 'ab\\'", undefined],
  ];
  for (const [line, words] of lines) {
    it(`makes ${JSON.stringify(words) ?? 'an error'} of ${JSON.stringify(line)}`, () => {
      expect(split(line)).to.deep.equal(words);
    });
  }

  it('takes a zero byte as it is', () => {
    expect(split('echo a\0b')).to.deep.equal(['echo', 'a\0b']);
  });

  it('splits as its dumb twin does', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[anx4F "'\\\t\v\r]{0,14}$/), (line) => {
        const twin = parseStream(`_ ${line}\n`, { authenticated: true, bulkBytesMax: 0 });
        expect(split(`_ ${line}`)).to.deep.equal(twin.error === undefined ? twin.requests[0] : undefined);
      }),
      { numRuns: 1000 },
    );
  });
});
