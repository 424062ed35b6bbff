import { expect } from 'chai';
import { FakeServer } from './fake-server.js';

async function lolwut(...words: (string | number)[]): Promise<string[]> {
  return (await new FakeServer().connect().askText('lolwut', ...words)).split('\n');
}

describe('commands/lolwut', () => {
  it('LOLWUT draws a ring, and says the version', async () => {
    const lines = await lolwut();
    expect(lines).to.have.length(24);
    expect(lines[22]).to.equal('5 nodes, one ring. ringkv ver. 1.2.3');
    expect(lines.slice(0, 21).join('')).to.match(/^[A-E ]+$/);
    expect(lines[10]).to.match(/^[A-E]{1,2} {36,}[A-E]{1,2}$/);
  });

  it('LOLWUT takes a version, a radius and a number of nodes, each within bounds', async () => {
    expect(await lolwut('version', 5, 3, 1)).to.deep.equal(await lolwut(3, 1));
    expect((await lolwut(3, 1)).slice(0, 7).join('')).to.match(/^[A ]+$/);
    expect(await lolwut(1000)).to.have.length(84);
    expect(await lolwut('foo')).to.have.length(24);
    expect(await lolwut('version', 'x')).to.deep.equal(['-ERR value is not an integer or out of range']);
  });
});
