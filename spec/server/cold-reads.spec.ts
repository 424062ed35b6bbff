import { expect } from 'chai';
import { encodeStringDump } from '../../lib/data/string-dump.js';
import { ColdNode } from './cold-node.js';

type Words = readonly (string | number | Buffer)[];

const DUMP = encodeStringDump(Buffer.from('restored'));

/** So large that each has a block of its own. */
const VALUE = 'v'.repeat(9000);

async function coldNode(): Promise<ColdNode> {
  const node = await ColdNode.start();
  for (let i = 0; i < 50; i++) await node.ask('SET', `k${i}`, VALUE);
  await node.ask('SET', 'timed', VALUE, 'EX', 100);
  await node.forget();
  // Index and filter of the table are read by now: what is counted from here on is blocks.
  await node.ask('GET', 'k49');
  node.reads.length = 0;
  return node;
}

describe('reads of the disk', () => {
  it('are made by no write that does not care what is there', async () => {
    const node = await coldNode();
    const blind: Words[] = [
      ['SET', 'k0', 'x'],
      ['SET', 'k1', 'x', 'EX', 9],
      ['SET', 'k2', 'x', 'PXAT', 1],
      ['SETEX', 'k3', 9, 'x'],
      ['PSETEX', 'k4', 9, 'x'],
      ['MSET', 'k5', 'x', 'k6', 'x', 'timed', 'x'],
      ['SET', 'new', 'x', 'NX'],
      ['INCR', 'another'],
    ];
    for (const words of blind) {
      await node.ask(...words);
      expect(node.reads, words.join(' ')).to.deep.equal([]);
    }
    expect(await node.ask('MGET', 'k0', 'k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'timed', 'new')).to.deep.equal([
      'x',
      'x',
      null,
      'x',
      'x',
      'x',
      'x',
      'x',
      'x',
    ]);
    expect(await node.ask('TTL', 'timed')).to.equal(-1);
    expect(node.reads).to.deep.equal([]);
  });

  it('are made by a write that does', async () => {
    const looking: Words[] = [
      ['SET', 'k0', 'x', 'NX'],
      ['SET', 'k1', 'x', 'XX'],
      ['SET', 'k2', 'x', 'GET'],
      ['SET', 'timed', 'x', 'KEEPTTL'],
      ['SET', 'k4', 'x', 'IFEQ', VALUE],
      ['SET', 'k5', 'x', 'IFNE', 1],
      ['SETNX', 'k6', 'x'],
      ['GETSET', 'k7', 'x'],
      ['MSETNX', 'new', 'x', 'k8', 'x'],
      ['RESTORE', 'k9', 0, DUMP],
      ['APPEND', 'k10', 'x'],
      ['DEL', 'k11'],
      ['EXPIRE', 'k12', 9],
      ['RENAME', 'k13', 'new'],
    ];
    const node = await coldNode();
    for (const words of looking) {
      node.reads.length = 0;
      await node.ask(...words);
      expect(node.reads.length, words.join(' ')).to.equal(1);
    }
  });

  it('are made once for a key, and not for one that the filters do not know', async () => {
    const node = await coldNode();
    expect(await node.ask('MGET', 'k0', 'k0', 'k0')).to.deep.equal([VALUE, VALUE, VALUE]);
    expect(node.reads.length).to.equal(1);
    for (let i = 0; i < 5; i++) await node.ask('GET', 'k0');
    expect(node.reads.length).to.equal(1);
    let missing = 0;
    for (let i = 0; i < 500; i++) if ((await node.ask('GET', `nosuch${i}`)) === null) missing++;
    expect([missing, node.reads.length < 10]).to.deep.equal([500, true]);
  });

  it('are not made again for a key that the disk turned out not to have', async () => {
    const node = await coldNode();
    await node.ask('DEL', 'k0');
    await node.forget();
    expect(await node.ask('GET', 'k0')).to.equal(null);
    const { length } = node.reads;
    for (let i = 0; i < 5; i++) expect(await node.ask('SET', 'k0', 'x', 'XX')).to.equal(null);
    expect(node.reads.length).to.equal(length);
  });

  it('find what is larger than a block, and what is empty', async () => {
    const node = await ColdNode.start();
    const values = ['', 'x'.repeat(8191), 'y'.repeat(70_000), Buffer.alloc(300_000, 7).toString('latin1')];
    for (const [i, value] of values.entries()) await node.ask('SET', `k${i}`, Buffer.from(value, 'latin1'));
    await node.ask('SET', '', 'the empty key');
    await node.ask('SET', 'k'.repeat(70_000), 'a long key');
    await node.forget();
    expect(await node.ask('MGET', 'k0', 'k1', 'k2', 'k3', '', 'k'.repeat(70_000))).to.deep.equal([
      ...values,
      'the empty key',
      'a long key',
    ]);
  });

  it('go on while many more keys are asked for at a time than fit into memory', async () => {
    const node = await ColdNode.start('maxmemory 1mb');
    const keys = Array.from({ length: 300 }, (_, i) => `k${i}`);
    for (const key of keys) {
      await node.ask('SET', key, key.padEnd(9000, '.'));
      if (Number(key.slice(1)) % 50 === 0) await node.advance(1000);
    }
    await node.advance(2000);
    expect(await node.ask('MGET', ...keys)).to.deep.equal(keys.map((key) => key.padEnd(9000, '.')));
    expect(await node.ask('DEL', ...keys, 'nosuch')).to.equal(keys.length);
    expect(await node.ask('DBSIZE')).to.equal(0);
  });
});
