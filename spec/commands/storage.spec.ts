import { expect } from 'chai';
import { FakeServer } from './fake-server.js';

describe('commands/storage', () => {
  it('COMPACT answers when it is done, or why it was not', async () => {
    const server = new FakeServer();
    const client = server.connect();
    expect(await client.ask('compact')).to.equal('OK');
    expect(server.durability.compactions).to.equal(1);
    server.durability.rewriteError = new Error('/data/tables/1.sst: no room\r\n');
    expect(await client.ask('compact')).to.equal('-ERR /data/tables/1.sst: no room');
    expect(await client.ask('compact', 'now')).to.match(/^-ERR wrong number of arguments/);
  });

  it('BACKUP hands over the path as it is and answers when the copy is made, or why it was not', async () => {
    const server = new FakeServer();
    const client = server.connect();
    const path = '/b/n\u00e4chtlich';
    expect(await client.ask('backup', Buffer.from(path).toString('latin1'))).to.equal('OK');
    expect(server.durability.backups).to.deep.equal([path]);
    server.durability.rewriteError = new Error('/b is not empty');
    expect(await client.ask('backup', '/b')).to.equal('-ERR /b is not empty');
    expect(await client.ask('backup')).to.match(/^-ERR wrong number of arguments/);
    expect(await client.ask('backup', '/b', '/c')).to.match(/^-ERR wrong number of arguments/);
  });
});
