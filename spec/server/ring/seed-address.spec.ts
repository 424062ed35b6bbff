import { expect } from 'chai';
import { busOfSeed } from '../../../lib/server/ring/seed-address.js';

describe('busOfSeed', () => {
  it('is 10000 above the port of clients', () => {
    expect(busOfSeed('10.0.0.1:6379')).to.deep.equal({ host: '10.0.0.1', port: 16_379 });
    expect(busOfSeed('[::1]:7000')).to.deep.equal({ host: '::1', port: 17_000 });
  });

  it('is what stands behind an @', () => {
    expect(busOfSeed('node-1.example:6379@7946')).to.deep.equal({ host: 'node-1.example', port: 7946 });
    expect(busOfSeed('[fd00::1]:6379@7946')).to.deep.equal({ host: 'fd00::1', port: 7946 });
  });
});
