import { expect } from 'chai';
import { BLOCK_BYTES, BufferPool, POOLED_BYTES_MAX } from '../../lib/protocol/buffer-pool.js';

describe('BufferPool', () => {
  it('hands out a block again that was given back', () => {
    const pool = new BufferPool();
    const block = pool.take();
    expect(block).to.have.lengthOf(BLOCK_BYTES);
    pool.give(block);
    expect(pool.take()).to.equal(block);
  });

  it('never hands out a block twice', () => {
    const pool = new BufferPool();
    pool.give(pool.take());
    expect(pool.take()).to.not.equal(pool.take());
  });

  it('keeps no buffer of another length', () => {
    const pool = new BufferPool();
    for (const length of [0, BLOCK_BYTES - 1, BLOCK_BYTES + 1]) pool.give(Buffer.alloc(length));
    expect(pool.take()).to.have.lengthOf(BLOCK_BYTES);
  });

  it('hands out buffers of the next pooled length, and takes them back', () => {
    const pool = new BufferPool();
    const buffer = pool.take(BLOCK_BYTES + 1);
    expect(buffer).to.have.lengthOf(2 * BLOCK_BYTES);
    pool.give(buffer);
    expect(pool.take()).to.not.equal(buffer);
    expect(pool.take(2 * BLOCK_BYTES)).to.equal(buffer);
    expect(pool.take(POOLED_BYTES_MAX + 1)).to.have.lengthOf(POOLED_BYTES_MAX + 1);
  });

  it('keeps no more bytes than it may', () => {
    const pool = new BufferPool(BLOCK_BYTES);
    const [first, second] = [pool.take(), pool.take()];
    pool.give(first);
    pool.give(second);
    expect(pool.take()).to.equal(first);
    expect(pool.take()).to.not.equal(second);
  });
});
