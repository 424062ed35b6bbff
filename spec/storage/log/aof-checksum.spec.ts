import { crc32 } from 'node:zlib';
import { expect } from 'chai';
import fc from 'fast-check';

import { crc32Word } from '../../../lib/storage/log/aof-checksum.js';

describe('crc32Word', () => {
  it('gives what zlib gives for the bytes of the words', () => {
    const words = fc.array(fc.oneof(fc.integer({ min: 0, max: 0xffffffff }), fc.constantFrom(0, 1, 0xffffffff)));
    fc.assert(
      fc.property(words, (list) => {
        const bytes = Buffer.alloc(4 * list.length);
        let crc = 0;
        list.forEach((word, index) => {
          bytes.writeUInt32LE(word, 4 * index);
          crc = crc32Word(crc, word);
        });
        expect(crc >>> 0).to.equal(crc32(bytes));
      }),
    );
  });
});
