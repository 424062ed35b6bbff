import { expect } from 'chai';
import { RecentSlowCommands } from '../../lib/server/slow-log.js';
import { requestOf } from './requests.js';

const ME = { address: '127.0.0.1:5', name: 'me', lastCommand: 'set' };

function argsOf(command: string, ...words: string[]): string[] {
  const log = new RecentSlowCommands();
  log.add(requestOf(...words), { ...ME, lastCommand: command }, 0, 1, 10);
  return log.entries(1)[0].args.map((argument) => argument.toString('latin1'));
}

describe('server/slow-log', () => {
  it('RecentSlowCommands keeps the newest, numbered from 0', () => {
    const log = new RecentSlowCommands();
    for (let i = 0; i < 5; i++) log.add(requestOf('set', `k${i}`, 'v'), ME, 1700000000999 + i, 10.6, 3);
    expect(log.length).to.equal(3);
    expect(log.entries(2)).to.deep.equal([
      {
        id: 4,
        atSeconds: 1700000001,
        durationUs: 11,
        args: ['set', 'k4', 'v'].map((word) => Buffer.from(word)),
        clientAddress: '127.0.0.1:5',
        clientName: 'me',
      },
      {
        id: 3,
        atSeconds: 1700000001,
        durationUs: 11,
        args: ['set', 'k3', 'v'].map((word) => Buffer.from(word)),
        clientAddress: '127.0.0.1:5',
        clientName: 'me',
      },
    ]);
    expect(log.entries(100)).to.have.length(3);
    log.trim(1);
    expect(log.entries(100).map(({ id }) => id)).to.deep.equal([4]);
    log.reset();
    expect(log.length).to.equal(0);
    log.add(requestOf('set', 'k', 'v'), ME, 0, 1, 3);
    expect(log.entries(1)[0].id).to.equal(5);
  });

  it('RecentSlowCommands keeps nothing where nothing is to be kept', () => {
    const log = new RecentSlowCommands();
    log.add(requestOf('ping'), ME, 0, 1, 0);
    expect(log.length).to.equal(0);
  });

  it('RecentSlowCommands copies the arguments', () => {
    const log = new RecentSlowCommands();
    const request = requestOf('get', 'key');
    log.add(request, ME, 0, 1, 3);
    request.buffer.fill(0xee);
    expect(String(log.entries(1)[0].args[1])).to.equal('key');
  });

  it('RecentSlowCommands shortens long arguments', () => {
    expect(argsOf('set', 'set', 'k', 'A'.repeat(128))[2]).to.equal('A'.repeat(128));
    expect(argsOf('set', 'set', 'k', 'A'.repeat(129))[2]).to.equal(`${'A'.repeat(128)}... (1 more bytes)`);
  });

  it('RecentSlowCommands shortens long requests', () => {
    const words = Array.from({ length: 33 }, (_, i) => `a${i}`);
    expect(argsOf('del', ...words.slice(0, 32))).to.deep.equal(words.slice(0, 32));
    expect(argsOf('del', ...words)).to.deep.equal([...words.slice(0, 31), '... (2 more arguments)']);
  });

  it('RecentSlowCommands keeps no secrets', () => {
    expect(argsOf('auth', 'auth', 'secret')).to.deep.equal(['auth', '(redacted)']);
    expect(argsOf('config|set', 'config', 'set', 'requirepass', 'secret', 'port', '1')).to.deep.equal([
      'config',
      'set',
      'requirepass',
      '(redacted)',
      'port',
      '1',
    ]);
  });
});
