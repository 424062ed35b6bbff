import { expect } from 'chai';
import { ConfigError } from '../../../lib/base/errors.js';
import { busOfSeed, busPortAbove } from '../../../lib/server/ring/seed-address.js';

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

describe('busPortAbove', () => {
  it('is 10000 above, and must be a port', () => {
    expect(busPortAbove(55_535)).to.equal(65_535);
    expect(() => busPortAbove(60_000)).to.throw(ConfigError, 'there is no port 70000');
  });
});
