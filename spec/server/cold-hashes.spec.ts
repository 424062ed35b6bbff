import { expect } from 'chai';
import { ColdNode } from './cold-node.js';

const FIELDS = 50_000;
const CHANGES = 1000;
const BATCH = 1000;
/** They are in many parts of the hash. */
const STRIDE = 7919;

async function figure(node: ColdNode, name: string): Promise<number> {
  const found = new RegExp(`^${name}:(\\d+)`, 'm').exec(String(await node.ask('INFO', 'storage')))?.[1];
  if (found === undefined) throw new Error(`INFO storage has no ${name}`);
  return Number(found);
}

describe('a large hash on disk', () => {
  it('has its changed fields logged and flushed, and not itself', async function () {
    this.timeout(30_000);
    const node = await ColdNode.start('maxmemory-policy noeviction');
    for (let first = 0; first < FIELDS; first += BATCH) {
      const words = Array.from({ length: BATCH }, (_, i) => [
        `field ${first + i}`,
        `${'value '.repeat(8)}${first + i}`,
      ]);
      expect(await node.ask('HSET', 'hash', ...words.flat())).to.equal(BATCH);
    }
    expect([await node.ask('SAVE'), await node.ask('COMPACT')]).to.deep.equal(['OK', 'OK']);
    expect(await figure(node, 'table_bytes'), 'bytes of tables').to.be.above(1_000_000);
    const [appended, flushed] = [await figure(node, 'log_appended_bytes'), await figure(node, 'flush_written_bytes')];
    for (let i = 0; i < CHANGES; i++) node.client.send('HSET', 'hash', `field ${(i * STRIDE) % FIELDS}`, `new ${i}`);
    await node.run();
    expect(node.client.replies()).to.deep.equal(Array.from({ length: CHANGES }, () => 0));
    expect((await figure(node, 'log_appended_bytes')) - appended, 'appended').to.be.within(CHANGES, 200_000);
    expect(await node.ask('SAVE')).to.equal('OK');
    expect((await figure(node, 'flush_written_bytes')) - flushed, 'flushed').to.be.within(CHANGES, 200_000);
    await node.forget();
    expect(await node.ask('HLEN', 'hash')).to.equal(FIELDS);
    const fields = [0, STRIDE, 1].map((number) => `field ${number}`);
    const old = `${'value '.repeat(8)}1`;
    expect(await node.ask('HMGET', 'hash', ...fields)).to.deep.equal(['new 0', 'new 1', old]);
  });
});
