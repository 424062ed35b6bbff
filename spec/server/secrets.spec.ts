import { expect } from 'chai';
import { isSecret } from '../../lib/server/secrets.js';
import { requestOf } from './requests.js';

/** The request with `*` for what is secret. */
function shown(command: string, request: string): string {
  const words = request.split(' ');
  const args = requestOf(...words);
  return words.map((word, i) => (isSecret(command, args, i) ? '*' : word)).join(' ');
}

describe('server/secrets', () => {
  const cases: [command: string, request: string, shown: string][] = [
    ['auth', 'auth password', 'auth *'],
    ['auth', 'a1 user password', 'a1 * *'],
    ['hello', 'hello', 'hello'],
    ['hello', 'HELLO 3 AUTH user password SETNAME me', 'HELLO 3 AUTH * * SETNAME me'],
    ['hello', 'hello 3 setname auth auth auth auth', 'hello 3 setname auth * * *'],
    ['acl|setuser', 'acl setuser bob on >password', 'acl setuser * * *'],
    [
      'config|set',
      'config set requirepass x maxmemory 5 MASTERAUTH y',
      'config set requirepass * maxmemory 5 MASTERAUTH *',
    ],
    ['config|set', 'config set maxmemory requirepass maxclients 5', 'config set maxmemory requirepass maxclients 5'],
    ['config|get', 'config get requirepass', 'config get requirepass'],
    ['set', 'set auth password', 'set auth password'],
  ];
  for (const [command, request, expected] of cases) {
    it(`isSecret shows '${request}' as '${expected}'`, () => {
      expect(shown(command, request)).to.equal(expected);
    });
  }
});
