import { expect } from 'chai';
import { FakeServer } from './fake-server.js';

const CONTAINERS = ['acl', 'client', 'command', 'config', 'latency', 'memory', 'module', 'slowlog'];

describe('commands/help', () => {
  for (const container of CONTAINERS) {
    it(`${container.toUpperCase()} HELP names every subcommand, in Redis's shape`, async () => {
      const server = new FakeServer();
      const raw = String(await server.connect().askRaw(container, 'help'));
      const lines = raw.split('\r\n').slice(1, -1);
      expect(raw.split('\r\n')[0]).to.equal(`*${lines.length}`);
      expect(lines.every((line) => line.startsWith('+'))).to.equal(true);
      const name = container.toUpperCase();
      expect(lines[0]).to.equal(`+${name} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`);
      expect(lines.slice(-2)).to.deep.equal(['+HELP', '+    Prints this help.']);
      const usages = lines.slice(1).filter((line) => !line.startsWith('+ '));
      const named = new Set(usages.map((line) => line.slice(1).split(' ')[0].toLowerCase()));
      for (const sub of subcommandsOf(server, container)) {
        if (!REFUSED.has(`${container}|${sub}`)) expect([...named], sub).to.include(sub);
      }
    });
  }

  it('DEBUG HELP has the same shape', async () => {
    const reply = await new FakeServer({ 'enable-debug-command': 'yes' }).connect().ask('debug', 'help');
    expect(reply).to.include.members(['SLEEP <seconds>', 'HELP', '    Prints this help.']);
  });
});

/** What only says that it is not there. */
const REFUSED = new Set(['acl|deluser', 'acl|dryrun', 'acl|load', 'acl|log', 'acl|save', 'acl|setuser']);

function subcommandsOf(server: FakeServer, container: string): string[] {
  const command = server.commandNamed(container);
  if (command === undefined || !('subcommands' in command)) throw new Error(`${container} holds nothing`);
  return command.subcommands.map((sub) => sub.name);
}
