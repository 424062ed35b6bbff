import { expect } from 'chai';
import { senderTo } from '../../../lib/server/ring/gossip-sockets.js';

describe('senderTo', () => {
  const of = (...hosts: string[]): { host: string }[] => hosts.map((host) => ({ host }));

  it('is of the family of the other side, and near if that is', () => {
    const all = of('10.0.0.1', '127.0.0.1', '::1', 'fd00::1');
    expect(senderTo(all, '10.0.0.2').host).to.equal('10.0.0.1');
    expect(senderTo(all, '127.0.0.1').host).to.equal('127.0.0.1');
    expect(senderTo(all, '::1').host).to.equal('::1');
    expect(senderTo(all, 'fd00::2').host).to.equal('fd00::1');
  });

  it('is what there is, if nothing fits', () => {
    expect(senderTo(of('10.0.0.1', '10.1.0.1'), '127.0.0.1').host).to.equal('10.0.0.1');
    expect(senderTo(of('0.0.0.0'), 'fd00::2').host).to.equal('0.0.0.0');
  });
});
