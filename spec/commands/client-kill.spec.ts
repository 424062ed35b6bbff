import { expect } from 'chai';
import type { FakeClient } from './fake-server.js';
import { FakeServer } from './fake-server.js';

function connectThree(): [FakeClient, FakeClient, FakeClient] {
  const server = new FakeServer();
  return [server.connect(), server.connect(), server.connect()];
}

describe('commands/client-kill', () => {
  it('CLIENT KILL address closes one connection, the own one after the reply', async () => {
    const [me, other, third] = connectThree();
    expect(await me.ask('client', 'kill', other.address)).to.equal('OK');
    expect([me, other, third].map((client) => client.isKilled)).to.deep.equal([false, true, false]);
    expect(await me.ask('client', 'kill', other.address)).to.equal('-ERR No such client');
    expect(await me.ask('client', 'kill', me.address)).to.equal('OK');
    expect(me).to.include({ isKilled: false, closesAfterReplies: true });
  });

  it('CLIENT KILL with options counts those that meet all of them', async () => {
    const [me, other, third] = connectThree();
    expect(await me.ask('client', 'kill', 'id', other.id, 'addr', third.address)).to.equal(0);
    expect(await me.ask('client', 'kill', 'ID', other.id, 'ADDR', other.address, 'user', 'default')).to.equal(1);
    expect(other.isKilled).to.equal(true);
    expect(await me.ask('client', 'kill', 'laddr', '1.2.3.4:5', 'type', 'normal')).to.equal(0);
    expect(await me.ask('client', 'kill', 'type', 'pubsub')).to.equal(0);
    expect(await me.ask('client', 'kill', 'type', 'normal', 'laddr', me.localAddress)).to.equal(1);
    expect(third.isKilled).to.equal(true);
  });

  it('CLIENT KILL spares who asks unless told otherwise', async () => {
    const [me, other, third] = connectThree();
    expect(await me.ask('client', 'kill', 'skipme', 'yes')).to.equal(2);
    expect([other.isKilled, third.isKilled, me.closesAfterReplies]).to.deep.equal([true, true, false]);
    expect(await me.ask('client', 'kill', 'SKIPME', 'no')).to.equal(1);
    expect(me.closesAfterReplies).to.equal(true);
  });

  const errors: [string[], string][] = [
    [['id', '10', 'wrong_arg'], 'ERR syntax error'],
    [['foo', 'bar'], 'ERR syntax error'],
    [['id', 'str'], 'ERR client-id should be greater than 0'],
    [['id', '0'], 'ERR client-id should be greater than 0'],
    [['id', '-1'], 'ERR client-id should be greater than 0'],
    [['type', 'wrong_type'], "ERR Unknown client type 'wrong_type'"],
    [['user', 'wrong_user'], "ERR No such user 'wrong_user'"],
    [['skipme', 'yes_or_no'], 'ERR syntax error'],
  ];
  for (const [words, error] of errors) {
    it(`CLIENT KILL ${words.join(' ')} is refused, and closes nothing`, async () => {
      const [me, other] = connectThree();
      expect(await me.ask('client', 'kill', ...words)).to.equal(`-${error}`);
      expect(other.isKilled).to.equal(false);
    });
  }
});
