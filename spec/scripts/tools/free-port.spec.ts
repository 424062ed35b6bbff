import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect } from 'chai';
import { freePort, isPortFree } from '../../../scripts/tools/free-port.js';

describe('freePort', () => {
  it('gives a port that can be listened on, below the outgoing range', async () => {
    const port = await freePort();
    expect(port).to.be.within(20_000, 31_999);
    expect(await isPortFree(port)).to.equal(true);
  });
});

describe('isPortFree', () => {
  it('says no while somebody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    expect(await isPortFree((server.address() as AddressInfo).port)).to.equal(false);
    server.close();
  });
});
