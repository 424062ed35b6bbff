import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { ACL_CATEGORIES } from '../../lib/commands/acl-categories.js';
import { FakeServer } from './fake-server.js';

describe('commands/acl', () => {
  it('ACL WHOAMI, USERS, LIST and GETUSER know the default user', async () => {
    const client = new FakeServer().connect();
    expect(await client.ask('acl', 'whoami')).to.equal('default');
    expect(await client.ask('acl', 'users')).to.deep.equal(['default']);
    expect(await client.ask('acl', 'list')).to.deep.equal(['user default on nopass ~* &* +@all']);
    const rules = ['commands', '+@all', 'keys', '~*', 'channels', '&*', 'selectors', []];
    const expected = ['flags', ['on', 'nopass'], 'passwords', [], ...rules];
    expect(await client.ask('acl', 'getuser', 'default')).to.deep.equal(expected);
    expect(await client.ask('acl', 'getuser', 'somebody')).to.equal(null);
  });

  it('ACL LIST and GETUSER show the hash of the password, never itself', async () => {
    const client = new FakeServer({ requirepass: 'secret' }).connect();
    const hash = createHash('sha256').update('secret').digest('hex');
    expect(await client.ask('acl', 'list')).to.deep.equal([`user default on #${hash} ~* &* +@all`]);
    const user = (await client.ask('acl', 'getuser', 'default')) as unknown[];
    expect(user.slice(0, 4)).to.deep.equal(['flags', ['on'], 'passwords', [hash]]);
  });

  it('ACL CAT lists categories, and the commands of one', async () => {
    const client = new FakeServer().connect();
    expect(await client.ask('acl', 'cat')).to.deep.equal([...ACL_CATEGORIES]);
    expect(await client.ask('acl', 'cat', 'Dangerous')).to.include.members(['flushall', 'config|set', 'keys']);
    expect(await client.ask('acl', 'cat', 'dangerous')).to.not.include('get');
    expect(await client.ask('acl', 'cat', 'foo')).to.equal("-ERR Unknown category 'foo'");
  });

  it('ACL GENPASS makes as many hexadecimal digits as the bits need', async () => {
    const client = new FakeServer().connect();
    expect(await client.ask('acl', 'genpass')).to.match(/^[0-9a-f]{64}$/);
    expect(await client.ask('acl', 'genpass', 5)).to.match(/^[0-9a-f]{2}$/);
    expect(await client.ask('acl', 'genpass', 4096)).to.match(/^[0-9a-f]{1024}$/);
    for (const bits of [0, -1, 4097]) {
      expect(await client.ask('acl', 'genpass', bits)).to.match(
        /^-ERR ACL GENPASS argument must be the number of bits/,
      );
    }
    expect(await client.ask('acl', 'genpass', 'x')).to.equal('-ERR value is not an integer or out of range');
  });

  it('ACL SETUSER and its kin say that there are no other users', async () => {
    const client = new FakeServer().connect();
    for (const words of [
      ['setuser', 'x', 'on'],
      ['deluser', 'x'],
      ['save'],
      ['load'],
      ['log'],
      ['dryrun', 'x', 'get'],
    ]) {
      expect(await client.ask('acl', ...words), words[0]).to.match(/^-ERR ringkv has no users but the default one/);
    }
  });
});
