import { expect } from 'chai';
import { inFlight } from '../../../../scripts/bench/level/in-flight.js';

describe('inFlight', () => {
  it('runs each once, so many at a time and no more', async () => {
    const seen: number[] = [];
    let running = 0;
    let most = 0;
    await inFlight(50, 8, async (index) => {
      seen.push(index);
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
    });
    expect(seen).to.deep.equal(Array.from({ length: 50 }, (_, index) => index));
    expect(most).to.equal(8);
    await inFlight(0, 8, () => Promise.reject(new Error('nothing to do')));
  });

  it('rejects with what one of them rejects with', async () => {
    const run = (i: number): Promise<void> => (i === 5 ? Promise.reject(new Error('five')) : Promise.resolve());
    expect(await inFlight(9, 2, run).catch(String)).to.contain('five');
  });
});
