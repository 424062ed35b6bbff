import { expect } from 'chai';
import { ColdNode } from './cold-node.js';

const ROUNDS = 20;
const ROUND = 1000;

/** Bytes of all tables. */
function tableBytes({ disk }: ColdNode): number {
  const path = '/data/tables';
  return disk
    .list(path)
    .filter((name) => name.endsWith('.sst'))
    .reduce((bytes, name) => bytes + disk.sizeOf(`${path}/${name}`), 0);
}

describe('a queue on disk', () => {
  it('leaves next to nothing of what went through it, and its load reads none of that', async function () {
    this.timeout(30_000);
    const node = await ColdNode.start('maxmemory-policy noeviction');
    const elements = Array.from({ length: ROUND }, (_, i) => `element ${i}`);
    await node.ask('RPUSH', 'queue', 'a', 'b', 'c');
    for (let i = 0; i < ROUNDS; i++) {
      await node.ask('RPUSH', 'queue', ...elements);
      expect(await node.ask('LPOP', 'queue', ROUND)).to.have.length(ROUND);
      if (i % 7 === 0) expect(await node.ask('SAVE')).to.equal('OK');
    }
    const left = elements.slice(-3);
    expect(await node.ask('LRANGE', 'queue', 0, -1)).to.deep.equal(left);
    expect(await node.ask('SAVE')).to.equal('OK');
    expect(await node.ask('COMPACT')).to.equal('OK');
    expect(tableBytes(node), 'bytes of tables').to.be.within(1, 2048);
    await node.forget();
    expect(await node.ask('LRANGE', 'queue', 0, -1)).to.deep.equal(left);
    expect(node.reads.length, 'reads of tables').to.be.at.most(2);
    expect(await node.ask('LPOP', 'queue', 3)).to.deep.equal(left);
    expect(await node.ask('EXISTS', 'queue')).to.equal(0);
    await node.forget();
    expect(await node.ask('EXISTS', 'queue')).to.equal(0);
  });
});
