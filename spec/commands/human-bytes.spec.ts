import { expect } from 'chai';
import { humanBytes } from '../../lib/commands/human-bytes.js';

describe('commands/human-bytes', () => {
  const cases: [number, string][] = [
    [0, '0B'],
    [1023, '1023B'],
    [1024, '1.00K'],
    [1536, '1.50K'],
    [1024 ** 2 - 1, '1024.00K'],
    [1024 ** 2, '1.00M'],
    [25276502016, '23.54G'],
    [3 * 1024 ** 4, '3.00T'],
    [5000 * 1024 ** 5, '5000.00P'],
  ];
  for (const [bytes, text] of cases) {
    it(`humanBytes(${bytes}) is ${text}`, () => {
      expect(humanBytes(bytes)).to.equal(text);
    });
  }
});
