import { expect } from 'chai';
import { Harness } from './harness.js';

describe('repeatedCount', () => {
  const commands: [string, string[]][] = [
    ['srandmember', ['sadd', 'key', 'a']],
    ['hrandfield', ['hset', 'key', 'a', '1']],
    ['zrandmember', ['zadd', 'key', '1', 'a']],
  ];

  for (const [name, [add, ...args]] of commands) {
    // The server ended: the count could not be written, or the reply was longer than a buffer.
    it(`refuses what no reply can hold: ${name}`, () => {
      const harness = new Harness();
      for (const count of ['-4294967296', '-4611686018427387904', '-9223372036854775807']) {
        expect(harness.run(name, 'key', count)).to.deep.equal([]);
      }
      harness.run(add, ...args);
      for (const count of ['-4294967296', '-4611686018427387904', '-9223372036854775807']) {
        expect(harness.error(name, 'key', count)).to.equal('ERR value is out of range');
      }
      expect(harness.run(name, 'key', '-3')).to.deep.equal(['a', 'a', 'a']);
    });
  }
});
