import { expect } from 'chai';
import { encodeListDump } from '../../lib/data/list-dump.js';
import { ColdNode } from './cold-node.js';

const KEYS = 1000;

/** A node with a list of numbers, and a weight for each, all on disk. */
async function coldNumbers(): Promise<ColdNode> {
  const node = await ColdNode.start();
  const numbers = Array.from({ length: KEYS }, (_, i) => Buffer.from(String(i)));
  await node.ask('RESTORE', 'numbers', 0, encodeListDump(numbers, -2));
  await node.ask('MSET', ...numbers.flatMap((number, i) => [`weight_${number.toString()}`, KEYS - i]));
  await node.forget();
  return node;
}

describe('SORT by keys on disk', () => {
  it('runs again for its own key alone, and not for each that a pattern names', async () => {
    const node = await coldNumbers();
    node.client.send('SORT', 'numbers', 'BY', 'weight_*', 'GET', 'weight_*', 'LIMIT', 0, 3);
    let rounds = 0;
    await node.settle();
    for (; node.pendingCount > 0; rounds++) await node.endReads();
    expect(node.client.replies()).to.deep.equal([['1', '2', '3']]);
    expect(rounds).to.be.below(10);
  });

  it('answers with an error if one of them cannot be read, and changes nothing', async () => {
    const node = await coldNumbers();
    await node.ask('SORT', 'numbers', 'LIMIT', 0, 1);
    node.onRead = () => ({ kind: 'error', code: 'EIO' });
    expect(String(await node.ask('SORT', 'numbers', 'BY', 'weight_*', 'STORE', 'to'))).to.match(/^-ERR .*\.sst/);
    node.onRead = undefined;
    expect(await node.ask('EXISTS', 'to')).to.equal(0);
    expect(await node.ask('SORT', 'numbers', 'BY', 'weight_*', 'STORE', 'to')).to.equal(KEYS);
  });
});
