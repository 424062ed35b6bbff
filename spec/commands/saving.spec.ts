import { expect } from 'chai';
import { FakeServer } from './fake-server.js';

const IN_PROGRESS = '-ERR Background save already in progress';

describe('commands/saving', () => {
  it('SAVE answers when the data is written, or that it could not be', async () => {
    const server = new FakeServer();
    const client = server.connect();
    expect(await client.ask('save')).to.equal('OK');
    expect(server.durability.rewrites).to.equal(1);
    server.durability.rewriteError = new Error('disk full');
    expect(await client.ask('save')).to.equal('-ERR');
  });

  it('BGSAVE and BGREWRITEAOF answer at once, whatever comes of it', async () => {
    const server = new FakeServer();
    const client = server.connect();
    server.durability.rewriteError = new Error('disk full');
    expect(await client.ask('bgsave')).to.equal('Background saving started');
    expect(await client.ask('bgsave', 'SCHEDULE')).to.equal('Background saving started');
    expect(await client.ask('bgsave', 'foo')).to.equal('-ERR syntax error');
    expect(await client.ask('bgsave', 'schedule', 'x')).to.equal('-ERR syntax error');
    expect(await client.ask('bgrewriteaof')).to.equal('Background append only file rewriting started');
    expect(server.durability.rewrites).to.equal(3);
  });

  it('SAVE, BGSAVE and BGREWRITEAOF are refused while one of them is at work', async () => {
    const server = new FakeServer();
    const client = server.connect();
    server.durability.isSaving = true;
    expect(await client.ask('save')).to.equal(IN_PROGRESS);
    expect(await client.ask('bgsave')).to.equal(IN_PROGRESS);
    expect(await client.ask('bgsave', 'schedule')).to.equal(IN_PROGRESS);
    expect(await client.ask('bgrewriteaof')).to.equal('-ERR Background append only file rewriting already in progress');
    expect(server.durability.rewrites).to.equal(0);
  });

  it('LASTSAVE answers in seconds', async () => {
    const server = new FakeServer();
    server.durability.lastSaveMs = 1700000001999;
    expect(await server.connect().ask('lastsave')).to.equal(1700000001);
  });
});
