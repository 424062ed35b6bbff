import { expect } from 'chai';
import { commandDocs } from '../../lib/commands/docs.js';

describe('commands/docs', () => {
  it('commandDocs names each command once, in lower case, its container with it', () => {
    expect(commandDocs.size).to.be.above(150);
    for (const name of commandDocs.keys()) {
      expect(name).to.match(/^[a-z_]+(\|[a-z-]+)?$/);
      const [container] = name.split('|');
      expect(commandDocs.has(container), name).to.equal(true);
      expect(commandDocs.get(container)?.group, name).to.equal(commandDocs.get(name)?.group);
    }
  });

  it('commandDocs has one short sentence and a version for each', () => {
    for (const [name, doc] of commandDocs) {
      expect(doc.summary, name).to.match(/^[A-Z][^\n]{5,98}\.$/);
      expect(doc.since, name).to.match(/^\d+\.\d+\.\d+$/);
      expect(doc.complexity ?? 'O(1)', name).to.match(/^(O\(|Depends on )/);
    }
  });

  it('commandDocs gives no two commands the same summary', () => {
    const summaries = [...commandDocs.values()].map((doc) => doc.summary);
    expect(new Set(summaries).size).to.equal(summaries.length);
  });

  // As redis-server 7.0.15 answers to COMMAND DOCS.
  it('commandDocs knows what Redis calls deprecated', () => {
    const deprecated = [...commandDocs].filter(([, doc]) => doc.deprecated !== undefined);
    expect(deprecated.map(([name, doc]) => [name, doc.deprecated?.since])).to.deep.equal([
      ['getset', '6.2.0'],
      ['substr', '2.0.0'],
      ['hmset', '4.0.0'],
      ['brpoplpush', '6.2.0'],
      ['rpoplpush', '6.2.0'],
      ['zrangebylex', '6.2.0'],
      ['zrangebyscore', '6.2.0'],
      ['zrevrange', '6.2.0'],
      ['zrevrangebylex', '6.2.0'],
      ['zrevrangebyscore', '6.2.0'],
      ['georadius', '6.2.0'],
      ['georadius_ro', '6.2.0'],
      ['georadiusbymember', '6.2.0'],
      ['georadiusbymember_ro', '6.2.0'],
      ['cluster|slaves', '5.0.0'],
      ['cluster|slots', '7.0.0'],
    ]);
  });
});
