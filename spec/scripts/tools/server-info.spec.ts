import { expect } from 'chai';
import { ServerInfo } from '../../../scripts/tools/server-info.js';

describe('ServerInfo', () => {
  const info = new ServerInfo('# Loop\r\nloop_turns:12\r\nmode:a:b\r\nempty:\r\n\r\n');

  it('finds numbers and texts by field', () => {
    expect(info.number('loop_turns')).to.equal(12);
    expect(info.text('mode')).to.equal('a:b');
  });

  it('refuses a field that is missing or no number', () => {
    expect(() => info.text('# Loop')).to.throw("a field '# Loop'");
    expect(() => info.number('mode')).to.throw("found 'a:b'");
    expect(() => info.number('empty')).to.throw("found ''");
  });
});
