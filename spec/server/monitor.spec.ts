import { expect } from 'chai';
import { formatMonitorLine } from '../../lib/server/monitor.js';
import { requestOf } from './requests.js';

const CLIENT = { databaseNumber: 3, address: '127.0.0.1:60866' };

describe('server/monitor', () => {
  it('formatMonitorLine shows time, database, address and arguments', () => {
    expect(formatMonitorLine(1339518083007412, CLIENT, 'keys', requestOf('keys', '*', ''))).to.equal(
      '1339518083.007412 [3 127.0.0.1:60866] "keys" "*" ""',
    );
  });

  it('formatMonitorLine escapes what is no printable ASCII', () => {
    const line = formatMonitorLine(0, CLIENT, 'echo', requestOf('echo', 'a"b\\c\n\r\t\x07\b\0\x7f\xff~ z'));
    expect(line).to.match(/ "echo" "a\\"b\\\\c\\n\\r\\t\\a\\b\\x00\\x7f\\xff~ z"$/);
  });

  it('formatMonitorLine shows no secrets', () => {
    expect(formatMonitorLine(0, CLIENT, 'auth', requestOf('auth', 'user', 'secret'))).to.match(
      / "auth" "\(redacted\)" "\(redacted\)"$/,
    );
  });
});
