import { expect } from 'chai';
import { NodeBench } from './node-bench.js';

describe('Node', () => {
  // Fault: with as many connections as the process may have files, the next segment of the log could not be opened, and
  // writes were refused until a restart.
  it('lets no more clients in than leave files to the log', async () => {
    const bench = await NodeBench.start('maxclients 10000'); // whose process may have 1024 files
    const client = bench.connect();
    expect(await bench.ask(client, 'CONFIG', 'GET', 'maxclients')).to.deep.equal(['maxclients', '960']);
    expect(bench.lines.join('')).to.contain('# maxclients is 960, not 10000');
    expect(await bench.ask(client, 'CONFIG', 'SET', 'maxclients', 961)).to.match(/not able to handle.*try with 960/);
    expect(await bench.ask(client, 'CONFIG', 'SET', 'maxclients', 2)).to.equal('OK');
    bench.connect();
    const third = bench.connect();
    await bench.settle();
    expect(third.replies()).to.deep.equal(['-ERR max number of clients reached']);
  });

  // Fault: what was written while DEBUG LOADAOF waited for the disk was never answered, and gone from memory.
  it('keeps and answers what was written while the log was about to be read anew', async () => {
    const bench = await NodeBench.start('appendfsync always');
    const [first, admin, second, third] = [bench.connect(), bench.connect(), bench.connect(), bench.connect()];
    first.send('SET', 'a', '1');
    await bench.settle();
    admin.send('DEBUG', 'LOADAOF');
    await bench.settle();
    second.send('SET', 'b', '2');
    await bench.settle();
    third.send('SET', 'c', '3'); // in a turn that has not ended when the disk is done
    await bench.finishSyncs();
    await bench.settle();
    await bench.finishSyncs();
    await bench.settle();
    for (const client of [first, admin, second, third]) expect(client.replies()).to.deep.equal(['OK']);
    expect(await bench.ask(first, 'MGET', 'a', 'b', 'c')).to.deep.equal(['1', '2', '3']);
  });
});
