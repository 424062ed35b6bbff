import { expect } from 'chai';
import { settle } from '../../../scripts/bench/settle.js';

describe('settle', () => {
  async function looksAt(usedUs: readonly number[]): Promise<{ cpuUs: number; waits: number }> {
    let waits = 0;
    let sum = 0;
    const cpuUs = () => (sum += usedUs[waits] ?? usedUs.at(-1) ?? 0);
    const result = await settle({ cpuUs }, () => Promise.resolve(waits++));
    return { cpuUs: result, waits };
  }

  it('waits for a server until it is at rest, and counts what it used', async () => {
    expect(await looksAt([1000, 90_000, 50_000, 100])).to.deep.equal({ cpuUs: 141_100, waits: 3 });
  });

  it('gives up on one that never is', async () => {
    expect((await looksAt([90_000])).waits).to.equal(100);
  });
});
